// Levers break no more than they may, and healing undoes whatever any of them has done.

import { beforeEach, describe, expect, test } from "vitest";
import { minorityOf } from "../../dev/chaos/blast-radius.ts";
import type { Breakable, Lever } from "../../dev/chaos/lever.ts";
import { HEALED_WITHIN, type LeverPorts, Levers } from "../../dev/chaos/levers.ts";

/** What was done, and the timer that was set. */
class FakeCluster {
  readonly done: string[] = [];
  timer: { span: number; act: () => void } | null = null;
  clockIsDeaf = false;
  /** Whether whoever outlives the cluster hears what is told. */
  isHeard = true;
  readonly told: (readonly number[])[] = [];
  readonly pids = new Map<Breakable, number | null>();

  ports(edges = 5, shards = 2): LeverPorts {
    const places: Breakable[] = [
      ...Array.from({ length: edges }, (_, at) => `edge-${at + 1}` as const),
      "control",
      ...Array.from({ length: shards }, (_, at) => `shard-${at + 2}` as const),
    ];
    for (const [at, place] of places.entries()) this.pids.set(place, 100 + at);
    const did = (what: string): void => void this.done.push(what);
    return {
      processes: new Map(
        places.map((place) => [
          place,
          {
            pid: () => this.pids.get(place) ?? null,
            signal: (name) => {
              if (this.pids.get(place) === null) return false;
              did(`${name} ${place}`);
              return true;
            },
            hold: async () => did(`hold ${place}`),
            release: () => did(`release ${place}`),
          },
        ]),
      ),
      tellStopped: async (groups) => {
        this.told.push(groups);
        return this.isHeard;
      },
      setLink: (from, to, state) => did(`${from} → ${to}: ${state.kind}`),
      healLinks: () => did("links healed"),
      flush: async (place) => did(`flush ${place}`),
      dropDisk: (place) => did(`drop ${place}`),
      shiftClock: async (place, ms) => {
        if (this.clockIsDeaf) throw new Error("no answer");
        did(`clock of ${place} + ${ms}`);
      },
      after: (span, act) => {
        this.timer = { span, act };
        return () => {
          this.timer = null;
        };
      },
    };
  }
}

let cluster: FakeCluster;
let levers: Levers;

beforeEach(() => {
  cluster = new FakeCluster();
  levers = new Levers(cluster.ports());
});

test("what is not running is not killed, and whoever wanted that is told so", async () => {
  cluster.pids.set("edge-2", null);
  await expect(levers.pull({ kind: "kill", place: "edge-2" })).rejects.toThrow("edge-2 is not running");
  await levers.pull({ kind: "kill", place: "edge-3" });
  expect(cluster.done).toEqual(["SIGKILL edge-3"]);
});

describe("how much may be broken at once", () => {
  test.each([
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 1],
    [5, 2],
    [6, 2],
  ])("of %i edges a minority is %i", (edges, most) => {
    expect(minorityOf(edges)).toBe(most);
  });

  test.each<[string, readonly Lever[]]>([
    [
      "a majority of the edges",
      [
        { kind: "hold", place: "edge-1" },
        { kind: "pause", place: "edge-2" },
        { kind: "shift-clock", place: "edge-3", ms: 1000 },
      ],
    ],
    [
      "a second database",
      [
        { kind: "hold", place: "shard-2" },
        { kind: "flush", place: "shard-3" },
      ],
    ],
    [
      "anything beside control",
      [
        { kind: "pause", place: "control" },
        { kind: "kill", place: "edge-1" },
      ],
    ],
    [
      "control beside anything",
      [
        { kind: "hold", place: "edge-1" },
        { kind: "hold", place: "control" },
      ],
    ],
    ["what control holds", [{ kind: "flush", place: "control" }]],
    ["what there isn't", [{ kind: "kill", place: "edge-9" }]],
    ["the disk of an edge that runs", [{ kind: "drop-disk", place: "edge-1" }]],
    ["the clock of a database", [{ kind: "shift-clock", place: "shard-2", ms: 1 }]],
    ["an edge by emptying it as a database", [{ kind: "flush", place: "edge-1" }]],
  ])("never %s", async (_what, pulled) => {
    for (const lever of pulled.slice(0, -1)) await levers.pull(lever);
    const before = [...cluster.done];
    await expect(levers.pull(pulled.at(-1) as Lever)).rejects.toThrow(RangeError);
    expect(cluster.done).toEqual(before);
  });

  test("an edge and a shard may be, and the same edge in two ways", async () => {
    await levers.pull({ kind: "hold", place: "edge-1" });
    await levers.pull({ kind: "drop-disk", place: "edge-1" });
    await levers.pull({ kind: "pause", place: "shard-3" });
    expect(cluster.done).toEqual(["hold edge-1", "drop edge-1", "SIGSTOP shard-3"]);
  });

  test("what was released may be followed by another", async () => {
    await levers.pull({ kind: "hold", place: "shard-2" });
    await levers.pull({ kind: "release", place: "shard-2" });
    await levers.pull({ kind: "hold", place: "shard-3" });
    expect(cluster.done.at(-1)).toBe("hold shard-3");
  });
});

