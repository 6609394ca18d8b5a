// Several databases as one mid-tier: fail-over, copies, repair, lives and versions of the map.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Position } from "../../shared/core/position.ts";
import { type MappedShard, placementOf, type ShardMap } from "../../shared/core/shard-map.ts";
import type { StoredAnswer } from "../../shared/core/stored-answer.ts";
import { instant, millis } from "../../shared/core/units.ts";
import { NOTHING_VARIES, parseMark } from "../../shared/core/vary.ts";
import { KnownShards } from "../../shared/mid-tier/known-shards.ts";
import { lookForCopies } from "../../shared/mid-tier/look-for-copies.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import { MissingCopies } from "../../shared/mid-tier/missing-copies.ts";
import { admitShard, readShardStatus } from "../../shared/mid-tier/shard-admission.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Granted, MidTier, ReadOutcome, ReadQuery } from "../../shared/ports/mid-tier.ts";
import type { Redis, RedisOutcome } from "../../shared/ports/redis.ts";
import { systemDigest } from "../../shared/runtime/system.ts";
import { ROOMY } from "../support/one-shard.ts";
import { BACKENDS, replyTo, type startEmbeddedRest, type startServerRest } from "../support/redis-server.ts";
import { storedAnswer } from "../support/stored-answer.ts";

const EPOCH = 1000;
const at = (seq: number): Position => ({ epoch: EPOCH, seq });
const DEADLINE = millis(2000);
const BODY = new Uint8Array([1, 2, 3]) as Uint8Array<ArrayBuffer>;
const AWAY: RedisOutcome = { kind: "unavailable", reason: "away" };
const AWAY_DATABASE: Redis = { run: async () => AWAY };
const IDS = ["a", "b", "c"] as const;

const answerOf = (id: string, seq: number): StoredAnswer =>
  storedAnswer({ id, asOf: at(seq), length: BODY.length, class: "hot" });

