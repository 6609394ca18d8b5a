// Warm-ups as Redis keeps them, so that another isolate can go on where one stopped.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { encodeTarget } from "../wire/warm-target.ts";
import {
  WARMUPS,
  WARMUPS_ALL,
  WARMUPS_COUNT,
  warmupDocumentsKey,
  warmupErrorsKey,
  warmupKey,
  warmupLaterKey,
  warmupSeenKey,
  warmupUrlsKey,
} from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import ADVANCE_WARMUP from "./scripts/advance-warmup.lua";
import CANCEL_WARMUP from "./scripts/cancel-warmup.lua";
import CREATE_WARMUP from "./scripts/create-warmup.lua";
import EXTEND_WARMUP from "./scripts/extend-warmup.lua";
import { readWarmups, type Warmup, type WarmupError, type WarmupOutcome } from "./warmup-record.ts";

export interface NewWarmup
  extends Pick<Warmup, "id" | "site" | "actor" | "edges" | "into" | "ratePerSecond" | "concurrency"> {
  /** The same id with another digest is a conflict. */
  readonly requestDigest: string;
  /** Targets as texts; with variants, URLs alone. */
  readonly urls: readonly string[];
  readonly variants?: Warmup["variants"];
  /** What is to be read before anything is fetched. */
  readonly documents?: readonly NamedDocument[];
  /** Where there are more than go on at once, those begin first that were begun until so much later. */
  readonly behind: Millis;
}

/** One that was seen under this name is not read again. `text` is for whoever reads it. */
export interface NamedDocument {
  readonly name: string;
  readonly text: string;
}

/** What one document told, or one page of it. */
export interface Extension {
  /** As `document` gave it. */
  readonly read: string;
  /** What is to be read of it yet: next, or once all others have been. */
  readonly next: string | null;
  readonly again: string | null;
  readonly documents: readonly NamedDocument[];
  readonly urls: readonly string[];
  /** How many could not be taken, and why, as far as that is told. */
  readonly refused: number;
  readonly errors: readonly WarmupError[];
}

/** What became of the targets from one place to another. */
export interface WarmupProgress {
  readonly from: number;
  readonly to: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** Targets that are to have another turn, behind all others. */
  readonly later: readonly string[];
  readonly errors: readonly WarmupError[];
}

/** What is next of a warm-up: some targets, or fewer where Redis has lost them. `to` is where they end. */
export interface Turn {
  readonly kind: "turn";
  readonly targets: readonly string[];
  readonly to: number;
}

export interface WarmupPage {
  readonly kind: "page";
  readonly warmups: readonly Warmup[];
  /** Where the next page begins; null at the end. */
  readonly next: number | null;
}

type Standing = { readonly kind: "listing" | "running" | "over" } | Unavailable;

export interface Warmups {
  create(warmup: NewWarmup): Promise<{ readonly kind: "created" | "exists" | "conflict" } | Unavailable>;
  read(id: string): Promise<WarmupOutcome>;
  /** Newest first, from below a place on. */
  list(below: number | null, most: number): Promise<WarmupPage | Unavailable>;
  /** Oldest first, but for those that stand behind others. */
  open(most: number): Promise<{ readonly kind: "open"; readonly ids: readonly string[] } | Unavailable>;
  /** The document that is to be read next; null where there is none any more. */
  document(id: string): Promise<{ readonly kind: "document"; readonly text: string | null } | Unavailable>;
  extend(warmup: Warmup, extension: Extension): Promise<Standing>;
  turn(warmup: Warmup, most: number): Promise<Turn | Unavailable>;
  /** `running` where there is more to do for the caller. */
  advance(id: string, progress: WarmupProgress): Promise<Standing>;
  cancel(id: string): Promise<{ readonly kind: "ended" | "absent" } | Unavailable>;
}

export interface WarmupLimits {
  readonly deadline: Millis;
  readonly kept: Millis;
  readonly errors: number;
  /** Warm-ups that are listed. */
  readonly remembered: number;
  /** Targets of one; sitemaps and manifests of one. */
  readonly targets: number;
  readonly documents: number;
}

export function createWarmups(redis: Redis, limits: WarmupLimits): Warmups {
  const { deadline } = limits;
  const run = async (command: readonly RedisArgument[]) => scriptReply(await redis.run([command], deadline));
  const standing = async (command: readonly RedisArgument[]): Promise<Standing> => {
    const reply = await run(command);
    if (reply.kind === "unavailable") return reply;
    const [state] = reply.strings;
    return { kind: state === "running" || state === "listing" ? state : "over" };
  };
  return {
    async create(warmup) {
      const reply = await run(createCommand(warmup, limits));
      if (reply.kind === "unavailable") return reply;
      const [kind] = reply.strings;
      return { kind: kind === "exists" || kind === "conflict" ? kind : "created" };
    },
    async read(id) {
      const [outcome] = await readWarmups(redis, deadline, [id]);
      return outcome ?? { kind: "absent" };
    },
    list: (below, most) => listWarmups(redis, deadline, { below, most }),
    async open(most) {
      const reply = await run(["ZRANGE", WARMUPS, 0, most - 1]);
      return reply.kind === "unavailable" ? reply : { kind: "open", ids: reply.strings };
    },
    async document(id) {
      const reply = await run(["LRANGE", warmupDocumentsKey(id), 0, 0]);
      return reply.kind === "unavailable" ? reply : { kind: "document", text: reply.strings[0] ?? null };
    },
    extend: (warmup, extension) => standing(extendCommand(warmup, extension, limits)),
    turn: (warmup, most) => nextTurn(redis, deadline, { warmup, most }),
    advance: (id, progress) => standing(advanceCommand(id, progress, limits)),
    async cancel(id) {
      const held = [warmupUrlsKey, warmupDocumentsKey, warmupSeenKey, warmupLaterKey].map((key) => key(id));
      const reply = await run(evalCommand(CANCEL_WARMUP, [warmupKey(id), WARMUPS, ...held], [id]));
      if (reply.kind === "unavailable") return reply;
      return { kind: reply.strings[0] === "absent" ? "absent" : "ended" };
    },
  };
}