describe("whoever outlives the cluster", () => {
  const pause: Lever = { kind: "pause", place: "shard-2" };

  test("is told of a group before it is stopped, and when it goes on", async () => {
    const pulled = levers.pull(pause);
    expect([cluster.told, cluster.done]).toEqual([[[106]], []]);
    await pulled;
    expect(cluster.done).toEqual(["SIGSTOP shard-2"]);
    await levers.pull({ kind: "continue", place: "shard-2" });
    await levers.pull({ kind: "pause", place: "edge-1" });
    await levers.heal();
    expect(cluster.told).toEqual([[106], [], [100], []]);
  });

  test("has to hear it, or nothing is stopped", async () => {
    cluster.isHeard = false;
    await expect(levers.pull(pause)).rejects.toThrow(RangeError);
    cluster.isHeard = true;
    await levers.pull({ kind: "pause", place: "shard-3" });
    expect([cluster.told.at(-1), cluster.done]).toEqual([[107], ["SIGSTOP shard-3"]]);
  });

  test("knows the group that is stopped: none that has taken its place since", async () => {
    const pulled = levers.pull(pause);
    cluster.pids.set("shard-2", 206);
    await expect(pulled).rejects.toThrow("shard-2 is being started again");
    cluster.pids.set("shard-2", null);
    await expect(levers.pull(pause)).rejects.toThrow("shard-2 is not running");
    expect(cluster.done).toEqual([]);
  });

  test("is not told after the healing that something is stopped", async () => {
    const pulled = levers.pull(pause);
    await levers.heal();
    await pulled;
    expect(cluster.done).not.toContain("SIGSTOP shard-2");
    expect(cluster.told.at(-1)).toEqual([]);
  });
});

describe("healing", () => {
  test("undoes whatever was done, and leaves the rest alone", async () => {
    await levers.pull({ kind: "hold", place: "edge-1" });
    await levers.pull({ kind: "pause", place: "shard-2" });
    await levers.pull({ kind: "shift-clock", place: "edge-2", ms: -60_000 });
    await levers.pull({ kind: "link", from: "edge-3", to: "mid-tier", state: { kind: "cut" } });
    cluster.done.length = 0;
    await levers.pull({ kind: "heal" });
    expect(cluster.done.sort()).toEqual(
      ["SIGCONT shard-2", "clock of edge-2 + 0", "links healed", "release edge-1"].sort(),
    );
    cluster.done.length = 0;
    await levers.heal();
    expect(cluster.done).toEqual(["links healed"]);
  });

  test("an edge whose clock can't be set right is begun anew", async () => {
    await levers.pull({ kind: "shift-clock", place: "edge-2", ms: 60_000 });
    cluster.clockIsDeaf = true;
    await levers.heal();
    expect(cluster.done.at(-1)).toBe("SIGKILL edge-2");
  });

  test("sets a clock right after whatever was still being said of it", async () => {
    const saying = Promise.withResolvers<void>();
    const ports = cluster.ports();
    const told: number[] = [];
    levers = new Levers({
      ...ports,
      async shiftClock(_edge, ms) {
        if (ms !== 0) await saying.promise;
        told.push(ms);
      },
    });
    const pulled = levers.pull({ kind: "shift-clock", place: "edge-2", ms: 60_000 });
    const healed = levers.heal();
    saying.resolve();
    await Promise.all([pulled, healed]);
    expect(told).toEqual([60_000, 0]);
  });

  test("comes of itself where nobody has asked for it in time", async () => {
    await levers.pull({ kind: "hold", place: "shard-2" });
    expect(cluster.timer?.span).toBe(HEALED_WITHIN);
    cluster.timer?.act();
    expect(cluster.done).toContain("release shard-2");
    expect(cluster.timer).toBeNull();
  });

  test("gives way to the next experiment", async () => {
    await levers.pull({ kind: "hold", place: "control" });
    await levers.heal();
    await levers.pull({ kind: "hold", place: "edge-1" });
    expect(cluster.done.at(-1)).toBe("hold edge-1");
  });
});
