// A write through an edge that is cut off from the log: a peer tells the log of it, so that no other edge misses it.

import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { FULL } from "../../shared/mid-tier/script.ts";
import type { AppendOutcome, Log } from "../../shared/ports/mid-tier.ts";
import type { EdgeMessage } from "../../shared/wire/call-edge.ts";
import { decodeWrites, WRITES_PATH } from "../../shared/wire/told-writes.ts";
import { EPOCH, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const POLICIES = [{ key_pattern: "/*", class: "standard", ttl: "1h", ttl_mode: "override" }];
const PEERS = [
  { id: "two", url: "http://two.test" },
  { id: "three", url: "http://three.test" },
];
const AWAY = { kind: "unavailable", reason: "away" } as const;

/** Whose log is everybody's. */
let store: LoneEdge;
/** Operations, in the order in which the log took them; a repeated one is taken once. */
let operations: string[];
let one: LoneEdge;
let two: LoneEdge;
let reaches: { one: boolean; two: boolean };
/** What the first edge has asked its peers to tell. */
let calls: EdgeMessage[];
let version: number;
let refuses: "full" | "unreplicated" | null;

function logFor(edge: "one" | "two"): Log {
  const { log } = store.edge;
  return {
    ...log,
    since: (joint, limit) => (reaches[edge] ? log.since(joint, limit) : Promise.resolve(AWAY)),
    snapshot: (highest) => (reaches[edge] ? log.snapshot(highest) : Promise.resolve(AWAY)),
    async append({ operationId, payload, actor }): Promise<AppendOutcome> {
      if (!reaches[edge]) return AWAY;
      if (refuses === "full") return { kind: "unavailable", reason: FULL };
      if (refuses === "unreplicated") return { kind: "unreplicated" };
      expect(actor).toBe("edge/one");
      if (!operations.includes(operationId)) {
        operations.push(operationId);
        store.append(payload);
      }
      const seq = operations.indexOf(operationId) + 1;
      const read = await log.since({ epoch: EPOCH, seq: seq - 1, hash: "" }, 1);
      const entry = read.kind === "entries" ? (read.entries[0] ?? null) : null;
      return { kind: "appended", position: { epoch: EPOCH, seq }, at: 0, told: true, entry, preceding: [] };
    },
  };
}

beforeEach(async () => {
  store = loneEdge(POLICIES);
  operations = [];
  calls = [];
  [version, refuses] = [1, null];
  reaches = { one: true, two: true };
  two = loneEdge(POLICIES, { log: logFor("two") });
  one = loneEdge(POLICIES, {
    log: logFor("one"),
    async callPeer({ id }, message) {
      if (message.path === WRITES_PATH) calls.push(message);
      return id === "two" ? two.told(message) : { kind: "unreachable", reason: "timeout" };
    },
  });
  for (const edge of [one, two]) {
    edge.origin = ({ method }) => ({
      kind: "answer",
      status: 200,
      headers: [],
      body: { kind: "bytes", bytes: new TextEncoder().encode(method === "GET" ? `v${version}` : "taken") },
    });
    await edge.beat({ peers: PEERS });
    expect(await read(edge)).toBe("v1");
    expect(await read(edge)).toBe("v1");
    expect(edge.asked).toHaveLength(1);
  }
  version = 2;
});

async function read(edge: LoneEdge, path = "/a"): Promise<string> {
  const { body } = await edge.get(path);
  await edge.settled();
  return body.kind === "bytes" ? new TextDecoder().decode(body.bytes) : body.kind;
}

async function write(path = "/a"): Promise<void> {
  expect((await one.get(path, { method: "POST" })).status).toBe(200);
  await one.settled();
}

test("is served neither there nor at the peer any more, as soon as its writer has his answer", async () => {
  reaches.one = false;
  await write();
  expect(one.edge.unsent.size).toBe(0);
  expect([await read(one), await read(two)]).toEqual(["v2", "v2"]);
});

test("is told by the edge itself where it can reach the log", async () => {
  await write();
  expect([calls, operations.length]).toEqual([[], 1]);
});

describe("while no peer can reach the log either", () => {
  beforeEach(async () => {
    reaches = { one: false, two: false };
    await write();
  });

  test("it is kept, and told once as soon as a peer can", async () => {
    expect([one.edge.unsent.size, operations.length]).toEqual([1, 0]);
    reaches.two = true;
    for (const edge of [one, two]) edge.now += LIMITS.writesPause;
    await one.beat({ peers: PEERS });
    await one.settled();
    expect([one.edge.unsent.size, operations.length]).toEqual([0, 1]);
    expect(await read(two)).toBe("v2");
  });

  test("not every write asks all of them", async () => {
    const before = calls.length;
    for (let at = 0; at < 5; at++) await write(`/b${at}`);
    expect(calls).toHaveLength(before);
    one.now += LIMITS.writesPause;
    await write("/c");
    expect(calls.length).toBeGreaterThan(before);
    expect(one.edge.unsent.size).toBe(7);
  });
});

test.each(["full", "unreplicated"] as const)(
  "no peer is asked where the log has answered that it is %s",
  async (says) => {
    refuses = says;
    await write();
    expect([calls, one.edge.unsent.size]).toEqual([[], 1]);
  },
);

test("what was taken though its answer was lost is told again, and taken once", async () => {
  reaches.one = false;
  await write();
  const [message] = calls;
  if (message === undefined) throw new Error("nobody was asked");
  expect(decodeWrites(message.body ?? "")?.edge).toBe("one");
  expect((await two.told(message)).kind).toBe("answer");
  expect(operations).toHaveLength(1);
});

test.each(["", "{}", '{"v":1,"edge":"one","writes":[]}', '{"v":1,"edge":"one","writes":[{"method":"PUT"}]}'])(
  "a message that can't be read is refused: %s",
  async (body) => {
    expect(await two.told({ path: WRITES_PATH, body })).toEqual({ kind: "unreachable", reason: "refused" });
    expect(operations).toEqual([]);
  },
);
