// Answers and leases on the shards: values are verified on the way in, and an outage is never an absence.

import type { Millis } from "../core/units.ts";
import { millis } from "../core/units.ts";
import { formatMark, parseMark } from "../core/vary.ts";
import type { Digest } from "../ports/identity.ts";
import type { FillOutcome, FillQuery, L2Answer, MidTier, ReadOutcome, ReadQuery } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { decodeAnswer, encodeAnswer } from "../wire/stored-answer.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { answerKey, leaseKey, variantsKey } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import FILL from "./scripts/fill.lua";
import READ_OR_LEASE from "./scripts/read-or-lease.lua";
import RELEASE from "./scripts/release.lua";
import VERIFIED from "./scripts/verified.lua";

export interface Shard {
  readonly id: string;
  readonly redis: Redis;
}

export interface ShardTraffic {
  hits: number;
  misses: number;
  /** Values found damaged or foreign, discarded and never served. */
  corrupt: number;
}

export interface MidTierConfig {
  /** Which shard holds a key; today's one database answers for all of them. */
  shardOf(digest: string): Shard;
  readonly digest: Digest;
  readonly readDeadline: Millis;
  readonly fillDeadline: Millis;
  /** Variants of one resource by Vary at most: beyond them the one that expires first gives way. */
  readonly variantsPerKey: number;
  readonly traffic: (shard: string) => ShardTraffic;
}

export function createMidTier(config: MidTierConfig): MidTier {
  return {
    read: (query) => read(config, query),
    fill: (query) => fill(config, query),
    async release({ key, token, marker }) {
      const command = evalCommand(RELEASE, [leaseKey(key)], [token, marker?.for ?? 0, marker?.kind ?? ""]);
      await config.shardOf(key).redis.run([command], config.fillDeadline);
    },
    async verified({ key, id, position }) {
      const command = evalCommand(VERIFIED, [answerKey(key)], [id, position.epoch, position.seq]);
      await config.shardOf(key).redis.run([command], config.fillDeadline);
    },
  };
}

async function read(config: MidTierConfig, query: ReadQuery): Promise<ReadOutcome> {
  const shard = config.shardOf(query.key);
  const { need, asOf, lease } = query;
  const args = [
    need.epoch,
    need.seq,
    asOf.epoch,
    asOf.seq,
    lease?.token ?? "",
    lease?.duration ?? 0,
    query.not ?? "",
  ];
  const command = evalCommand(READ_OR_LEASE, [answerKey(query.key), leaseKey(query.key)], args);
  const reply = scriptReply(await shard.redis.run([command], config.readDeadline));
  if (reply.kind === "unavailable") return reply;
  const [kind, ...rest] = reply.strings;
  const traffic = config.traffic(shard.id);
  if (kind === "hit") {
    const found = await readAnswer(config.digest, rest);
    if (found !== null) {
      traffic.hits += 1;
      return { kind: "hit", found };
    }
    traffic.corrupt += 1;
    // Passed over by its id, and replaced by the next fill.
    return query.not === null ? read(config, { ...query, not: rest[0] ?? "" }) : { kind: "absent" };
  }
  if (kind !== "varies") traffic.misses += 1;
  if (rest[0] === "1" && (kind === "leased" || kind === "absent")) traffic.corrupt += 1;
  return readStanding(kind, rest);
}

function readStanding(kind: string | undefined, rest: readonly string[]): ReadOutcome {
  switch (kind) {
    case "varies":
      return { kind: "varies", mark: parseMark(rest[0] ?? "") };
    case "taken":
      return { kind: "taken", remaining: millis(Number(rest[0])) };
    case "leased":
    case "absent":
    case "uncacheable":
    case "failing":
      return { kind };
    default:
      return { kind: "unavailable", reason: "malformed reply" };
  }
}

/** `id, verified epoch, verified seq, residence, record, body, digest`; null where any of it is damaged. */
async function readAnswer(digest: Digest, fields: readonly string[]): Promise<L2Answer | null> {
  const [id, epochText, seqText, residence, record = "", body = "", expected] = fields;
  const bytes = decodeBase64(body);
  if (bytes === null || (await digest.sha256Base64([record, bytes])) !== expected) return null;
  const answer = decodeAnswer(record);
  const [epoch, seq] = [Number(epochText), Number(seqText)];
  if (answer === null || answer.id !== id || answer.length !== bytes.length) return null;
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq)) return null;
  return { answer, body: bytes, verifiedTo: { epoch, seq }, residence: millis(Number(residence)) };
}

async function fill(config: MidTierConfig, query: FillQuery): Promise<FillOutcome> {
  const { answer, body } = query;
  const record = encodeAnswer(answer);
  const digest = await config.digest.sha256Base64([record, body]);
  const { key, leaseKey: leased, primary } = query;
  const keys = [answerKey(key), leaseKey(leased), answerKey(primary), variantsKey(primary)];
  const command = evalCommand(FILL, keys, [
    query.token,
    answer.id,
    answer.asOf.epoch,
    answer.asOf.seq,
    Math.max(1, Math.floor(query.keepFor)),
    record,
    encodeBase64(body),
    digest,
    formatMark(query.mark),
    config.variantsPerKey,
  ]);
  const reply = scriptReply(await config.shardOf(query.key).redis.run([command], config.fillDeadline));
  if (reply.kind === "unavailable") return reply;
  return reply.strings[0] === "stored"
    ? { kind: "stored", displaced: Number(reply.strings[1] ?? 0) }
    : { kind: "refused", reason: reply.strings[1] ?? "unknown" };
}
