// Warm-ups as Redis keeps them, so that another isolate can go on where one stopped.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import type { WarmMessage } from "../wire/internal.ts";
import { parseJson } from "../wire/json.ts";
import { WARMUPS, warmupErrorsKey, warmupKey, warmupUrlsKey } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import ADVANCE_WARMUP from "./scripts/advance-warmup.lua";
import CANCEL_WARMUP from "./scripts/cancel-warmup.lua";
import CREATE_WARMUP from "./scripts/create-warmup.lua";

export interface NewWarmup {
  readonly id: string;
  /** The same id with another digest is a conflict. */
  readonly requestDigest: string;
  readonly site: string;
  readonly actor: string;
  /** Null warms every edge that is listed when a batch is sent. */
  readonly edges: readonly string[] | null;
  /** What is to hold the answers: the edges' memory and with it the mid-tier, or only the mid-tier's shards. */
  readonly into: WarmMessage["into"];
  readonly ratePerSecond: number;
  readonly concurrency: number;
  readonly urls: readonly string[];
  /** Where there are more than go on at once, those begin first that were begun until so much later. */
  readonly behind: Millis;
}

export type WarmupState = "running" | "done" | "cancelled";

export interface WarmupError {
  readonly url: string;
  readonly edge: string;
  readonly reason: string;
}

export interface Warmup extends Omit<NewWarmup, "urls" | "requestDigest" | "behind"> {
  readonly state: WarmupState;
  readonly total: number;
  /** URLs that are behind us: done, failed and skipped. */
  readonly cursor: number;
  readonly done: number;
  readonly failed: number;
  /** Answers that caches may not keep. */
  readonly skipped: number;
  readonly errors: readonly WarmupError[];
  /** Redis TIME, milliseconds: begun, ended, and now. */
  readonly at: number;
  readonly finishedAt: number | null;
  readonly now: number;
}

export type WarmupOutcome =
  | { readonly kind: "warmup"; readonly warmup: Warmup }
  | { readonly kind: "absent" }
  | Unavailable;

/** What became of the URLs from one place of the list to another. */
export interface WarmupProgress {
  readonly from: number;
  readonly to: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly errors: readonly WarmupError[];
}

export interface Warmups {
  create(warmup: NewWarmup): Promise<{ readonly kind: "created" | "exists" | "conflict" } | Unavailable>;
  read(id: string): Promise<WarmupOutcome>;
  /** Oldest first, but for those that stand behind others. */
  open(most: number): Promise<{ readonly kind: "open"; readonly ids: readonly string[] } | Unavailable>;
  urls(
    id: string,
    from: number,
    count: number,
  ): Promise<{ readonly kind: "urls"; readonly urls: readonly string[] } | Unavailable>;
  /** `running` where there is more to do for the caller. */
  advance(id: string, progress: WarmupProgress): Promise<{ readonly kind: "running" | "over" } | Unavailable>;
  cancel(id: string): Promise<{ readonly kind: "ended" | "absent" } | Unavailable>;
}

export interface WarmupLimits {
  readonly deadline: Millis;
  readonly kept: Millis;
  readonly errors: number;
}

export function createWarmups(redis: Redis, limits: WarmupLimits): Warmups {
  const run = async (command: readonly RedisArgument[]) =>
    scriptReply(await redis.run([command], limits.deadline));
  return {
    async create(warmup) {
      const reply = await run(createCommand(warmup, limits));
      if (reply.kind === "unavailable") return reply;
      const [kind] = reply.strings;
      return { kind: kind === "exists" || kind === "conflict" ? kind : "created" };
    },
    read: (id) => readWarmup(redis, limits.deadline, id),
    async open(most) {
      const reply = await run(["ZRANGE", WARMUPS, 0, most - 1]);
      return reply.kind === "unavailable" ? reply : { kind: "open", ids: reply.strings };
    },
    async urls(id, from, count) {
      const reply = await run(["LRANGE", warmupUrlsKey(id), from, from + count - 1]);
      return reply.kind === "unavailable" ? reply : { kind: "urls", urls: reply.strings };
    },
    async advance(id, progress) {
      const { from, to, done, failed, skipped, errors } = progress;
      const keys = [warmupKey(id), warmupUrlsKey(id), warmupErrorsKey(id), WARMUPS];
      const said = errors.map((error) => JSON.stringify(error));
      const args = [id, from, to, done, failed, skipped, limits.errors, ...said];
      const reply = await run(evalCommand(ADVANCE_WARMUP, keys, args));
      if (reply.kind === "unavailable") return reply;
      return { kind: reply.strings[0] === "running" ? "running" : "over" };
    },
    async cancel(id) {
      const keys = [warmupKey(id), warmupUrlsKey(id), WARMUPS];
      const reply = await run(evalCommand(CANCEL_WARMUP, keys, [id]));
      if (reply.kind === "unavailable") return reply;
      return { kind: reply.strings[0] === "absent" ? "absent" : "ended" };
    },
  };
}

function createCommand(warmup: NewWarmup, limits: WarmupLimits): readonly RedisArgument[] {
  const { id, requestDigest, urls } = warmup;
  const fields = [
    ["site", warmup.site],
    ["actor", warmup.actor],
    ["edges", JSON.stringify(warmup.edges)],
    ["into", warmup.into],
    ["rate", warmup.ratePerSecond],
    ["concurrency", warmup.concurrency],
  ] as const;
  const keys = [warmupKey(id), warmupUrlsKey(id), WARMUPS];
  const head = [id, requestDigest, limits.kept, warmup.behind, fields.length];
  return evalCommand(CREATE_WARMUP, keys, [...head, ...fields.flat(), ...urls]);
}

async function readWarmup(redis: Redis, deadline: Millis, id: string): Promise<WarmupOutcome> {
  const commands = [["HGETALL", warmupKey(id)], ["LRANGE", warmupErrorsKey(id), 0, -1], ["TIME"]];
  const outcome = await redis.run(commands, deadline);
  const [job, errors, time] = [0, 1, 2].map((index) => scriptReply(outcome, index));
  if (job?.kind !== "strings" || errors?.kind !== "strings" || time?.kind !== "strings")
    return { kind: "unavailable", reason: "the warm-up could not be read" };
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < job.strings.length; i += 2)
    fields.set(job.strings[i] ?? "", job.strings[i + 1] ?? "");
  const state = fields.get("state");
  if (state !== "running" && state !== "done" && state !== "cancelled") return { kind: "absent" };
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  const edges = parseJson(fields.get("edges") ?? "null");
  const warmup: Warmup = {
    id,
    state,
    site: fields.get("site") ?? "",
    actor: fields.get("actor") ?? "",
    edges: Array.isArray(edges) ? edges.map(String) : null,
    into: fields.get("into") === "shards" ? "shards" : "edges",
    ratePerSecond: number("rate"),
    concurrency: number("concurrency"),
    total: number("total"),
    cursor: number("cursor"),
    done: number("done"),
    failed: number("failed"),
    skipped: number("skipped"),
    errors: errors.strings.flatMap((text) => (parseJson(text) as WarmupError | null) ?? []),
    at: number("at"),
    finishedAt: fields.has("finished") ? number("finished") : null,
    now: Number(time.strings[0]) * 1000 + Math.floor(Number(time.strings[1]) / 1000),
  };
  return { kind: "warmup", warmup };
}
