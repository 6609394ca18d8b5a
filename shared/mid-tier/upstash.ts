// Redis over Upstash's REST interface: one HTTP call a run, a deadline on every call, failure as a value.

import { Redis as UpstashRedis } from "@upstash/redis/cloudflare";
import type { Millis } from "../core/units.ts";
import type { CommandReply, Redis, RedisArgument, RedisOutcome, RedisReply } from "../ports/redis.ts";

export interface UpstashConfig {
  readonly url: string;
  readonly token: string;
}

interface PipelineItem {
  readonly result?: RedisReply;
  readonly error?: string;
}

/** Of a text that is sent again and again: the JSON of a long script costs more to make than all the rest of a call. */
const ready = new Map<RedisArgument, unknown>();

/** Scripts are parts of the program, so there are never more than so many. */
const READY_SCRIPTS = 256;

/** As `JSON.stringify` wants it: the script as JSON that is copied (ECMA-262, `JSON.rawJSON`), where the runtime can. */
function sendable(command: readonly RedisArgument[]): readonly unknown[] {
  const [name, script, ...rest] = command;
  if (name !== "EVAL" || script === undefined || rawJson === undefined) return command;
  let json = ready.get(script);
  if (json === undefined) {
    if (ready.size >= READY_SCRIPTS) ready.clear();
    json = rawJson(JSON.stringify(script));
    ready.set(script, json);
  }
  return [name, json, ...rest];
}

const { rawJSON: rawJson } = JSON as { readonly rawJSON?: (text: string) => unknown };

/** The client has no method for a raw pipeline (nor for WAIT): this gives it one. */
class RawUpstash extends UpstashRedis {
  pipelineOf(commands: readonly (readonly RedisArgument[])[], deadline: Millis): Promise<unknown> {
    return this.client.request({
      path: ["pipeline"],
      body: commands.map(sendable),
      // A plain signal that fires makes the client answer with a value: a fake miss. A function makes it throw.
      signal: () => AbortSignal.timeout(deadline),
    } as unknown as Parameters<typeof this.client.request>[0]);
  }
}

/**
 * Not auto-pipelined: at module scope that would mix different requests' commands in one fetch.
 * Not retried: a lost reply would apply a command twice.
 */
export function upstashRedis({ url, token }: UpstashConfig): Redis {
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
        return readReplies(await client.pipelineOf(commands, deadline), commands.length);
      } catch (error) {
        // The client's error text may hold the values that were sent: only its kind is told.
        return { kind: "unavailable", reason: error instanceof Error ? error.name : "unknown" };
      }
    },
  };
}

function readReplies(items: unknown, expected: number): RedisOutcome {
  if (!Array.isArray(items) || items.length !== expected)
    return { kind: "unavailable", reason: "malformed reply" };
  const replies = (items as PipelineItem[]).map((item): CommandReply => {
    if (typeof item.error === "string") return { kind: "error", message: item.error };
    return { kind: "reply", reply: item.result ?? null };
  });
  const loading = replies.some(
    (reply) => reply.kind === "error" && /^(LOADING|MASTERDOWN|READONLY)/.test(reply.message),
  );
  return loading ? { kind: "unavailable", reason: "loading" } : { kind: "replies", replies };
}
