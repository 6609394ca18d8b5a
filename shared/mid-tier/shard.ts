// One shard: answers and leases in one database. Values are verified on the way in, and an outage is never an absence.

import { type Millis, millis } from "../core/units.ts";
import { formatMark, parseMark, type VaryMark } from "../core/vary.ts";
import type { Digest } from "../ports/identity.ts";
import type {
  FillOutcome,
  FillQuery,
  L2Answer,
  LeaseMarker,
  ReadQuery,
  RenewQuery,
  Unavailable,
} from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { decodeAnswer, encodeAnswer } from "../wire/stored-answer.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { answerKey, leaseKey, QUEUES, queueKey, SHARD, variantsKey } from "./keys.ts";
import { settledFor } from "./known-shards.ts";
import { SHARD_PRELUDE } from "./preludes.ts";
import { compact, compactScript, evalCommand, type ScriptReply, scriptReply } from "./script.ts";
import BUDGET_PRELUDE from "./scripts/budget-prelude.lua";
import fillScript from "./scripts/fill.lua";
import peekScript from "./scripts/peek.lua";
import readOrLeaseScript from "./scripts/read-or-lease.lua";
import releaseScript from "./scripts/release.lua";
import renewScript from "./scripts/renew.lua";
import VERIFIED from "./scripts/verified.lua";

// Joined once: a text joined anew at each call is hashed anew by whoever looks it up.
const FILL = SHARD_PRELUDE + compact(BUDGET_PRELUDE) + compactScript(fillScript);
const PEEK = SHARD_PRELUDE + compactScript(peekScript);
const READ_OR_LEASE = SHARD_PRELUDE + compactScript(readOrLeaseScript);
const RELEASE = SHARD_PRELUDE + compactScript(releaseScript);
const RENEW = SHARD_PRELUDE + compactScript(renewScript);

/** A database as one version of the map sees it. */
export interface Shard {
  readonly id: string;
  readonly redis: Redis;
  /** 0 where no map is known: then nothing is asked of its lives. */
  readonly map: number;
  readonly life: number;
}

export interface ShardTraffic {
  hits: number;
  misses: number;
  /** Values found damaged or foreign, discarded and never served. */
  corrupt: number;
}

export interface ShardLimits {
  readonly fillDeadline: Millis;
  /** Variants of one resource by Vary at most: beyond them the one that expires first gives way. */
  readonly variantsPerKey: number;
}

/** An answer as a shard holds it, and for how much longer it keeps it. */
export interface Stored extends Omit<L2Answer, "shard"> {
  readonly left: Millis;
}

type LeaseMark = { readonly [Kind in LeaseMarker["kind"]]: { readonly kind: Kind } }[LeaseMarker["kind"]];

export type ShardRead =
  | { readonly kind: "hit"; readonly stored: Stored; readonly now: number }
  | { readonly kind: "varies"; readonly mark: VaryMark }
  /** `settled`: for how long the shard has known the map. */
  | { readonly kind: "absent" | "leased"; readonly settled: Millis; readonly now: number }
  | LeaseMark
  | { readonly kind: "taken"; readonly remaining: Millis }
  | Unavailable;

export type Peeked =
  | { readonly kind: "hit"; readonly stored: Stored; readonly now: number }
  | { readonly kind: "varies"; readonly mark: VaryMark; readonly now: number }
  /** `now`: by the shard's clock, milliseconds. */
  | { readonly kind: "nothing"; readonly now: number }
  | Unavailable;

export interface Reading {
  /** By which the shard is asked. */
  readonly redis: Redis;
  readonly digest: Digest;
  readonly traffic: ShardTraffic;
  readonly deadline: Millis;
}

const evalOn = (
  shard: Shard,
  script: string,
  { keys, args }: { readonly keys: readonly string[]; readonly args: readonly RedisArgument[] },
) => evalCommand(script, [...keys, SHARD], [...args, shard.map, shard.life]);

