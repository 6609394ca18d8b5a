// The witness: what the log had acknowledged and lost is found by the next beat, reported, and healed by a new epoch.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { beat } from "../../control-plane/tick/beat.ts";
import { parsePosition } from "../../shared/core/position.ts";
import type { LogHead } from "../../shared/ports/mid-tier.ts";
import { ask, type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { SITES, startPlane, type TestPlane } from "./control-harness.ts";

let rest: RestFixture;
let plane: TestPlane;

beforeEach(async () => {
  rest = await startEmbeddedRest();
  plane = await startPlane(rest, { SITES });
  vi.spyOn(console, "error").mockImplementation(() => {});
  await beats();
});
afterEach(() => rest.stop());

const beats = (): ReturnType<typeof beat> => beat(plane.plane, { boot: true, witness: plane.witness });

async function purge(tag: string): Promise<{ epoch: number; seq: number }> {
  const { json } = await plane.call("/invalidate", { tags: [tag] });
  const position = parsePosition(json.position);
  if (position === null) throw new Error(json.position);
  return position;
}

async function noted(): Promise<LogHead | null> {
  const outcome = await plane.witness.read();
  return outcome.kind === "noted" ? outcome.head : null;
}

async function head(): Promise<LogHead> {
  const outcome = await plane.plane.log.snapshot(0);
  if (outcome.kind === "unavailable") throw new Error(outcome.reason);
  return outcome.head;
}

/** A database that was promoted, and never had the last entries. */
async function loseLast(entries: number): Promise<void> {
  const { seq } = await head();
  const at = seq - entries;
  const raw = await ask(rest, "/", ["HGET", "tg:log:entries", String(at)]);
  const entry = Buffer.from(JSON.parse(raw.body).result, "base64").toString();
  const lost = Array.from({ length: entries }, (_, i) => String(seq - i));
  const marks = { seq: String(at), hash: entry.split(" ")[1] };
  const durable = { durable: marks.seq, "durable-hash": marks.hash };
  await ask(rest, "/", ["HSET", "tg:log:head", ...Object.entries({ ...marks, ...durable }).flat()]);
  await ask(rest, "/", ["HDEL", "tg:log:entries", ...lost]);
}

test("notes what is acknowledged at once, and what edges append by the next beat", async () => {
  const position = await purge("a");
  expect(await noted()).toMatchObject(position);
  await plane.plane.log.append({
    ...{ operationId: "w", requestDigest: "w", actor: "edge/one", action: "write", detail: "", replicas: 0 },
    payload: { kind: "invalidate", mode: "hard", selectors: [] },
  });
  expect(await noted()).toMatchObject(position);
  await beats();
  expect(await noted()).toEqual(await head());
});

test("a log that goes on as it was is left alone", async () => {
  const before = await head();
  for (let i = 0; i < 5; i++) await purge(`t${i}`);
  expect((await beats()).size).toBe(0);
  expect((await head()).epoch).toBe(before.epoch);
});

test("a lost suffix that nobody has asked for since begins a new epoch with the next beat", async () => {
  const { epoch } = await purge("a");
  await purge("b");
  await loseLast(1);
  await beats();
  expect((await head()).epoch).toBeGreaterThan(epoch);
  expect((await noted())?.epoch).toBe((await head()).epoch);
});

test("a lost suffix over which others have been written is found by the hash", async () => {
  const { epoch } = await purge("a");
  await loseLast(1);
  await plane.plane.log.append({
    ...{ operationId: "x", requestDigest: "x", actor: "edge/one", action: "write", detail: "", replicas: 0 },
    payload: { kind: "invalidate", mode: "hard", selectors: [] },
  });
  await beats();
  expect((await head()).epoch).toBeGreaterThan(epoch);
});

test("a flushed database gets its configuration back with the same beat", async () => {
  const { epoch } = await purge("a");
  await ask(rest, "/", ["FLUSHALL"]);
  await beat(plane.plane, { boot: false, witness: plane.witness });
  const outcome = await plane.plane.log.snapshot(0);
  if (outcome.kind === "unavailable") throw new Error(outcome.reason);
  expect(outcome.head.epoch).toBeGreaterThan(epoch);
  expect([...outcome.configuration.keys()]).toEqual(
    expect.arrayContaining(["site/default", "site/shop", "site/solo"]),
  );
});

test("a loss is reported: by name in the log's configuration, in the audit, and in the metrics, once", async () => {
  const { epoch, seq } = await purge("a");
  await loseLast(1);
  for (let i = 0; i < 3; i++) await beats();
  const { json } = await plane.call("/cache-metrics");
  expect(json.log.losses).toHaveLength(1);
  expect(json.log.losses[0]).toMatchObject({ from: `${epoch}-${seq}` });
  expect(json.log.position).toBe(`${(await head()).epoch}-${(await head()).seq}`);
  const audit = await ask(rest, "/", ["HVALS", "tg:audit:records"]);
  const records = (JSON.parse(audit.body).result as string[]).map((text) =>
    Buffer.from(text, "base64").toString(),
  );
  expect(records.filter((record) => record.includes("log.lost"))).toHaveLength(1);
});

test("a loss that could not be reported at once is reported by a later beat, once", async () => {
  const { epoch, seq } = await purge("a");
  await loseLast(1);
  const { log } = plane.plane;
  const unreplicated = async () => ({ kind: "unreplicated" }) as const;
  const unavailable = async () => ({ kind: "unavailable", reason: "timeout" }) as const;
  for (const append of [unavailable, unreplicated]) {
    const failing = { ...plane.plane, log: { ...log, append } };
    const failures = await beat(failing, { boot: false, witness: plane.witness });
    expect(failures.get("witness")).toBeDefined();
  }
  for (let i = 0; i < 2; i++) await beats();
  const { json } = await plane.call("/cache-metrics");
  expect(json.log.losses).toHaveLength(1);
  expect(json.log.losses[0]).toMatchObject({ from: `${epoch}-${seq}` });
});

test("without an answer from the log nothing is concluded", async () => {
  const before = await noted();
  await rest.stop();
  expect((await beats()).get("witness")).toBeDefined();
  expect(await noted()).toEqual(before);
  rest = await startEmbeddedRest();
});
