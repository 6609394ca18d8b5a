// Redis over Upstash's REST interface: one HTTP call a run, a deadline on every call, failure as a value.

import { Redis as UpstashRedis } from "@upstash/redis/cloudflare";
import { Remembered } from "../core/remembered.ts";
import type { CommandReply, Redis, RedisArgument, RedisOutcome, RedisReply } from "../ports/redis.ts";
import { abortedAt, within } from "../runtime/deadline.ts";

export interface UpstashConfig {
  readonly url: string;
  readonly token: string;
  /**
   * What becomes of a call at its deadline: it is aborted; or it is given up, and ends with the request that it was
   * made for, as in Workers all I/O does. There a signal costs several times what a timer does.
   */
  readonly late?: "aborted" | "given up";
}

interface PipelineItem {
  readonly result?: RedisReply;
  readonly error?: string;
}

/** To make the JSON of a long script costs more than all the rest of a call; there are only as many as the program has. */
const ready = new Remembered<unknown>({ characters: 1_048_576, longest: 65_536 });

const { rawJSON: rawJson } = JSON as { readonly rawJSON?: (text: string) => unknown };

/** As `JSON.stringify` wants it: the script as JSON that is copied (ECMA-262, `JSON.rawJSON`), where the runtime can. */
function sendable(command: readonly RedisArgument[]): readonly unknown[] {
  const [name, script, ...rest] = command;
  if (name !== "EVAL" || typeof script !== "string" || rawJson === undefined) return command;
  return [name, ready.of(script, (text) => rawJson(JSON.stringify(text))), ...rest];
}

/** The client has no method for a raw pipeline (nor for WAIT): this gives it one. */
class RawUpstash extends UpstashRedis {
  pipelineOf(commands: readonly (readonly RedisArgument[])[], signal: AbortSignal | null): Promise<unknown> {
    const call = { path: ["pipeline"], body: commands.map(sendable) };
    // A plain signal that fires makes the client answer with a value: a fake miss. A function makes it throw.
    return this.client.request(
      (signal === null ? call : { ...call, signal: () => signal }) as unknown as Parameters<
        typeof this.client.request
      >[0],
    );
  }
}

/**
 * Not auto-pipelined: at module scope that would mix different requests' commands in one fetch.
 * Not retried: a lost reply would apply a command twice.
 */
export function upstashRedis({ url, token, late = "aborted" }: UpstashConfig): Redis {
  const client = new RawUpstash({
    url,
    token,
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    // All that is stored is text, bodies as base64; encoding replies again would only cost.
    responseEncoding: false,
    retry: { retries: 0 },
  });
  return {
    async run(commands, deadline): Promise<RedisOutcome> {
      try {
        const reply =
          late === "aborted"
            ? abortedAt(deadline, (signal) => client.pipelineOf(commands, signal))
            : within(deadline, client.pipelineOf(commands, null));
        return readReplies(await reply, commands.length);
      } catch (error) {
        return { kind: "unavailable", reason: reasonOf(error) };
      }
    },
  };
}

/** What a database says to whoever shows it a wrong token, or one that may too little. */
const REFUSES = /^(?:WRONGPASS|NOAUTH|NOPERM)\b/;

/** The client's error text may hold the values that were sent: only its kind is told, or that the token is refused. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const [code] = REFUSES.exec(error.message) ?? [];
  return code === undefined ? error.name : `${code}, the token is refused`;
}

export function readReplies(items: unknown, expected: number): RedisOutcome {
  if (!Array.isArray(items) || items.length !== expected)
    return { kind: "unavailable", reason: "malformed reply" };
  const replies = (items as PipelineItem[]).map((item): CommandReply => {
    if (typeof item.error === "string") return { kind: "error", message: item.error };
    return { kind: "reply", reply: item.result ?? null };
  });
  const loading = replies.some(
    (reply) => reply.kind === "error" && /^(LOADING|MASTERDOWN)/.test(reply.message),
  );
  return loading ? { kind: "unavailable", reason: "loading" } : { kind: "replies", replies };
}