export async function readOrLease(shard: Shard, query: ReadQuery, reading: Reading): Promise<ShardRead> {
  const { need, asOf, lease } = query;
  const command = evalOn(shard, READ_OR_LEASE, {
    keys: [answerKey(query.key), leaseKey(query.key)],
    args: [
      ...[need.epoch, need.seq, asOf.epoch, asOf.seq],
      ...[lease?.token ?? "", lease?.duration ?? 0, query.not ?? "", lease?.patience ?? 0],
    ],
  });
  const reply = scriptReply(await reading.redis.run([command], reading.deadline));
  if (reply.kind === "unavailable") return reply;
  const [kind, ...rest] = reply.strings;
  const traffic = query.looking === true ? { ...NO_TRAFFIC } : reading.traffic;
  if (kind === "hit") {
    const stored = await readStored(reading.digest, rest);
    if (stored !== null) {
      traffic.hits += 1;
      return { kind, stored, now: Number(rest.at(-1)) };
    }
    traffic.corrupt += 1;
    // Passed over by its id, and replaced by the next fill.
    const not = rest[0] ?? "";
    return not === query.not ? MALFORMED : readOrLease(shard, { ...query, not }, reading);
  }
  if (kind !== "varies" && kind !== "stranger") traffic.misses += 1;
  if (rest[0] === "1" && (kind === "leased" || kind === "absent")) traffic.corrupt += 1;
  return readStanding(kind, rest);
}

function readStanding(kind: string | undefined, rest: readonly string[]): ShardRead {
  switch (kind) {
    case "varies":
      return { kind, mark: parseMark(rest[0] ?? "") };
    case "taken":
      return { kind, remaining: millis(Number(rest[0])) };
    case "leased":
    case "absent":
      return { kind, settled: settledFor(rest[1]), now: Number(rest[2]) };
    case "uncacheable":
    case "large":
    case "validated":
    case "failing":
      return { kind };
    case "stranger":
    case "outdated":
      return { kind: "unavailable", reason: kind, undone: true };
    default:
      return MALFORMED;
  }
}

const NO_TRAFFIC: ShardTraffic = { hits: 0, misses: 0, corrupt: 0 };
const MALFORMED: Unavailable = { kind: "unavailable", reason: "malformed reply" };

/** What a shard holds of a key whose home it is not. */
export async function peek(shard: Shard, key: string, reading: Reading): Promise<Peeked> {
  const command = evalOn(shard, PEEK, { keys: [answerKey(key)], args: [] });
  const reply = scriptReply(await reading.redis.run([command], reading.deadline));
  if (reply.kind === "unavailable") return reply;
  const [kind, ...rest] = reply.strings;
  const now = Number(rest.at(-1));
  if (kind === "stranger" || !Number.isSafeInteger(now))
    return { kind: "unavailable", reason: kind ?? "malformed reply" };
  if (kind === "varies") return { kind, mark: parseMark(rest[0] ?? ""), now };
  const stored = kind === "hit" ? await readStored(reading.digest, rest) : null;
  return stored === null ? { kind: "nothing", now } : { kind: "hit", stored, now };
}

/** `id, verified epoch, verified seq, residence, record, body, digest, left`; null where any of it is damaged. */
async function readStored(digest: Digest, fields: readonly string[]): Promise<Stored | null> {
  const [id, epochText, seqText, residence, record = "", body = "", expected, left] = fields;
  const bytes = decodeBase64(body);
  if (bytes === null || (await digest.sha256Base64([record, bytes])) !== expected) return null;
  const answer = decodeAnswer(record);
  const [epoch, seq] = [Number(epochText), Number(seqText)];
  if (answer === null || answer.id !== id || answer.length !== bytes.length) return null;
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq)) return null;
  const verifiedTo = { epoch, seq };
  return {
    answer,
    body: bytes,
    verifiedTo,
    residence: millis(Number(residence)),
    left: millis(Number(left)),
  };
}

/** What is written: as a lease's holder, or as a copy of what another shard holds. */
export type Writing = Pick<
  FillQuery,
  "key" | "primary" | "mark" | "answer" | "body" | "budget" | "keepFor"
