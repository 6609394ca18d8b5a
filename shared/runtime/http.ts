// Calls inside the cluster over the runtime's fetch.

import type { HttpCalls } from "../ports/http.ts";

export const runtimeHttp: HttpCalls = {
  async send({ method, url, headers, body }, deadline) {
    const signal = AbortSignal.timeout(deadline);
    try {
      const response = await fetch(url, { method, headers, body, signal, redirect: "manual" });
      const header = (name: string): string | null => response.headers.get(name);
      return { kind: "answer", status: response.status, text: await response.text(), header };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { kind: "unreachable", reason: signal.aborted ? "timeout" : "refused" };
    }
  },
};
