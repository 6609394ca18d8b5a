// Who is read for a key and who is written, and how the map follows what is seen of the shards.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type MappedShard,
  movesKeys,
  placementOf,
  type ShardMap,
  type ShardState,
} from "../../shared/core/shard-map.ts";
import { nextShardMap, type Seen, type ShardSighting } from "../../shared/core/shard-watch.ts";
import { type Millis, millis } from "../../shared/core/units.ts";

const mapOf = (...states: ShardState[]): ShardMap => ({
  version: 7,
  shards: states.map((state, at) => ({ id: `s${at}`, weight: 1, state, life: 3 })),
});
const idsOf = (shards: readonly MappedShard[]): string[] => shards.map(({ id }) => id);

describe("placement", () => {
  const state = fc.constantFrom<ShardState>("serving", "warming", "down", "out");

  test("only who serves is read, and whoever is among the first when all serve is written already", () => {
    fc.assert(
      fc.property(
        fc.array(state, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.string(),
        (states, replicas, key) => {
          const map = mapOf(...states);
          const { readers, copies } = placementOf(map, { key, replicas });
          const serving = map.shards.some((shard) => shard.state === "serving");
          for (const { state: of } of readers) expect(of).toBe(serving ? "serving" : "warming");
          const warmed = {
            ...map,
            shards: map.shards.map((shard) =>
              shard.state === "warming" ? { ...shard, state: "serving" as const } : shard,
            ),
          };
          const later = placementOf(warmed, { key, replicas }).readers.slice(0, replicas);
          const written = idsOf([...readers.slice(0, 1), ...copies]);
          for (const { id } of later) expect(written).toContain(id);
          expect(new Set(written).size).toBe(written.length);
          for (const { state: of } of copies) expect(["serving", "warming"]).toContain(of);
        },
      ),
    );
  });

  test("a shard that is left out moves its own keys alone", () => {
    const before = mapOf("serving", "serving", "serving", "serving");
    const after = mapOf("serving", "serving", "down", "serving");
    for (let n = 0; n < 2000; n++) {
      const at = { key: `key ${n}`, replicas: 1 };
      const [home] = idsOf(placementOf(before, at).readers);
      if (home !== "s2") expect(idsOf(placementOf(after, at).readers)[0]).toBe(home);
    }
  });

  test("nobody left is nobody to read or to write", () => {
    expect(placementOf(mapOf("down", "out"), { key: "k", replicas: 2 })).toEqual({ readers: [], copies: [] });
  });
});

describe("a change of the map moves keys", () => {
  const map = mapOf("serving", "warming", "down", "out");
  const with1 = (change: Partial<MappedShard>): ShardMap => ({
    version: 8,
    shards: map.shards.map((shard, at) => (at === 1 ? { ...shard, ...change } : shard)),
  });
  const added: MappedShard = { id: "s4", weight: 1, state: "warming", life: 8 };

  test.each<[string, ShardMap, boolean]>([
    ["the same map", map, false],
    ["a shard that is warm by now", with1({ state: "serving" }), false],
    ["a shard that is left out", with1({ state: "down" }), true],
    ["a shard that is taken out", with1({ state: "out" }), true],
    ["a shard that begins a new life", with1({ life: 8 }), true],
    ["another weight", with1({ weight: 2 }), true],
    ["a new shard", { version: 8, shards: [...map.shards, added] }, true],
  ])("%s: %s", (_, after, moves) => {
    expect(movesKeys(map, after)).toBe(moves);
  });

  test("for whoever is not there a weight is none", () => {
    const shards = map.shards.map((shard) => (shard.state === "down" ? { ...shard, weight: 5 } : shard));
    expect(movesKeys(map, { version: 8, shards })).toBe(false);
  });
});

describe("the map that follows", () => {
  const limits = { downAfter: millis(3000) };
  const answers = (life: number | null = 3, heardOf = 7): ShardSighting => ({
    kind: "answers",
    life,
    heardOf,
  });
  const silent = (ms: number): ShardSighting => ({ kind: "silent", for: ms as Millis });
  const follow = (
    map: ShardMap | null,
    sightings: readonly ShardSighting[],
    warm: readonly string[] = [],
  ) => {
    const seen: Seen = {
      sightings: new Map(sightings.map((sighting, at) => [`s${at}`, sighting])),
      weights: new Map(sightings.map((_, at) => [`s${at}`, 1])),
      warm: new Set(warm),
    };
    const next = nextShardMap(map, seen, limits);
    return next === null
      ? null
      : { version: next.version, shards: next.shards.map(({ state, life }) => `${state} ${life}`) };
  };

  test("where nothing has changed the map stands", () => {
    expect(follow(mapOf("serving", "serving"), [answers(), answers()])).toBeNull();
    expect(follow(mapOf("serving", "serving"), [answers(), silent(2999)])).toBeNull();
  });

  test("one that is silent for long is left out", () => {
    expect(follow(mapOf("serving", "serving"), [answers(), silent(3000)])).toEqual({
      version: 8,
      shards: ["serving 3", "down 3"],
    });
  });

  test("one that is back, or was emptied meanwhile, warms up in a new life", () => {
    const expected = { version: 8, shards: ["serving 3", "warming 8"] };
    expect(follow(mapOf("serving", "down"), [answers(), answers()])).toEqual(expected);
    expect(follow(mapOf("serving", "serving"), [answers(), answers(null, 0)])).toEqual(expected);
    expect(follow(mapOf("serving", "warming"), [answers(), answers(2, 2)])).toEqual(expected);
  });

  test("a warm one serves", () => {
    expect(follow(mapOf("serving", "warming"), [answers(), answers()], ["s1"])).toEqual({
      version: 8,
      shards: ["serving 3", "serving 3"],
    });
  });

  test("where none serves there is nobody to warm up from", () => {
    expect(follow(mapOf("serving"), [answers(null, 0)])).toEqual({ version: 8, shards: ["serving 8"] });
    expect(follow(null, [answers(null, 0), answers(null, 0)])).toEqual({
      version: 1,
      shards: ["serving 1", "serving 1"],
    });
  });

  test("where nobody answers the map stays for whoever comes back first", () => {
    expect(follow(mapOf("serving", "serving"), [silent(9000), silent(9000)])).toBeNull();
  });

  test("one that somebody has taken out stays out, and one without access is nobody's to judge", () => {
    expect(follow(mapOf("serving", "out"), [answers(), answers(null, 0)])).toBeNull();
    expect(follow(mapOf("serving", "serving"), [answers()])).toBeNull();
  });

  test("a database that is new is added, written only at first", () => {
    expect(follow(mapOf("serving"), [answers(), answers(null, 0)])).toEqual({
      version: 8,
      shards: ["serving 3", "warming 8"],
    });
    expect(follow(mapOf("serving"), [answers(), silent(1)])).toBeNull();
  });

  test("the version is beyond every one that a shard has heard of", () => {
    expect(follow(mapOf("serving", "down"), [answers(3, 41), answers()])?.version).toBe(42);
  });
});
