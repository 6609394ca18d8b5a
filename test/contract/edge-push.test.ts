// What an edge says to a push: that it has applied it, as soon as it has, gaps included.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { Edge } from "../../edge/edge.ts";
import type { LogEntry } from "../../shared/core/log-entry.ts";
import { formatPosition, parsePosition } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import { systemTimers } from "../../shared/runtime/system.ts";
import { encodePush, PUSH_PATH } from "../../shared/wire/internal.ts";
import { bareEdge, tellEdge } from "../support/bare-edge.ts";
import { ask, type RestFixture, startEmbeddedRest, until } from "../support/redis-server.ts";

let rest: RestFixture;
let edge: Edge;
/** Whether the edge can reach Redis. */
let reachable: boolean;
let appended: number;

beforeEach(async () => {
  rest = await startEmbeddedRest();
  reachable = true;
  appended = 0;
  edge = bareEdge({
    run: async (commands, deadline) =>
      reachable ? rest.redis.run(commands, deadline) : new Promise(() => {}),
  });
});
afterEach(() => rest.stop());

/** As the control plane appends, with so many entries to come back before it. */
async function append(preceding = 0): Promise<LogEntry[]> {
  appended += 1;
  const outcome = await createLog(rest.redis, LOG_LIMITS).append({
    operationId: `purge-${appended}`,
    requestDigest: "x",
    actor: "test",
    action: "invalidate",
    payload: { kind: "invalidate", mode: "hard", selectors: [`default t tag-${appended}` as Selector] },
    detail: "",
    replicas: 0,
    preceding,
  });
  if (outcome.kind !== "appended" || outcome.entry === null) throw new Error(outcome.kind);
  return [...outcome.preceding, outcome.entry];
}

/** The position that the edge acknowledges. */
async function push(entries: readonly LogEntry[]): Promise<string | null> {
  const reply = await tellEdge(edge, PUSH_PATH, encodePush(entries));
  return (reply as { position: string | null }).position;
}

/** A database that was promoted, and never had the last entries. */
async function loseAllAfter(entry: LogEntry | undefined): Promise<void> {
  const { seq = 0, hash = "" } = entry ?? {};
  await ask(rest, "/", ["HSET", "tg:log:head", "seq", String(seq), "hash", hash]);
  const lost = [1, 2, 3, 4].map((after) => String(seq + after));
  await ask(rest, "/", ["HDEL", "tg:log:entries", ...lost]);
}

const positionOf = (entry: LogEntry | undefined): string | null =>
  entry === undefined ? null : formatPosition(entry);
const pulls = (): number => edge.counters.pulls;

test("the next entry is acknowledged without asking anybody", async () => {
  await edge.view.pull(UNKEPT);
  const before = pulls();
  const entries = await append();
  expect(await push(entries)).toBe(positionOf(entries[0]));
  expect(pulls()).toBe(before);
});

test("the entries that travel with it close the gap that lost pushes left", async () => {
  await edge.view.pull(UNKEPT);
  const before = pulls();
  for (let i = 0; i < 5; i++) await append();
  const entries = await append(8);
  expect(entries).toHaveLength(6);
  expect(await push(entries)).toBe(positionOf(entries.at(-1)));
  expect(pulls()).toBe(before);
});

test("a longer gap is closed by one pull before it is acknowledged", async () => {
  await edge.view.pull(UNKEPT);
  const before = pulls();
  for (let i = 0; i < 5; i++) await append();
  const entries = await append(2);
  expect(await push(entries)).toBe(positionOf(entries.at(-1)));
  expect(pulls()).toBe(before + 1);
});

test("a cold edge begins with what it is pushed", async () => {
  const entries = await append();
  expect(edge.view.current()).toBeNull();
  expect(await push(entries)).toBe(positionOf(entries[0]));
});

test("where the log can't be reached, a gap is acknowledged as one, in good time, and the entry counts all the same", async () => {
  await edge.view.pull(UNKEPT);
  const before = edge.view.position();
  await append();
  const entries = await append();
  reachable = false;
  const patience = Promise.withResolvers<void>();
  const sleep = vi.spyOn(systemTimers, "sleep").mockReturnValue(patience.promise);
  const pushed = push(entries);
  await until("it waits", () => sleep.mock.calls.length > 0);
  expect(sleep.mock.calls).toEqual([[LIMITS.pushPatience]]);
  patience.resolve();
  expect(await pushed).toBe(before === null ? null : formatPosition(before));
  expect(edge.view.asOf()).toMatchObject({ seq: entries[0]?.seq });
});

test("an entry behind a cursor that came with a snapshot is acknowledged once the log has shown that it is the same log", async () => {
  const [first] = await append();
  const [second] = await append();
  await edge.view.pull(UNKEPT);
  expect(edge.view.position()).toMatchObject({ seq: second?.seq });
  const before = pulls();
  expect(await push(first === undefined ? [] : [first])).toBe(positionOf(second));
  expect(pulls()).toBe(before + 1);
});

test("an edge beyond what the log has lost does not acknowledge what took its place", async () => {
  const [first] = await append();
  await append();
  const [lost] = await append();
  await edge.view.pull(UNKEPT);
  await loseAllAfter(first);
  const [replaced] = await append();
  expect(replaced?.seq).toBeLessThan(lost?.seq ?? 0);
  reachable = false;
  expect(await push(replaced === undefined ? [] : [replaced])).toBeNull();
  reachable = true;
  const position = await push(replaced === undefined ? [] : [replaced]);
  expect(parsePosition(position ?? "")?.epoch).toBeGreaterThan(replaced?.epoch ?? 0);
});
