// Calls inside the cluster over the runtime's fetch.

import { type Bytes, mebibytes } from "../core/units.ts";
import type { HttpCalls } from "../ports/http.ts";
import { abortedAt } from "./deadline.ts";

/** Above every answer of ours. Whether it is ours shows its signature, and that only when it has been read. */
const LARGEST: Bytes = mebibytes(8);

export const runtimeHttp: HttpCalls = {
  async send({ method, url, headers, body }, deadline) {
    try {
      return await abortedAt(deadline, async (signal) => {
        const response = await fetch(url, { method, headers, body, signal, redirect: "manual" });
        const header = (name: string): string | null => response.headers.get(name);
        const text = await textOf(response);
        if (text === null) return { kind: "unreachable", reason: "too-large" } as const;
        return { kind: "answer", status: response.status, text, header } as const;
      });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { kind: "unreachable", reason: error.name === "TimeoutError" ? "timeout" : "refused" };
    }
  },
};

/** Null where it is larger than allowed; the rest is not waited for. */
async function textOf(response: Response): Promise<string | null> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  // Leaving the loop cancels the stream.
  for await (const piece of response.body) {
    length += piece.byteLength;
    if (length > LARGEST) return null;
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}