> & {
  readonly verifiedTo: L2Answer["verifiedTo"];
  readonly by:
    | {
        readonly kind: "lease";
        readonly token: string;
        readonly leaseKey: string;
        /** How old it was when the lease was granted. */
        readonly age: Millis;
      }
    | {
        readonly kind: "copy";
        /** An instant of the shard's clock, and how old the answer was then at the least. */
        readonly now: number;
        readonly age: Millis;
      };
};

/** `record`, its base64 body and the digest over both: made once, however many shards are written. */
export interface Sealed {
  readonly record: string;
  readonly body: string;
  readonly digest: string;
}

export async function seal(
  digest: Digest,
  { answer, body }: Pick<FillQuery, "answer" | "body">,
): Promise<Sealed> {
  const record = encodeAnswer(answer);
  return { record, body: encodeBase64(body), digest: await digest.sha256Base64([record, body]) };
}

export async function write(
  shard: Shard,
  writing: Writing,
  { sealed, limits }: { readonly sealed: Sealed; readonly limits: ShardLimits },
): Promise<FillOutcome> {
  const { key, primary, answer, by, verifiedTo, budget } = writing;
  const [token, leased, now] = by.kind === "lease" ? [by.token, by.leaseKey, 0] : ["", key, by.now];
  const command = evalOn(shard, FILL, {
    keys: [
      ...[answerKey(key), leaseKey(leased), answerKey(primary), variantsKey(primary)],
      ...[queueKey(budget.class), QUEUES],
    ],
    args: [
      ...[token, answer.id, answer.asOf.epoch, answer.asOf.seq],
      Math.max(1, Math.floor(writing.keepFor)),
      ...[sealed.record, sealed.body, sealed.digest, formatMark(writing.mark), limits.variantsPerKey],
      ...[
        verifiedTo.epoch,
        verifiedTo.seq,
        now,
        Math.ceil(by.age),
        budget.class,
        budget.eviction,
        budget.bytes,
      ],
    ],
  });
  return readWritten(scriptReply(await shard.redis.run([command], limits.fillDeadline)));
}

function readWritten(reply: ScriptReply): FillOutcome {
  if (reply.kind === "unavailable") return reply;
  const [kind, detail] = reply.strings;
  if (kind === "stored") return { kind, displaced: Number(detail ?? 0) };
  if (detail === "stranger" || detail === "map") return { kind: "unavailable", reason: detail };
  if (detail === "size" || detail === "room") return { kind: "no-room", reason: detail };
  return { kind: "refused", reason: detail ?? "unknown" };
}

export async function giveBack(
  shard: Shard,
  { key, token, marker }: { key: string; token: string; marker: LeaseMarker | null },
  deadline: Millis,
): Promise<"released" | "unavailable"> {
  const args = [token, marker?.for ?? 0, marker?.kind ?? ""];
  const command = evalOn(shard, RELEASE, { keys: [leaseKey(key)], args });
  const { kind } = scriptReply(await shard.redis.run([command], deadline));
  return kind === "unavailable" ? kind : "released";
}

export async function renew(
  shard: Shard,
  { key, token, duration }: Omit<RenewQuery, "at">,
  deadline: Millis,
): Promise<"renewed" | "lost" | "unavailable"> {
  const command = evalOn(shard, RENEW, { keys: [leaseKey(key)], args: [token, duration] });
  const reply = scriptReply(await shard.redis.run([command], deadline));
  if (reply.kind === "unavailable") return reply.kind;
  return reply.strings[0] === "renewed" ? "renewed" : "lost";
}

export async function recordVerified(
  shard: Shard,
  { key, id, position }: { key: string; id: string; position: L2Answer["verifiedTo"] },
  deadline: Millis,
): Promise<void> {
  const command = evalCommand(VERIFIED, [answerKey(key)], [id, position.epoch, position.seq]);
  await shard.redis.run([command], deadline);
}
