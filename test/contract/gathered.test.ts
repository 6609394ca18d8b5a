// Reads of many requests that travel together: who waits for whom, for how long, and what becomes of them when one is gone.

import { expect, test } from "vitest";
import { instant, type Millis, millis } from "../../shared/core/units.ts";
import { gatheredRedis } from "../../shared/mid-tier/gathered.ts";
import type { Timers } from "../../shared/ports/clock.ts";
import type { Redis, RedisOutcome } from "../../shared/ports/redis.ts";

const MOST = 3;
const AT_MOST = millis(50);

/** Time by hand: turns and timers end when they are told to. */
function stage() {
  let now = 0;
  const turns: (() => void)[] = [];
  const due: { at: number; action: () => void }[] = [];
  const timers: Timers = {
    sleep() {
      const { promise, resolve } = Promise.withResolvers<void>();
      turns.push(resolve);
      return promise;
    },
    after(span, action) {
      const one = { at: now + span, action };
      due.push(one);
      return () => void (due.includes(one) && due.splice(due.indexOf(one), 1));
    },
  };
  const calls: { texts: string[]; deadline: Millis; answer: (outcome?: RedisOutcome) => void }[] = [];
  const redis: Redis = {
    run(commands, deadline) {
      const { promise, resolve } = Promise.withResolvers<RedisOutcome>();
      const texts = commands.map(([, text]) => String(text));
      const replies = texts.map((reply) => ({ kind: "reply", reply }) as const);
      calls.push({ texts, deadline, answer: (outcome) => resolve(outcome ?? { kind: "replies", replies }) });
      return promise;
    },
  };
  const gathered = gatheredRedis(redis, {
    clock: { now: () => instant(now) },
    ...{ timers, most: MOST, characters: 1000, turnAtMost: AT_MOST },
  });
  return {
    calls,
    timersLeft: () => due.length,
    ask: (text: string, deadline = 500) =>
      gathered.run([["ECHO", text]], millis(deadline)).then((outcome) => said(outcome)),
    askTwice: (one: string, two: string) =>
      gathered.run([["ECHO", one] as const, ["ECHO", two] as const], millis(500)).then(said),
    turn() {
      for (const resolve of turns.splice(0)) resolve();
      return settled();
    },
    /** A request that is gone with all that it has begun. */
    loseTurns: () => void turns.splice(0),
    pass(span: number) {
      now += span;
      for (const { action } of due.filter(({ at }) => at <= now)) action();
      return settled();
    },
  };
}

const said = (outcome: RedisOutcome) =>
  outcome.kind === "replies"
    ? outcome.replies.map((one) => (one.kind === "reply" ? one.reply : one.message)).join()
    : outcome.reason;

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One call is under way, so that whoever comes gathers. */
function busy() {
  const staged = stage();
  const first = staged.ask("first");
  return { ...staged, first };
}

test("who finds no call under way sends his own at once, and the next one after its answer as well", async () => {
  const { ask, calls } = stage();
  const one = ask("a");
  expect(calls.map(({ texts }) => texts)).toEqual([["a"]]);
  calls[0]?.answer();
  expect(await one).toBe("a");
  void ask("b");
  expect(calls.map(({ texts }) => texts)).toEqual([["a"], ["b"]]);
});

test("who comes in one turn while another call is under way shares one, and is given his own replies", async () => {
  const { ask, askTwice, calls, turn, timersLeft } = busy();
  const asked = [ask("a"), askTwice("b", "c"), ask("d")];
  expect(calls).toHaveLength(1);
  await turn();
  expect(calls[1]?.texts).toEqual(["a", "b", "c", "d"]);
  expect(calls[1]?.deadline).toBe(500);
  calls[1]?.answer();
  expect(await Promise.all(asked)).toEqual(["a", "b,c", "d"]);
  expect(timersLeft()).toBe(0);
});

test("a call that is full is left alone, and those of another deadline begin their own", async () => {
  const { ask, calls, turn } = busy();
  for (const text of ["a", "b", "c", "d"]) void ask(text);
  void ask("e", 1000);
  void ask("f", 1000);
  await turn();
  expect(calls.slice(1).map(({ texts, deadline }) => [texts, deadline])).toEqual([
    [["a", "b", "c"], 500],
    [["d"], 500],
    [["e", "f"], 1000],
  ]);
});

test("who comes when a call has been sent waits for none", async () => {
  const { ask, calls, turn } = busy();
  void ask("a");
  await turn();
  void ask("b");
  await turn();
  expect(calls.slice(1).map(({ texts }) => texts)).toEqual([["a"], ["b"]]);
});

test("what has been large lately goes alone, until it has been small for some calls", async () => {
  const { ask, calls, turn } = stage();
  const large = "x".repeat(600);
  void ask(large);
  calls[0]?.answer();
  await turn();
  void ask("under way");
  for (const text of ["a", "b"]) void ask(text);
  expect(calls.map(({ texts }) => texts)).toEqual([[large], ["under way"], ["a"], ["b"]]);
  for (const { answer } of calls) answer();
  await turn();
  void ask("under way");
  for (const text of ["c", "d"]) void ask(text);
  await turn();
  expect(calls.slice(-2).map(({ texts }) => texts)).toEqual([["under way"], ["c", "d"]]);
});

test("behind a call that failed, too large or to a database that is away, each goes alone until some have come back", async () => {
  const { ask, calls, turn } = busy();
  for (const text of ["a", "b"]) void ask(text);
  await turn();
  calls[1]?.answer({ kind: "unavailable", reason: "TimeoutError" });
  await turn();
  for (const text of ["c", "d"]) void ask(text);
  expect(calls.slice(2).map(({ texts }) => texts)).toEqual([["c"], ["d"]]);
  for (let times = 0; times < 4; times++) {
    void ask("well");
    calls.at(-1)?.answer();
    await turn();
  }
  for (const text of ["under way", "e", "f"]) void ask(text);
  await turn();
  expect(calls.at(-1)?.texts).toEqual(["e", "f"]);
});

test("what befalls a call befalls all of it, and whether it was undone", async () => {
  const { ask, calls, turn } = busy();
  const asked = [ask("a"), ask("b")];
  await turn();
  calls[1]?.answer({ kind: "unavailable", reason: "breaker open", undone: true });
  expect(await Promise.all(asked)).toEqual(["breaker open", "breaker open"]);
});

test("who has joined one that is gone with its request waits for his own deadline and no longer, and nobody joins it later", async () => {
  const { ask, calls, turn, loseTurns, pass } = busy();
  void ask("lost");
  const joined = ask("joined");
  loseTurns();
  await pass(AT_MOST);
  const third = ask("third");
  await pass(1);
  const later = ask("later");
  await turn();
  expect(calls.slice(1).map(({ texts }) => texts)).toEqual([["later"]]);
  calls[1]?.answer();
  expect(await later).toBe("later");
  await pass(500 - AT_MOST - 1);
  expect(await joined).toBe("TimeoutError");
  await pass(AT_MOST + 1);
  expect(await third).toBe("TimeoutError");
});

test("a call whose answer never came keeps nobody waiting for a turn beyond its deadline", async () => {
  const { ask, calls, pass } = busy();
  await pass(500);
  void ask("a");
  expect(calls).toHaveLength(1);
  await pass(1);
  void ask("b", 400);
  expect(calls.at(-1)?.texts).toEqual(["b"]);
});
