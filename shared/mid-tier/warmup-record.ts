// A warm-up as its hash in Redis says it.

import type { HeaderList } from "../core/headers.ts";
import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import type { WarmMessage } from "../wire/internal.ts";
import { parseJson } from "../wire/json.ts";
import { warmupErrorsKey, warmupKey } from "./keys.ts";
import { millisecondsOf, type ScriptReply, scriptReply } from "./script.ts";

/** `listing`: sitemaps and manifests are being read, and nothing is fetched yet. */
export type WarmupState = "listing" | "running" | "done" | "cancelled";

export interface WarmupError {
  readonly url: string;
  /** Empty where no edge has to do with it. */
  readonly edge: string;
  readonly reason: string;
}

export interface Warmup {
  readonly id: string;
  readonly site: string;
  readonly actor: string;
  /** Null warms every edge that is listed when a batch is sent. */
  readonly edges: readonly string[] | null;
  /** What is to hold the answers: the edges' memory and with it the mid-tier, or only the mid-tier's shards. */
  readonly into: WarmMessage["into"];
  readonly ratePerSecond: number;
  readonly concurrency: number;
  /** What every URL is asked for with, in turn; none: as it is. */
  readonly variants: readonly HeaderList[];
  readonly state: WarmupState;
  /** URLs, and targets: as many again for each variant but the first. */
  readonly listed: number;
  readonly total: number;
  /** What sitemaps and manifests named that can't be warmed, they themselves included where they can't be read. */
  readonly refused: number;
  /** Sitemaps and manifests known, and of these read to their end. */
  readonly documents: { readonly found: number; readonly read: number };
  /** Targets that had their turn. */
  readonly cursor: number;
  /** Of these, left for later so far. */
  readonly later: number;
  readonly done: number;
  readonly failed: number;
  /** Answers that caches may not keep. */
  readonly skipped: number;
  readonly errors: readonly WarmupError[];
  /** Redis TIME, milliseconds: accepted, begun to fetch, ended, and now. */
  readonly at: number;
  readonly began: number;
  readonly finishedAt: number | null;
  readonly now: number;
}

export type WarmupOutcome =
  | { readonly kind: "warmup"; readonly warmup: Warmup }
  | { readonly kind: "absent" }
  | Unavailable;

/** One outcome for each, in their order. */
export async function readWarmups(
  redis: Redis,
  deadline: Millis,
  ids: readonly string[],
): Promise<readonly WarmupOutcome[]> {
  if (ids.length === 0) return [];
  const commands = ids.flatMap((id) => [
    ["HGETALL", warmupKey(id)],
    ["LRANGE", warmupErrorsKey(id), 0, -1],
  ]);
  const outcome = await redis.run([["TIME"], ...commands], deadline);
  const time = scriptReply(outcome);
  return ids.map((id, index): WarmupOutcome => {
    const [job, errors] = [1, 2].map((nth) => scriptReply(outcome, index * 2 + nth));
    if (!isRead(job) || !isRead(errors) || !isRead(time))
      return { kind: "unavailable", reason: "the warm-up could not be read" };
    const warmup = warmupIn(id, { job: job.strings, errors: errors.strings, time: time.strings });
    return warmup === null ? { kind: "absent" } : { kind: "warmup", warmup };
  });
}

const isRead = (reply: ScriptReply | undefined): reply is ScriptReply & { kind: "strings" } =>
  reply?.kind === "strings";

type Parts = Readonly<Record<"job" | "errors" | "time", readonly string[]>>;

function warmupIn(id: string, parts: Parts): Warmup | null {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < parts.job.length; i += 2) fields.set(parts.job[i] ?? "", parts.job[i + 1] ?? "");
  const state = fields.get("state");
  if (!isState(state)) return null;
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  const edges = parseJson(fields.get("edges") ?? "null");
  return {
    ...{ id, state },
    site: fields.get("site") ?? "",
    actor: fields.get("actor") ?? "",
    edges: Array.isArray(edges) ? edges.map(String) : null,
    into: fields.get("into") === "shards" ? "shards" : "edges",
    ratePerSecond: number("rate"),
    concurrency: number("concurrency"),
    // Written by us alone.
    variants: (parseJson(fields.get("variants") ?? "[]") ?? []) as readonly HeaderList[],
    ...{ listed: number("listed"), total: number("total"), refused: number("refused") },
    documents: { found: number("found"), read: number("read") },
    ...{ cursor: number("cursor"), later: number("later") },
    ...{ done: number("done"), failed: number("failed"), skipped: number("skipped") },
    errors: parts.errors.flatMap((text) => (parseJson(text) as WarmupError | null) ?? []),
    ...{ at: number("at"), began: fields.has("began") ? number("began") : number("at") },
    finishedAt: fields.has("finished") ? number("finished") : null,
    now: millisecondsOf(parts.time),
  };
}

const STATES: readonly string[] = ["listing", "running", "done", "cancelled"] satisfies WarmupState[];
const isState = (text: string | undefined): text is WarmupState => STATES.includes(text ?? "");
