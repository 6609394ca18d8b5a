// How fast receipts follow after a partition, and what that costs: in virtual time, over the real Lua.
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { fewAtOrigins } from "../../control-plane/edges/few-at-once.ts";
import { minutes } from "../../shared/core/units.ts";
import { WARM_PATH } from "../../shared/wire/internal.ts";
import { RENEW_PATH } from "../../shared/wire/renewal.ts";
import { startVirtualPlane, type VirtualEdge, type VirtualPlane } from "../support/virtual-plane.ts";

const edgeOf = (world: VirtualPlane, id: string): VirtualEdge => {
  const found = world.edges.find((edge) => edge.id === id);
  if (found === undefined) throw new Error(`there is no edge ${id}`);
  return found;
};

/** In each span of so many milliseconds, one after another. */
function counted(
  times: readonly number[],
  { from, span, spans }: { from: number; span: number; spans: number },
): number[] {
  return Array.from({ length: spans }, (_, i) => {
    const begin = from + i * span;
    return times.filter((at) => at >= begin && at < begin + span).length;
  });
}

/** Until the receipt is closed, looking as often as the control plane can see anything new. */
async function closedAt(world: VirtualPlane, id: string): Promise<number> {
  const begun = world.time.now;
  for (let at = begun; at < begun + 5000; at += 10) {
    await world.beatUntil(at);
    if ((await world.receipt(id)).state === "converged") return world.time.now;
  }
  throw new Error("not within five seconds");
}

describe("after a partition heals", () => {
  test.each([
    ["a short one", 3_000, 130],
    ["one of a minute", 60_000, 330],
  ])(
    "every receipt has converged within a second: %s, whenever in the beat it heals",
    async (_what, lasting, step) => {
      const took: number[] = [];
      for (let offset = 0; offset < 1000; offset += step) {
        const world = await startVirtualPlane(
          ["one", "two", "three", "four", "five"],
          `heal ${lasting} ${offset}`,
        );
        await world.beatUntil(2_500);
        const away = ["two", "three", "four", "five"].map((id) => edgeOf(world, id));
        for (const edge of away) edge.reachable = false;
        const id = await world.purge();
        await world.beatUntil(2_500 + lasting + offset);
        expect((await world.receipt(id)).state).toBe(lasting < 30_000 ? "converging" : "converged");
        const last = await world.purge();
        await world.beatUntil(world.time.now + 500);
        const healed = world.time.now;
        for (const edge of away) edge.reachable = true;
        took.push((await closedAt(world, last)) - healed);
      }
      expect(Math.max(...took)).toBeLessThan(1000);
      expect(took.sort((a, b) => a - b)[Math.floor(took.length / 2)]).toBeLessThan(500);
    },
    60_000,
  );

  test("an edge that can be reached, but can't reach the log, is sent what it lacks", async () => {
    const world = await startVirtualPlane(["one", "two"], "sent along");
    await world.beatUntil(2_500);
    const two = edgeOf(world, "two");
    two.reachable = false;
    two.pulls = false;
    const ids = [await world.purge(), await world.purge(), await world.purge()];
    two.reachable = true;
    expect((await closedAt(world, ids[2] ?? "")) - world.time.now).toBeLessThan(1000);
    for (const id of ids) expect((await world.receipt(id)).state).toBe("converged");
  });
});