describe.each(BACKENDS)("%s", (_name, start) => {
  type Rest = Awaited<ReturnType<typeof startServerRest>> | Awaited<ReturnType<typeof startEmbeddedRest>>;
  const rests: Rest[] = [];
  const real = new Map<string, Redis>();
  let away: Set<string>;
  let undone: boolean;
  let calls: string[];
  let map: ShardMap;
  let now = 0;
  const missing = new MissingCopies(2);

  const databases = new Map<string, Redis>(
    IDS.map((id) => [
      id,
      {
        async run(commands, deadline) {
          calls.push(id);
          if (away.has(id)) return undone ? { ...AWAY, undone: true } : AWAY;
          return (await real.get(id)?.run(commands, deadline)) ?? AWAY;
        },
      },
    ]),
  );
  const KNOWN = { clockRemembered: millis(60_000), silenceRemembered: millis(60_000) };
  const clockOf = (): Clock => ({
    ...{ now: () => instant(now), surely: () => instant(now), backwardSteps: () => 0, wall: () => now },
  });
  const midTierBy = (by: () => ShardMap, mapSettlesIn = millis(600_000), lacks = missing): MidTier =>
    createMidTier({
      known: new KnownShards(KNOWN),
      mapSettlesIn,
      shards: databases,
      map: by,
      digest: systemDigest,
      clock: clockOf(),
      readDeadline: DEADLINE,
      failoverAfter: DEADLINE,
      failoverTries: 3,
      fillDeadline: DEADLINE,
      variantsPerKey: 8,
      missing: lacks,
      traffic: () => ({ hits: 0, misses: 0, corrupt: 0 }),
    });
  const midTier = midTierBy(() => map);

  beforeAll(async () => {
    for (const id of IDS) {
      const rest = await start();
      rests.push(rest);
      real.set(id, rest.redis);
    }
  });
  afterAll(async () => {
    for (const rest of rests) await rest.stop();
  });
  beforeEach(async () => {
    away = new Set();
    undone = false;
    for (const id of IDS) await real.get(id)?.run([["FLUSHALL"]], DEADLINE);
    await becomes(1, ["serving", "serving", "serving"], IDS);
    calls = [];
    now = 0;
  });

  /** The next map, those named admitted to it. */
  async function becomes(
    version: number,
    states: readonly MappedShard["state"][],
    admitted: readonly string[],
  ) {
    const before = map;
    map = {
      version,
      shards: IDS.map((id, n) => ({
        id,
        weight: 1,
        state: states[n] ?? "serving",
        life: admitted.includes(id) ? version : (before.shards[n]?.life ?? 1),
      })),
    };
    for (const id of admitted) {
      const redis = real.get(id);
      if (redis !== undefined) await admitShard(redis, { id, version }, DEADLINE);
    }
  }

  const order = (key: string, replicas = 1): string[] =>
    placementOf(map, { key, replicas }).readers.map(({ id }) => id);
  const read = (key: string, more: Partial<ReadQuery> = {}, by: MidTier = midTier): Promise<ReadOutcome> =>
    by.read({
      ...{ key, home: key, replicas: 1, spread: false, need: at(0), asOf: at(5), not: null },
      budget: ROOMY,
      lease: { token: "mine", duration: millis(5000), patience: millis(0) },
      ...more,
    });
  const granted = (outcome: ReadOutcome): Granted => {
    if (outcome.kind !== "leased") throw new Error(outcome.kind);
    return outcome.granted;
  };
  const fill = (
    key: string,
    by: { granted: Granted; answer: StoredAnswer; home?: string; token?: string },
    through = midTier,
  ) =>
    through.fill({
      ...{ key, primary: by.home ?? key, leaseKey: key, mark: by.home ? parseMark("x") : NOTHING_VARIES },
      ...{
        token: by.token ?? "mine",
        granted: by.granted,
        budget: ROOMY,
        answer: by.answer,
        body: BODY,
        keepFor: millis(60_000),
      },
    });
  const grantedAt = async (id: string, key: string): Promise<number> =>
    Number(await replyTo(real.get(id) ?? AWAY_DATABASE, "HGET", `tg:a:${key}`, "at"));
  const found = (outcome: ReadOutcome): string | null =>
    outcome.kind === "hit" ? `${outcome.found.answer.id} from ${outcome.found.shard}` : outcome.kind;
  const fetched = async (key: string, replicas: number, answer: StoredAnswer): Promise<void> => {
    const leased = granted(await read(key, { replicas }));
    expect(await fill(key, { granted: leased, answer })).toMatchObject({ kind: "stored" });
  };

  test("each key has one home: a hit is one call, a miss two", async () => {
    const homes = new Set<string | undefined>();
    for (const key of ["k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8"]) {
      const [home] = order(key);
      homes.add(home);
      calls = [];
      await fetched(key, 1, answerOf("x", 5));
      expect(calls).toEqual([home, home]);
      calls = [];
      expect(found(await read(key))).toBe(`x from ${home}`);
      expect(calls).toEqual([home]);
    }
    expect(homes.size).toBe(3);
  });

  test("once the map has settled a miss costs one call more for each copy, as soon as its clock was heard", async () => {
    const settled = midTierBy(() => map, millis(0));
    const [home = "", copy = ""] = order("k", 2);
    // A key that lives where the copy will: whoever reads it hears that shard's clock.
    const there = ["k1", "k2", "k3", "k4", "k5", "k6"].find((key) => order(key)[0] === copy) ?? "";
    const [seconds, microseconds] = (await replyTo(real.get(copy) ?? AWAY_DATABASE, "TIME")) as string[];
    await read(there, {}, settled);
    calls = [];
    const leased = granted(await read("k", { replicas: 2 }, settled));
    expect(calls).toEqual([home]);
    await fill("k", { granted: leased, answer: answerOf("x", 5) }, settled);
    expect(calls.slice(1).sort()).toEqual([home, copy].sort());
    const [atHome, atCopy] = await Promise.all([home, copy].map((id) => grantedAt(id, "k")));
    // Nearly the same clock here: the copy is dated by it no later than its original.
    expect(atCopy).toBeLessThanOrEqual((atHome ?? 0) + 5);
    expect(atCopy).toBeGreaterThanOrEqual(Math.floor(1000 * Number(seconds) + Number(microseconds) / 1000));
  });

  test("a copy whose shard's clock was not heard lately, or in another life, is asked for it", async () => {
    const settled = midTierBy(() => map, millis(0));
    const [home, copy = ""] = order("k", 2);
    const there = ["k1", "k2", "k3", "k4", "k5", "k6"].find((key) => order(key)[0] === copy) ?? "";
    await read(there, {}, settled);
    now = KNOWN.clockRemembered + 1;
    calls = [];
    await read("k", { replicas: 2 }, settled);
    expect(calls).toEqual([home, copy]);
    await becomes(2, ["serving", "serving", "serving"], [copy]);
    calls = [];
    await read(
      "k",
      { replicas: 2, lease: { token: "other", duration: millis(5000), patience: millis(0) }, need: at(9) },
      settled,
    );
    expect(calls).toEqual([home, copy]);
  });

  test("what the home lacks is looked for on its copy while the map is new, and after the home was silent", async () => {
    const [home = "", copy] = order("k", 2);
    const [early, late] = [midTierBy(() => map), midTierBy(() => map, millis(0))];
    await fetched("k", 2, answerOf("x", 5));
    await real.get(home)?.run([["DEL", "tg:a:k"]], DEADLINE);
    const only = { replicas: 2, lease: null };
    expect(found(await read("k", only, late))).toBe("absent");
    expect(found(await read("k", only, early))).toBe(`x from ${copy}`);
    away.add(home);
    await read("k", only, late);
    away.clear();
    expect(found(await read("k", only, late))).toBe(`x from ${copy}`);
  });

  test("with two replicas a miss costs two calls more while the map is new, a hit none", async () => {
    const [home, copy] = order("k", 2);
    await fetched("k", 2, answerOf("x", 5));
    expect(calls).toHaveLength(4);
    calls = [];
    expect(found(await read("k", { replicas: 2 }))).toBe(`x from ${home}`);
    expect(calls).toEqual([home]);
    away.add(home ?? "");
    expect(found(await read("k", { replicas: 2 }))).toBe(`x from ${copy}`);
  });

  test("what the home has lost it gets back from the copy, no younger than it is", async () => {
    const [home = "", copy] = order("k", 2);
    await fetched("k", 2, answerOf("x", 5));
    await real.get(home)?.run([["DEL", "tg:a:k"]], DEADLINE);
    expect(found(await read("k", { replicas: 2 }))).toBe(`x from ${copy}`);
    calls = [];
    const begun = performance.now();
    const again = await read("k", { replicas: 2 });
    expect(found(again)).toBe(`x from ${home}`);
    expect(calls).toEqual([home]);
    away.add(home);
    const there = await read("k", { replicas: 2 });
    const between = performance.now() - begun;
    if (again.kind !== "hit" || there.kind !== "hit") throw new Error("no hits");
    expect(again.found.residence).toBeGreaterThanOrEqual(there.found.residence - between - 5);
    expect(again.found.verifiedTo).toEqual(at(5));
  });

  test("a shard that could not be given its copy lags behind until it gets it", async () => {
    const [home = "", copy = ""] = order("k", 2);
    const leased = granted(await read("k", { replicas: 2 }));
    away.add(copy);
    await fill("k", { granted: leased, answer: answerOf("x", 5) });
    now = 700;
    expect(missing.lag(copy, instant(now))).toBe(700);
    expect(missing.lag(home, instant(now))).toBe(0);
    away.clear();
    const again = granted(await read("k", { replicas: 2, not: "x" }));
    await fill("k", { granted: again, answer: answerOf("y", 6) });
    expect(missing.lag(copy, instant(now))).toBe(0);
  });

  describe("a copy that could not be made", () => {
    const limits = {
      copiesLookedFrom: millis(5000),
      copiesLookedEvery: millis(5000),
      copiesLookedAtOnce: 1,
    };
    let own: MissingCopies;
    let overs: Position[];
    const look = (over = false): Promise<void> =>
      lookForCopies(
        { missing: own, shards: databases, map: () => map, clock: clockOf(), deadline: DEADLINE, limits },
        ({ asOf }) => {
          overs.push(asOf);
          return over;
        },
      );
    /** The home has it, its copy was lost by `own`. */
    const lost = async (key: string, answer: StoredAnswer): Promise<string> => {
      const [, copy = ""] = order(key, 2);
      const leased = granted(await read(key, { replicas: 2 }));
      away.add(copy);
      await fill(
        key,
        { granted: leased, answer },
        midTierBy(() => map, millis(600_000), own),
      );
      away.clear();
      return copy;
    };
    const lag = (copy: string): number => own.lag(copy, instant(now));

    beforeEach(() => {
      own = new MissingCopies(8);
      overs = [];
    });

    test("is no longer missing when somebody else has made it", async () => {
      const copy = await lost("k", answerOf("x", 5));
      now = 6000;
      calls = [];
      await look();
      expect([lag(copy), calls]).toEqual([6000, [copy]]);
      const again = granted(await read("k", { replicas: 2, not: "x" }));
      await fill("k", { granted: again, answer: answerOf("y", 6) });
      calls = [];
      // A moment ago it was not there.
      await look();
      expect([lag(copy), calls]).toEqual([6000, []]);
      now = 11_000;
      await look();
      expect([lag(copy), calls]).toEqual([0, [copy]]);
      now = 17_000;
      await look();
      expect(calls).toEqual([copy]);
    });

    test("is missing still where an older one is there, or one of another life", async () => {
      const [, copy = ""] = order("k", 2);
      await fetched("k", 2, answerOf("x", 5));
      const leased = granted(await read("k", { replicas: 2, not: "x" }));
      away.add(copy);
      await fill(
        "k",
        { granted: leased, answer: answerOf("y", 6) },
        midTierBy(() => map, millis(600_000), own),
      );
      away.clear();
      now = 6000;
      await look();
      expect(lag(copy)).toBe(6000);
      const third = granted(await read("k", { replicas: 2, not: "y" }));
      await fill("k", { granted: third, answer: answerOf("z", 6) });
      await becomes(2, ["serving", "serving", "serving"], [copy]);
      now = 12_000;
      await look();
      expect(lag(copy)).toBe(12_000);
    });

    test("is not looked for while it has been missing for a moment only", async () => {
      await lost("k", answerOf("x", 5));
      now = 4999;
      calls = [];
      await look();
      expect([calls, overs]).toEqual([[], []]);
    });

    test("is none when nobody is served it any more", async () => {
      const copy = await lost("k", answerOf("x", 5));
      now = 6000;
      calls = [];
      await look(true);
      expect([lag(copy), calls, overs]).toEqual([0, [], [at(5)]]);
    });

    test("is one of many, and those that are there are struck off one look after the other", async () => {
      const keys = ["k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8"].filter(
        (key) => order(key, 2)[1] === order("k1", 2)[1],
      );
      expect(keys.length).toBeGreaterThan(1);
      for (const key of keys) await lost(key, answerOf("x", 5));
      for (const key of keys) {
        const again = granted(await read(key, { replicas: 2, not: "x" }));
        await fill(key, { granted: again, answer: answerOf("y", 6) });
      }
      now = 6000;
      for (const _ of keys) await look();
      expect(lag(order("k1", 2)[1] ?? "")).toBe(0);
    });
  });

  test("two shards that hold different unusable answers lead nobody in circles", async () => {
    const [home = "", copy = ""] = order("k", 2);
    await fetched("k", 2, answerOf("old", 5));
    await real.get(copy)?.run([["DEL", "tg:a:k"]], DEADLINE);
    away.add(home);
    await fetched("k", 1, answerOf("other", 5));
    away.clear();
    expect(found(await read("k", { replicas: 2 }))).toBe(`old from ${home}`);
    expect(found(await read("k", { replicas: 2, not: "old" }))).toBe("leased");
  });

  test("while a home is away its leases are the next one's, and whoever was asked is told of", async () => {
    const [home = "", next] = order("k");
    away.add(home);
    const first = await read("k");
    expect(granted(first)).toEqual({ shard: next, copies: [], silent: [home] });
    expect(
      (await read("k", { lease: { token: "theirs", duration: millis(5000), patience: millis(0) } })).kind,
    ).toBe("taken");
    expect(await fill("k", { granted: granted(first), answer: answerOf("x", 5) })).toMatchObject({
      kind: "stored",
    });
    expect(found(await read("k"))).toBe(`x from ${next}`);
  });

  test("a shard that was not asked, or said no, is not in doubt", async () => {
    const [home = ""] = order("k");
    away.add(home);
    undone = true;
    expect(granted(await read("k")).silent).toEqual([]);
    away.clear();
    await real.get(home)?.run([["FLUSHALL"]], DEADLINE);
    expect(granted(await read("k")).silent).toEqual([]);
    away = new Set(IDS);
    expect(await read("k")).toMatchObject({ kind: "unavailable", at: [] });
  });

  test("where all are away that is what is said, and not an absence", async () => {
    away = new Set(IDS);
    expect(await read("k")).toMatchObject({ kind: "unavailable", at: order("k") });
  });

  test("a lease is given back where it was granted, and a shard that doesn't hear it is told of", async () => {
    const { shard } = granted(await read("k"));
    away.add(shard);
    const query = { key: "k", token: "mine", marker: null, at: [shard] };
    expect(await midTier.release(query)).toBe("unavailable");
    away.clear();
    expect(await midTier.release(query)).toBe("released");
    expect(
      (await read("k", { lease: { token: "theirs", duration: millis(5000), patience: millis(0) } })).kind,
    ).toBe("leased");
  });

  test("a database that was emptied is a stranger: what it lacks is no absence", async () => {
    const [home = "", next] = order("k");
    await real.get(home)?.run([["FLUSHALL"]], DEADLINE);
    expect(granted(await read("k"))).toMatchObject({ shard: next });
    expect(await readShardStatus(databases.get(home) ?? AWAY_DATABASE, DEADLINE)).toMatchObject({
      life: null,
    });
  });

  test("what a shard holds from before it was away is nobody's answer when it is back", async () => {
    const [home = ""] = order("k");
    await fetched("k", 1, answerOf("before", 5));
    await becomes(
      2,
      IDS.map((id) => (id === home ? "down" : "serving")),
      [],
    );
    await fetched("k", 1, answerOf("meanwhile", 7));
    await becomes(3, ["serving", "serving", "serving"], [home]);
    expect((await read("k")).kind).toBe("leased");
  });

  test("a shard that warms up is written and not read, until it serves", async () => {
    const [home = "", next] = order("k");
    await becomes(
      2,
      IDS.map((id) => (id === home ? "warming" : "serving")),
      [home],
    );
    expect(order("k")[0]).toBe(next);
    await fetched("k", 1, answerOf("x", 5));
    expect(found(await read("k"))).toBe(`x from ${next}`);
    await becomes(3, ["serving", "serving", "serving"], []);
    expect(found(await read("k"))).toBe(`x from ${home}`);
  });

  test("a warm-up spreads what it finds to whoever should hold it", async () => {
    const [home = "", next] = order("k");
    await fetched("k", 1, answerOf("x", 5));
    await becomes(
      2,
      IDS.map((id) => (id === next ? "warming" : "serving")),
      [next ?? ""],
    );
    now = 50;
    expect(found(await read("k", { replicas: 2, spread: true, lease: null }))).toBe(`x from ${home}`);
    await becomes(3, ["serving", "serving", "serving"], []);
    away.add(home);
    expect(found(await read("k", { replicas: 2 }))).toBe(`x from ${next}`);
  });

  test("a warm-up finds what lies where its home was by an older map, and brings it home", async () => {
    const [home = "", next] = order("k");
    const homeBeing = (state: MappedShard["state"]) => IDS.map((id) => (id === home ? state : "serving"));
    await becomes(2, homeBeing("out"), []);
    await fetched("k", 1, answerOf("x", 5));
    await becomes(3, homeBeing("warming"), [home]);
    await becomes(4, ["serving", "serving", "serving"], []);
    now = 50;
    expect((await read("k", { lease: null })).kind).toBe("absent");
    expect(found(await read("k", { spread: true }))).toBe(`x from ${next}`);
    expect(found(await read("k"))).toBe(`x from ${home}`);
    expect(granted(await read("another", { spread: true })).copies).toEqual([]);
  });

  test("by an older map hits are read, and nothing is leased or written", async () => {
    const old = map;
    const older = midTierBy(() => old);
    await fetched("kept", 1, answerOf("x", 5));
    const held = granted(await read("k"));
    await becomes(2, ["serving", "serving", "serving"], []);
    // Whoever goes by the new one tells the shards of it.
    for (const key of ["k1", "k2", "k3", "k4", "k5", "k6"]) await read(key);
    expect(found(await read("kept", {}, older))).toBe(`x from ${order("kept")[0]}`);
    expect(await read("unheard of", {}, older)).toMatchObject({ kind: "unavailable", reason: "outdated" });
    expect(await fill("k", { granted: held, answer: answerOf("x", 5) }, older)).toEqual({
      kind: "unavailable",
      reason: "map",
    });
    expect(await fill("k", { granted: held, answer: answerOf("x", 5) })).toMatchObject({ kind: "stored" });
  });

  test("a shard is admitted under no older map than it has heard of", async () => {
    const redis = databases.get("a");
    if (redis === undefined) throw new Error("no a");
    await admitShard(redis, { id: "a", version: 9 }, DEADLINE);
    expect(await admitShard(redis, { id: "a", version: 8 }, DEADLINE)).toEqual({ kind: "outdated" });
    expect(await readShardStatus(redis, DEADLINE)).toEqual({ kind: "status", life: 9, map: 9 });
  });

  test("a copy replaces nothing that is as of later", async () => {
    const [, copy = ""] = order("k", 2);
    const late = granted(await read("k", { replicas: 2 }));
    await real.get(copy)?.run([["HSET", "tg:a:k", "id", "newer", "ae", EPOCH, "as", 9, "life", 1]], DEADLINE);
    expect(await fill("k", { granted: late, answer: answerOf("x", 5) })).toMatchObject({ kind: "stored" });
    const there = await real.get(copy)?.run([["HGET", "tg:a:k", "id"]], DEADLINE);
    expect(there).toMatchObject({ replies: [{ kind: "reply", reply: "newer" }] });
  });

  test("variants live where their resource does, on its copies too", async () => {
    const [home = "", copy] = order("page", 2);
    const about = { home: "page", replicas: 2 };
    const leased = granted(await read("variant", about));
    expect(leased.shard).toBe(home);
    await fill("variant", { granted: leased, answer: answerOf("x", 5), home: "page" });
    expect(await read("page", about)).toMatchObject({ kind: "varies" });
    away.add(home);
    expect(await read("page", about)).toMatchObject({ kind: "varies", mark: parseMark("x") });
    expect(found(await read("variant", about))).toBe(`x from ${copy}`);
  });
});
