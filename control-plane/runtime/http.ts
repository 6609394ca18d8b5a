// Calls to edges over the runtime's fetch: a deadline on each, failure as a value.

import type { HttpCalls } from "../edges/call-edge.ts";

export const runtimeHttp: HttpCalls = {
  async send({ method, url, headers, body }, deadline) {
    const signal = AbortSignal.timeout(deadline);
    try {
      const response = await fetch(url, { method, headers, body, signal, redirect: "manual" });
      return { kind: "answer", status: response.status, text: await response.text() };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { kind: "unreachable", reason: signal.aborted ? "timeout" : "refused" };
    }
  },
};