describe("edges that don't answer", () => {
  test("hold up nobody's row: the others are seen as ever", async () => {
    const world = await startVirtualPlane(["one", "two", "three"], "rows");
    await world.beatUntil(2_500);
    edgeOf(world, "two").reachable = false;
    edgeOf(world, "three").slowness = 600;
    for (let at = 2_500; at < 12_500; at += 100) {
      await world.beatUntil(at);
      const outcome = world.plane.edges.read();
      await world.time.runUntil(world.time.now + 20);
      const read = await outcome;
      if (read.kind !== "directory") throw new Error(read.kind);
      const { now, sightings } = read.directory;
      expect(now - (sightings.get("one")?.seenAt ?? 0)).toBeLessThan(1500);
      if (at > 5_000) expect(now - (sightings.get("three")?.seenAt ?? 0)).toBeLessThan(2500);
    }
  });

  test("are asked often at first, then less, and in the end once a beat; never twice at once but for one patient question", async () => {
    const world = await startVirtualPlane(["one", "two"], "cost");
    await world.beatUntil(2_500);
    const two = edgeOf(world, "two");
    two.reachable = false;
    await world.purge();
    await world.beatUntil(770_000);
    const minutes = { from: 4_000, span: 60_000, spans: 1 };
    const [first = 0] = counted(two.asked, { from: 4_000, span: 25_000, spans: 1 });
    const [later = 0] = counted(two.asked, { ...minutes, from: 120_000 });
    const [last = 0] = counted(two.asked, { ...minutes, from: 700_000 });
    expect(first).toBeGreaterThan(25 * 3);
    expect(first).toBeLessThan(25 * 5);
    expect(later).toBeLessThan(60 * 3);
    expect(later).toBeGreaterThan(60);
    expect(last).toBeLessThan(60 * 1.5);
    // A quick question, a patient one, and the push itself.
    expect(two.mostUnderWay).toBeLessThanOrEqual(3);
    // Redis is read as often, and no more: the figures that are noted every ten seconds among it.
    expect(Math.max(...counted(world.redisCalls, { from: 4_000, span: 1_000, spans: 25 }))).toBeLessThan(30);
    expect(Math.max(...counted(world.redisCalls, { from: 120_000, span: 1_000, spans: 60 }))).toBeLessThan(
      32,
    );
  }, 60_000);

  test("many of them leave connections for those that answer", async () => {
    const ids = Array.from({ length: 12 }, (_, i) => `edge-${i}`);
    const world = await startVirtualPlane(ids, "many");
    await world.beatUntil(2_500);
    for (const edge of world.edges.slice(1)) edge.reachable = false;
    await world.beatUntil(5_000);
    let most = 0;
    for (let at = 5_000; at < 15_000; at += 20) {
      await world.beatUntil(at);
      most = Math.max(most, world.edges.slice(1).filter(({ underWay }) => underWay > 0).length);
    }
    expect(most).toBeLessThanOrEqual(LIMITS.slowCallsAtOnce);
    for (const { asked } of world.edges)
      expect(counted(asked, { from: 5_000, span: 2_000, spans: 5 })).not.toContain(0);
  });

  test("leave connections for those that answer also while slow origins are waited for, and are asked all the same", async () => {
    const ids = Array.from({ length: 12 }, (_, i) => `edge-${i}`);
    const world = await startVirtualPlane(ids, "busy");
    await world.beatUntil(2_500);
    const silent = world.edges.slice(1);
    for (const edge of silent) edge.reachable = false;
    const atOrigins = fewAtOrigins(world.plane.callEdge, world.slow);
    for (const path of [WARM_PATH, WARM_PATH, RENEW_PATH, WARM_PATH, RENEW_PATH, RENEW_PATH])
      void atOrigins({ url: "http://edge-1.test" }, { path, body: "" }, minutes(1));
    const slow = edgeOf(world, "edge-7");
    await world.beatUntil(5_000);
    expect(world.slow.left).toBeLessThanOrEqual(LIMITS.slowCallsAtOnce - LIMITS.originCallsAtOnce);
    slow.slowness = 600;
    slow.reachable = true;
    let most = 0;
    for (let at = 5_000; at < 45_000; at += 20) {
      await world.beatUntil(at);
      // One that takes its time and is known to answer is none of those that may hang.
      const hanging = silent.filter((edge) => edge !== slow);
      most = Math.max(
        most,
        hanging.reduce((sum, { underWay }) => sum + underWay, 0),
      );
    }
    expect(most).toBe(LIMITS.slowCallsAtOnce);
    for (const { asked } of silent)
      expect(counted(asked, { from: 5_000, span: 10_000, spans: 4 })).not.toContain(0);
    const [answering] = world.edges;
    expect(counted(answering?.asked ?? [], { from: 5_000, span: 1_000, spans: 40 })).not.toContain(0);
    // It answers no quick question, and is known to be there nonetheless.
    expect(Math.min(...counted(slow.asked, { from: 35_000, span: 5_000, spans: 2 }))).toBeGreaterThan(3);
  }, 60_000);
});

test("where all is well there is one beat a second, and a purge costs no more of them", async () => {
  const world = await startVirtualPlane(["one", "two"], "calm");
  await world.beatUntil(5_000);
  for (let i = 0; i < 5; i++) {
    await world.purge();
    await world.beatUntil(world.time.now + 1_000);
  }
  await world.beatUntil(20_000);
  for (const { asked } of world.edges)
    expect(counted(asked, { from: 5_000, span: 5_000, spans: 3 })).toEqual([5, 5, 5]);
  const [calls = 0] = counted(world.redisCalls, { from: 12_000, span: 5_000, spans: 1 });
  expect(calls / 5).toBeLessThan(9);
});

test("a receipt that only waits for its fence asks for no closer look, and closes with it", async () => {
  const world = await startVirtualPlane(["one", "two"], "fence", { env: { UNLISTED: "on" } });
  await world.beatUntil(5_000);
  const id = await world.purge();
  await world.beatUntil(15_000);
  for (const { asked } of world.edges)
    expect(counted(asked, { from: 10_000, span: 5_000, spans: 1 })).toEqual([5]);
  const { state, unlisted, acceptedAt } = await world.receipt(id);
  const bound = Date.parse(unlisted?.fencedAt ?? "") - Date.parse(acceptedAt);
  expect({ state, bound }).toEqual({ state: "converging", bound: 30_250 });
  await world.beatUntil(5_000 + bound + 1_500);
  expect((await world.receipt(id)).state).toBe("converged");
});
