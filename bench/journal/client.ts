// Writes and reads values at edges, on connections that are kept.

import { Agent, request } from "node:http";

export interface Answered {
  /** 0 where nothing came. */
  readonly status: number;
  readonly text: string;
}

export interface ValueClient {
  put(at: { readonly edge: number; readonly path: string }, value: string): Promise<Answered>;
  get(at: { readonly edge: number; readonly path: string }): Promise<Answered>;
  close(): void;
}

const DEADLINE_MS = 10_000;

export function createValueClient(edges: readonly { readonly url: string }[], host: string): ValueClient {
  const agent = new Agent({ keepAlive: true, timeout: 2000, scheduling: "lifo" });
  const ask = (
    { edge, path }: { readonly edge: number; readonly path: string },
    value: string | null,
  ): Promise<Answered> =>
    new Promise((resolve) => {
      const sent = request(`${edges[edge]?.url}${path}`, {
        ...{ agent, method: value === null ? "GET" : "PUT", timeout: DEADLINE_MS },
        headers: { host, ...(value === null ? {} : { "content-length": Buffer.byteLength(value) }) },
      });
      sent.on("timeout", () => sent.destroy());
      sent.on("error", () => resolve({ status: 0, text: "" }));
      sent.on("response", (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (piece: string) => {
          text += piece;
        });
        answer.on("error", () => resolve({ status: 0, text: "" }));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      sent.end(value ?? undefined);
    });
  return { put: ask, get: (at) => ask(at, null), close: () => agent.destroy() };
}
