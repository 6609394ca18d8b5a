// One request of an outside client, and what became of it.

import { Agent, request } from "node:http";
import { readStated, type Stated } from "./versioned-content.ts";
import { readWritten, type Written } from "./written-values.ts";

export interface Asked {
  /** The edge's number, 0 first. */
  readonly edge: number;
  readonly path: string;
  /** When it should have been sent: the client's clock, milliseconds. */
  readonly scheduledAt: number;
  /** GET where it is left out. */
  readonly method?: "GET" | "PUT";
  readonly body?: string;
}

export interface Exchange extends Asked {
  /** When it was about to be sent, to the edge that it was sent to last, and when it had ended. */
  readonly sentAt: number;
  readonly endedAt: number;
  /** The edge that would not have it, before it was sent to the one named above; null = nobody refused it. */
  readonly refusedBy: number | null;
  readonly outcome: ExchangeOutcome;
}

export type ExchangeOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly cacheStatus: string;
      /** Seconds. */
      readonly age: number | null;
      /** Of the body. */
      readonly octets: number;
      /** Null where the origin did not make it. */
      readonly stated: Stated | null;
      /** Where a client made it. */
      readonly written?: Written;
    }
  /** The connection could not be had, or broke; `begun`: when part of an answer had come. */
  | { readonly kind: "failed"; readonly reason: string; readonly begun: boolean }
  /** Nothing came, or not all of it, by the client's deadline. */
  | { readonly kind: "silent" };

export interface OutsideClient {
  ask(asked: Asked): Promise<Exchange>;
  close(): void;
}

export interface OutsideClientOptions {
  readonly edges: readonly { readonly url: string }[];
  readonly host: string;
  readonly deadlineMs: number;
  /**
   * What a load balancer does for the users of a CDN: an edge that refuses the connection, or breaks it before any of
   * its answer has come, is passed over for the next one, once.
   */
  readonly failOver?: boolean;
}

/** Below what servers wait for the next request: none is sent on a connection that is just being closed. */
const IDLE_MS = 2000;

/** On connections that are kept; never rejects, and never sends twice unless it fails over. */
export function createOutsideClient(options: OutsideClientOptions): OutsideClient {
  const { edges, host, deadlineMs, failOver = false } = options;
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS, scheduling: "lifo" });
  const send = async (asked: Asked, refusedBy: number | null): Promise<Exchange> => {
    const sentAt = performance.now();
    const url = `${edges[asked.edge]?.url}${asked.path}`;
    const outcome = await outcomeOf({ ...asked, url }, { agent, host, deadlineMs });
    return { ...asked, sentAt, endedAt: performance.now(), refusedBy, outcome };
  };
  return {
    async ask(asked) {
      const first = await send(asked, null);
      if (!failOver || edges.length < 2 || !isRefusal(first.outcome)) return first;
      return send({ ...asked, edge: (asked.edge + 1) % edges.length }, asked.edge);
    },
    close: () => agent.destroy(),
  };
}

const REFUSALS = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE"]);

const isRefusal = (outcome: ExchangeOutcome): boolean =>
  outcome.kind === "failed" && !outcome.begun && REFUSALS.has(outcome.reason);

function outcomeOf(
  asked: Pick<Asked, "method" | "body"> & { url: string },
  given: { agent: Agent; host: string; deadlineMs: number },
): Promise<ExchangeOutcome> {
  const { method = "GET", body: sentBody } = asked;
  const length = sentBody === undefined ? {} : { "content-length": Buffer.byteLength(sentBody) };
  return new Promise((resolve) => {
    const headers = { host: given.host, ...length };
    const sent = request(asked.url, { agent: given.agent, method, headers });
    let isOver = false;
    const end = (outcome: ExchangeOutcome): void => {
      isOver = true;
      clearTimeout(timer);
      resolve(outcome);
    };
    const giveUp = (): void => {
      if (isOver) return;
      end({ kind: "silent" });
      sent.destroy();
    };
    // Where this process was held up itself, what has come meanwhile is read first: whoever sent it was not silent.
    const timer = setTimeout(() => setImmediate(giveUp), given.deadlineMs);
    let begun = false;
    const fail = (error: NodeJS.ErrnoException): void =>
      end({ kind: "failed", reason: error.code ?? error.message, begun });
    sent.on("error", fail);
    sent.on("response", (answer) => {
      begun = true;
      let body = "";
      answer.setEncoding("latin1");
      answer.on("data", (piece: string) => {
        body += piece;
      });
      answer.on("error", fail);
      answer.on("end", () => {
        const written = readWritten(body);
        end({
          kind: "answered",
          status: answer.statusCode ?? 0,
          cacheStatus: String(answer.headers["cache-status"] ?? ""),
          age: answer.headers.age === undefined ? null : Number(answer.headers.age),
          octets: body.length,
          stated: readStated(body),
          ...(written !== null && { written }),
        });
      });
    });
    sent.end(sentBody);
  });
}
