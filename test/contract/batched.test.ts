// Calls of one turn travel together, and each gets its own replies.

import { expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import { batchedRedis } from "../../shared/mid-tier/batched.ts";
import type { Redis, RedisOutcome } from "../../shared/ports/redis.ts";

function recorded(outcome?: RedisOutcome): { redis: Redis; calls: { commands: number; deadline: number }[] } {
  const calls: { commands: number; deadline: number }[] = [];
  return {
    calls,
    redis: {
      async run(commands, deadline) {
        calls.push({ commands: commands.length, deadline });
        const replies = commands.map(([, reply]) => ({ kind: "reply", reply: reply ?? null }) as const);
        return outcome ?? { kind: "replies", replies };
      },
    },
  };
}

const echo = (text: string) => ["ECHO", text] as const;
const repliesOf = (outcome: RedisOutcome) =>
  outcome.kind === "replies"
    ? outcome.replies.map((one) => (one.kind === "reply" ? one.reply : one))
    : outcome;

test("three calls of one turn are one, with the longest deadline", async () => {
  const { redis, calls } = recorded();
  const batched = batchedRedis(redis);
  const outcomes = await Promise.all([
    batched.run([echo("a"), echo("b")], millis(10)),
    batched.run([echo("c")], millis(30)),
    Promise.resolve().then(() => batched.run([echo("d")], millis(20))),
  ]);
  expect(outcomes.map(repliesOf)).toEqual([["a", "b"], ["c"], ["d"]]);
  expect(calls).toEqual([{ commands: 4, deadline: 30 }]);
  await batched.run([echo("e")], millis(10));
  expect(calls).toHaveLength(2);
});

test("what is too much for one call goes in several, and no call is torn apart", async () => {
  const { redis, calls } = recorded();
  const batched = batchedRedis(redis);
  const runs = Array.from({ length: 200 }, (_, at) =>
    batched.run([echo(`${at}`), echo("x"), echo("y")], millis(10)),
  );
  const outcomes = await Promise.all(runs);
  expect(outcomes.map((outcome) => (repliesOf(outcome) as string[])[0])).toEqual(
    Array.from({ length: 200 }, (_, at) => `${at}`),
  );
  expect(calls.map(({ commands }) => commands)).toEqual([255, 255, 90]);
});

test("what befalls one befalls all", async () => {
  const { redis } = recorded({ kind: "unavailable", reason: "gone" });
  const batched = batchedRedis(redis);
  const outcomes = await Promise.all([
    batched.run([echo("a")], millis(10)),
    batched.run([echo("b")], millis(10)),
  ]);
  expect(outcomes).toEqual([
    { kind: "unavailable", reason: "gone" },
    { kind: "unavailable", reason: "gone" },
  ]);
});
