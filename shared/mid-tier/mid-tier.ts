// The mid-tier over all its shards: where a key lives, who is asked when its home is silent, and who holds copies.

import { type MappedShard, placementOf, type ShardMap } from "../core/shard-map.ts";
import { elapsed, type Instant, type Millis, millis } from "../core/units.ts";
import { NOTHING_VARIES } from "../core/vary.ts";
import type { Clock } from "../ports/clock.ts";
import type { Digest } from "../ports/identity.ts";
import type { FillOutcome, FillQuery, Granted, MidTier, ReadOutcome, ReadQuery } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import type { ReadBy } from "./gathered.ts";
import type { KnownShards } from "./known-shards.ts";
import type { MissingCopies } from "./missing-copies.ts";
import { foundAt, newestOf, type PeekedAt, placesIn } from "./peeked.ts";
import {
  giveBack,
  peek,
  readOrLease,
  recordVerified,
  renew,
  type Shard,
  type ShardLimits,
  type ShardRead,
  type ShardTraffic,
  type Stored,
  seal,
  write,
} from "./shard.ts";

export interface MidTierConfig extends ShardLimits {
  /** Where left out, each read is a call of its own. */
  readonly readBy?: ReadBy;
  /** The databases that can be reached, by the ids that the map names them by. */
  readonly shards: ReadonlyMap<string, Redis>;
  /** The map in force. */
  readonly map: () => ShardMap;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly readDeadline: Millis;
  /** How long a shard may take while there is another one to ask instead. */
  readonly failoverAfter: Millis;
  /** Shards asked for one key, at most, until one answers. */
  readonly failoverTries: number;
  readonly traffic: (shard: string) => ShardTraffic;
  readonly missing: MissingCopies;
  readonly known: KnownShards;
  /** For so long after a change of the map, what the home lacks is looked for on the shards beside it. */
  readonly mapSettlesIn: Millis;
}

export function createMidTier(config: MidTierConfig): MidTier {
  return {
    read: (query) => read(config, query),
    fill: (query) => fill(config, query),
    async release({ key, token, marker, at }) {
      const shards = at.flatMap((id) => shardOf(config, id) ?? []);
      const given = await Promise.all(
        shards.map((shard) => giveBack(shard, { key, token, marker }, config.fillDeadline)),
      );
      return given.includes("unavailable") ? "unavailable" : "released";
    },
    async renew({ at, ...lease }) {
      const shard = shardOf(config, at);
      return shard === null ? "lost" : renew(shard, lease, config.readDeadline);
    },
    async verified({ shard: id, ...about }) {
      const shard = shardOf(config, id);
      if (shard !== null) await recordVerified(shard, about, config.fillDeadline);
    },
  };
}

/** Null where the map in force does not have it, or this deployment can't reach it. */
function shardOf(config: MidTierConfig, id: string): Shard | null {
  const map = config.map();
  const mapped = map.shards.find((shard) => shard.id === id);
  return mapped === undefined ? null : reachable(config, mapped, map);
}

function reachable({ shards }: MidTierConfig, { id, life }: MappedShard, map: ShardMap): Shard | null {
  const redis = shards.get(id);
  if (redis === undefined) return null;
  return { id, redis, map: map.version, life };
}

interface Asked {
  readonly shard: Shard;
  readonly outcome: Exclude<ShardRead, { kind: "unavailable" }>;
  /** When it was asked. */
  readonly at: Instant;
}

/** Shards that could not be asked for the key, and those of them that may have granted a lease all the same. */
interface PassedOver {
  readonly all: string[];
  readonly inDoubt: string[];
}

async function read(config: MidTierConfig, query: ReadQuery): Promise<ReadOutcome> {
  const map = config.map();
  const { readers, copies } = placementOf(map, { key: query.home, replicas: query.replicas });
  const passed: PassedOver = { all: [], inDoubt: [] };
  const asked = await askInOrder(config, query, { readers, map, passed });
  if (typeof asked === "string") return { kind: "unavailable", reason: asked, at: passed.inDoubt };
  const { shard, outcome } = asked;
  const known = [shard.id, ...passed.all];
  const beside = (list: readonly MappedShard[]): Shard[] =>
    list.flatMap((mapped) => (known.includes(mapped.id) ? [] : (reachable(config, mapped, map) ?? [])));
  const holders = [...readers.slice(0, 1), ...copies];
  const others = beside(holders);
  switch (outcome.kind) {
    case "hit":
      if (query.spread) await spread(config, query, { asked, stored: outcome.stored, others });
      return { kind: "hit", found: foundAt(shard, outcome.stored) };
    case "leased":
    case "absent":
      return lacking(config, query, {
        ...{ asked: { ...asked, outcome }, others, silent: passed.inDoubt },
        // What is to be spread may still be where its home was by an older map.
        further: query.spread ? beside(readers.filter((one) => !holders.includes(one))) : [],
      });
    default:
      return outcome;
  }
}

