// One request of an outside client, and what became of it.

import { Agent, request } from "node:http";
import { readStated, type Stated } from "./versioned-content.ts";

export interface Exchange {
  /** The edge's number, 0 first. */
  readonly edge: number;
  readonly path: string;
  /** When it should have been sent, was about to be, and had ended: the client's clock, milliseconds. */
  readonly scheduledAt: number;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly outcome: ExchangeOutcome;
}

export type ExchangeOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly cacheStatus: string;
      /** Seconds. */
      readonly age: number | null;
      /** Null where the origin did not make it. */
      readonly stated: Stated | null;
    }
  /** The connection could not be had, or broke. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Nothing came, or not all of it, by the client's deadline. */
  | { readonly kind: "silent" };

export interface OutsideClient {
  ask(asked: Pick<Exchange, "edge" | "path" | "scheduledAt">): Promise<Exchange>;
  close(): void;
}

export interface OutsideClientOptions {
  readonly edges: readonly { readonly url: string }[];
  readonly host: string;
  readonly deadlineMs: number;
}

/** Below what servers wait for the next request: none is sent on a connection that is just being closed. */
const IDLE_MS = 2000;

/** On connections that are kept; never rejects, and never sends twice. */
export function createOutsideClient({ edges, host, deadlineMs }: OutsideClientOptions): OutsideClient {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS, scheduling: "lifo" });
  return {
    async ask(asked) {
      const sentAt = performance.now();
      const url = `${edges[asked.edge]?.url}${asked.path}`;
      const outcome = await outcomeOf(url, { agent, host, deadlineMs });
      return { ...asked, sentAt, endedAt: performance.now(), outcome };
    },
    close: () => agent.destroy(),
  };
}

function outcomeOf(
  url: string,
  given: { agent: Agent; host: string; deadlineMs: number },
): Promise<ExchangeOutcome> {
  return new Promise((resolve) => {
    const sent = request(url, { agent: given.agent, headers: { host: given.host } });
    const timer = setTimeout(() => {
      resolve({ kind: "silent" });
      sent.destroy();
    }, given.deadlineMs);
    const end = (outcome: ExchangeOutcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const fail = (error: NodeJS.ErrnoException): void =>
      end({ kind: "failed", reason: error.code ?? error.message });
    sent.on("error", fail);
    sent.on("response", (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        body += piece;
      });
      answer.on("error", fail);
      answer.on("end", () =>
        end({
          kind: "answered",
          status: answer.statusCode ?? 0,
          cacheStatus: String(answer.headers["cache-status"] ?? ""),
          age: answer.headers.age === undefined ? null : Number(answer.headers.age),
          stated: readStated(body),
        }),
      );
    });
    sent.end();
  });
}
