// What the beat asks of Redis while nothing happens, and that it asks as much as ever once something does.
import { expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { Outstanding } from "../../control-plane/invalidate/outstanding.ts";
import { instant, later, millis } from "../../shared/core/units.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { startVirtualPlane } from "../support/virtual-plane.ts";

/** Commands that are sent, whatever scripts call in their turn. */
async function idlePlane(ids: readonly string[]) {
  let sent = 0;
  const counted = (redis: Redis): Redis => ({
    run(commands, deadline) {
      sent += commands.length;
      return redis.run(commands, deadline);
    },
  });
  const world = await startVirtualPlane(ids, "idle", { outside: { through: counted } });
  await world.beatUntil(30_000);
  return {
    ...world,
    async perSecond(seconds: number): Promise<number> {
      const [from, before] = [world.time.now, sent];
      await world.beatUntil(from + seconds * 1000);
      return (sent - before) / seconds;
    },
  };
}

test("a beat without traffic sends a few commands, however many edges are listed", async () => {
  const few = await (await idlePlane(["one"])).perSecond(60);
  const many = await (await idlePlane(Array.from({ length: 12 }, (_, i) => `edge-${i}`))).perSecond(60);
  expect(few).toBeLessThan(7);
  expect(many).toBeCloseTo(few, 1);
});

test("what is purged after a long quiet is followed within a beat", async () => {
  const world = await idlePlane(["one", "two"]);
  await world.beatUntil(world.time.now + 120_300);
  const id = await world.purge();
  await world.beatUntil(world.time.now + 1100);
  expect((await world.receipt(id)).state).toBe("converged");
});

const NOW = instant(1000);

test("receipts are looked for until two looks have found none, and again with all that the log takes", () => {
  const outstanding = new Outstanding();
  const look = (mark: string | null, named: number) => outstanding.looked(mark, { named, now: NOW });
  expect(outstanding.mayBe("a", NOW)).toBe(true);
  look("a", 0);
  // The look may have been in the very millisecond of an append.
  expect(outstanding.mayBe("a", NOW)).toBe(true);
  look("a", 0);
  expect(outstanding.mayBe("a", NOW)).toBe(false);
  expect(outstanding.mayBe("b", NOW)).toBe(true);
  expect(outstanding.mayBe(null, NOW)).toBe(true);
  look("b", 0);
  expect(outstanding.mayBe("b", NOW)).toBe(true);
});

test("what is not finished is looked for every time, and all is now and then", () => {
  const outstanding = new Outstanding();
  for (const named of [0, 0, 1]) outstanding.looked("a", { named, now: NOW });
  expect(outstanding.mayBe("a", NOW)).toBe(true);
  for (const named of [0, 0]) outstanding.looked("a", { named, now: NOW });
  expect(outstanding.mayBe("a", later(NOW, millis(LIMITS.receiptsLookedEvery - 1)))).toBe(false);
  expect(outstanding.mayBe("a", later(NOW, LIMITS.receiptsLookedEvery))).toBe(true);
});