/** The first that answers; else why the last one did not. */
async function askInOrder(
  config: MidTierConfig,
  query: ReadQuery,
  given: { readonly readers: readonly MappedShard[]; readonly map: ShardMap; readonly passed: PassedOver },
): Promise<Asked | string> {
  let reason = "no shard";
  const tried = given.readers.slice(0, config.failoverTries);
  for (const [at, mapped] of tried.entries()) {
    const shard = reachable(config, mapped, given.map);
    if (shard === null) continue;
    const deadline = at < tried.length - 1 ? config.failoverAfter : config.readDeadline;
    const askedAt = config.clock.now();
    const outcome = await readOrLease(shard, query, readingOf(config, query, { shard, deadline }));
    if ("now" in outcome) config.known.heard(shard, outcome.now, config.clock);
    if (outcome.kind !== "unavailable") return { shard, outcome, at: askedAt };
    config.known.wasSilent(shard.id, config.clock.now());
    reason = outcome.reason;
    given.passed.all.push(shard.id);
    // A breaker that was open, or a shard that said no, leaves nothing to be given back.
    if (outcome.undone !== true) given.passed.inDoubt.push(shard.id);
    // Whoever goes by an older map may not go by it to the next shard either.
    if (reason === "outdated") return reason;
  }
  return reason;
}

const readingOf = (
  { digest, traffic, readBy }: MidTierConfig,
  query: ReadQuery,
  { shard, deadline }: { readonly shard: Shard; readonly deadline: Millis },
) => ({ redis: readBy?.(shard, query) ?? shard.redis, digest, traffic: traffic(shard.id), deadline });

type Lacking = Asked & { readonly outcome: Extract<ShardRead, { kind: "leased" | "absent" }> };

type Beside = {
  readonly asked: Lacking;
  /** Those that are to hold copies. */
  readonly others: readonly Shard[];
  /** Those that hold one only by an older map. */
  readonly further: readonly Shard[];
  readonly silent: readonly string[];
};

/**
 * What the shard asked lacks another may hold, where the map has changed lately or the shard was silent; else the
 * others would be asked for no more than their clocks, and those that were heard lately need not be.
 */
function lacking(
  config: MidTierConfig,
  query: ReadQuery,
  { asked, others, further, silent }: Beside,
): Promise<ReadOutcome> {
  const { known, clock, mapSettlesIn } = config;
  const { shard, outcome } = asked;
  const settled = outcome.settled >= mapSettlesIn && !known.silentLately(shard.id, clock.now());
  if (!settled || query.spread)
    return lookBeside(config, query, { asked, others, further, silent, dated: [] });
  if (outcome.kind === "absent") return Promise.resolve({ kind: "absent" });
  const clocks = others.map((other) => ({ other, now: known.clockOf(other, clock) }));
  const dated = clocks.flatMap(({ other, now }) => (now === null ? [] : [{ shard: other.id, now }]));
  const unheard = clocks.flatMap(({ other, now }) => (now === null ? [other] : []));
  return lookBeside(config, query, { asked, others: unheard, further, silent, dated });
}