function createCommand(warmup: NewWarmup, limits: WarmupLimits): readonly RedisArgument[] {
  const { id, requestDigest, urls, variants = [], documents = [], behind } = warmup;
  const fields = [
    ["site", warmup.site],
    ["actor", warmup.actor],
    ["edges", JSON.stringify(warmup.edges)],
    ["into", warmup.into],
    ["rate", warmup.ratePerSecond],
    ["concurrency", warmup.concurrency],
    ["variants", JSON.stringify(variants)],
  ] as const;
  const own = [warmupDocumentsKey(id), warmupSeenKey(id)];
  const keys = [warmupKey(id), warmupUrlsKey(id), WARMUPS, ...own, WARMUPS_ALL, WARMUPS_COUNT];
  const counts = [variants.length, fields.length, documents.length];
  const head = [id, requestDigest, limits.kept, behind, limits.remembered, ...counts];
  return evalCommand(CREATE_WARMUP, keys, [...head, ...fields.flat(), ...documents.flatMap(pairOf), ...urls]);
}

const pairOf = ({ name, text }: NamedDocument): [string, string] => [name, text];

function extendCommand(
  { id, variants }: Warmup,
  extension: Extension,
  limits: WarmupLimits,
): readonly RedisArgument[] {
  const { read, next, again, documents, urls, refused, errors } = extension;
  const most = Math.floor(limits.targets / Math.max(1, variants.length));
  const leftOut = (reason: string): string => JSON.stringify({ url: "", edge: "", reason });
  const keys = [
    ...[warmupKey(id), warmupUrlsKey(id), WARMUPS],
    ...[warmupDocumentsKey(id), warmupSeenKey(id), warmupErrorsKey(id)],
  ];
  return evalCommand(EXTEND_WARMUP, keys, [
    ...[id, read, next ?? "", again ?? "", limits.documents, most, variants.length],
    ...[refused, limits.errors],
    leftOut(`there are more than ${limits.documents} sitemaps: the others were left out`),
    leftOut(`there are more than ${most} URLs: the others were left out`),
    ...[documents.length, errors.length, ...documents.flatMap(pairOf)],
    ...[...errors.map((error) => JSON.stringify(error)), ...urls],
  ]);
}

function advanceCommand(
  id: string,
  { from, to, done, failed, skipped, later, errors }: WarmupProgress,
  limits: WarmupLimits,
): readonly RedisArgument[] {
  const keys = [warmupKey(id), warmupUrlsKey(id), warmupErrorsKey(id), WARMUPS, warmupLaterKey(id)];
  const head = [id, from, to, done, failed, skipped, limits.errors, errors.length];
  const said = errors.map((error) => JSON.stringify(error));
  return evalCommand(ADVANCE_WARMUP, keys, [...head, ...said, ...later]);
}

/** All URLs as one variant before any as the next: by then it is known what the answers vary by. */
async function nextTurn(
  redis: Redis,
  deadline: Millis,
  { warmup, most }: { readonly warmup: Warmup; readonly most: number },
): Promise<Turn | Unavailable> {
  const { id, cursor, total, listed, variants } = warmup;
  const isFirst = cursor < total && listed > 0;
  const at = isFirst ? cursor % listed : 0;
  const count = isFirst ? Math.min(most, listed - at, total - cursor) : most;
  const key = isFirst ? warmupUrlsKey(id) : warmupLaterKey(id);
  const reply = scriptReply(await redis.run([["LRANGE", key, at, at + count - 1]], deadline));
  if (reply.kind === "unavailable") return reply;
  const headers = isFirst ? variants[Math.floor(cursor / listed)] : undefined;
  const targets =
    headers === undefined ? reply.strings : reply.strings.map((url) => encodeTarget({ url, headers }));
  return { kind: "turn", targets, to: cursor + (isFirst ? count : targets.length) };
}

async function listWarmups(
  redis: Redis,
  deadline: Millis,
  { below, most }: { readonly below: number | null; readonly most: number },
): Promise<WarmupPage | Unavailable> {
  const highest = below === null ? "+inf" : `(${below}`;
  const range = ["ZREVRANGEBYSCORE", WARMUPS_ALL, highest, "-inf", "WITHSCORES", "LIMIT", 0, most];
  const reply = scriptReply(await redis.run([range], deadline));
  if (reply.kind === "unavailable") return reply;
  const ids = reply.strings.filter((_, index) => index % 2 === 0);
  const read = await readWarmups(redis, deadline, ids);
  const warmups: Warmup[] = [];
  for (const outcome of read) {
    if (outcome.kind === "unavailable") return outcome;
    // The list remembers them longer than they are kept.
    if (outcome.kind === "warmup") warmups.push(outcome.warmup);
  }
  return { kind: "page", warmups, next: ids.length < most ? null : Number(reply.strings.at(-1)) };
}