async function lookBeside(
  config: MidTierConfig,
  query: ReadQuery,
  { asked, others, further, silent, dated }: Beside & { readonly dated: Granted["copies"] },
): Promise<ReadOutcome> {
  const { shard, outcome } = asked;
  const peeked = await peekAll(config, query, [...others, ...further]);
  const varies = peeked.find(({ peek }) => peek.kind === "varies")?.peek;
  const told = placesIn(peeked.filter(({ shard: of }) => others.includes(of)));
  const granted: Granted = { shard: shard.id, copies: [...dated, ...told], silent };
  if (varies?.kind === "varies") {
    if (query.lease !== null)
      await giveBack(shard, { key: query.key, token: query.lease.token, marker: null }, config.fillDeadline);
    return varies;
  }
  // Whoever has found one unusable asks for the right: two shards that hold different ones would lead him in circles.
  const newest = query.not === null ? newestOf(peeked) : null;
  if (newest === null) return outcome.kind === "leased" ? { kind: "leased", granted } : { kind: "absent" };
  await repair(config, query, { asked, stored: newest.stored });
  if (query.spread) await spread(config, query, { asked, stored: newest.stored, others });
  // Its residence was counted within this call, and the caller adds all of that.
  return { kind: "hit", found: foundAt(newest.shard, newest.stored) };
}

const peekAll = (config: MidTierConfig, query: ReadQuery, shards: readonly Shard[]): Promise<PeekedAt[]> =>
  Promise.all(
    shards.map(async (shard) => {
      const deadline = config.failoverAfter;
      const peeked = await peek(shard, query.key, readingOf(config, query, { shard, deadline }));
      if (peeked.kind !== "unavailable") config.known.heard(shard, peeked.now, config.clock);
      return { shard, peek: peeked };
    }),
  );

/** The home gets back what it has lost. */
async function repair(
  config: MidTierConfig,
  query: ReadQuery,
  { asked, stored }: { readonly asked: Asked; readonly stored: Stored },
): Promise<void> {
  if (query.lease === null) return;
  // The other's count was made after the lease was granted, so it is not less than the age was then.
  const lease = { token: query.lease.token, leaseKey: query.key, age: stored.residence };
  await writeStored(config, query, { shard: asked.shard, stored, by: { kind: "lease", ...lease } });
}

/** Everybody who should hold the answer gets it, where they hold none or an older one. */
async function spread(
  config: MidTierConfig,
  query: ReadQuery,
  given: { readonly asked: Asked; readonly stored: Stored; readonly others: readonly Shard[] },
): Promise<void> {
  const { asked, stored, others } = given;
  const peeked = await peekAll(config, query, others);
  const age = millis(stored.residence + elapsed(asked.at, config.clock.now()));
  await Promise.all(
    peeked.map(async ({ shard, peek }) => {
      if (peek.kind === "unavailable" || (peek.kind === "hit" && peek.stored.answer.id === stored.answer.id))
        return;
      await writeStored(config, query, { shard, stored, by: { kind: "copy", now: peek.now, age } });
    }),
  );
}

async function writeStored(
  config: MidTierConfig,
  query: ReadQuery,
  given: { readonly shard: Shard; readonly stored: Stored; readonly by: Parameters<typeof write>[1]["by"] },
): Promise<void> {
  const { shard, stored, by } = given;
  const { answer, body, verifiedTo, left } = stored;
  const sealed = await seal(config.digest, { answer, body });
  const mark = { ...NOTHING_VARIES, names: answer.vary.map(([name]) => name) };
  const place = { key: query.key, primary: query.home, mark, budget: query.budget };
  await write(shard, { ...place, answer, body, verifiedTo, keepFor: left, by }, { sealed, limits: config });
}

async function fill(config: MidTierConfig, query: FillQuery): Promise<FillOutcome> {
  const { missing, clock } = config;
  const { key, answer, granted, token, leaseKey, keepFor } = query;
  const sealed = await seal(config.digest, query);
  const with_ = { sealed, limits: config };
  const { asOf, selectors } = answer;
  const verifiedTo = asOf;
  const home = shardOf(config, granted.shard);
  if (home === null) return { kind: "unavailable", reason: "no shard" };
  const none = millis(0);
  const [outcome] = await Promise.all([
    write(home, { ...query, verifiedTo, by: { kind: "lease", token, leaseKey, age: none } }, with_),
    ...granted.copies.map(async ({ shard: id, now }) => {
      const shard = shardOf(config, id);
      if (shard === null) return;
      const copied = await write(
        shard,
        { ...query, verifiedTo, by: { kind: "copy", now, age: none } },
        with_,
      );
      if (copied.kind !== "unavailable") missing.made(id, key);
      else missing.missed(id, { key, asOf, selectors }, { now: clock.now(), keepFor });
    }),
  ]);
  return outcome;
}
