// What is known of an answer that was put together from parts.

import { expect, test } from "vitest";
import type { HeaderList } from "../../shared/core/headers.ts";
import { millis } from "../../shared/core/units.ts";
import type { MidTier, ReadOutcome } from "../../shared/ports/mid-tier.ts";
import { EPOCH, HOST, loneEdge } from "../support/lone-edge.ts";
import { storedAnswer } from "../support/stored-answer.ts";

const CONTENT = "0123456789";

/** The part of the content that the origin is asked for. */
function partOf(headers: HeaderList): { text: string; from: number; to: number } {
  const range = headers.find(([name]) => name === "range")?.[1] ?? "";
  const [, from = "0", to = "9"] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  return { text: CONTENT.slice(Number(from), Number(to) + 1), from: Number(from), to: Number(to) };
}

test("a whole is as old, and was asked for as early, as its first part", async () => {
  const lone = loneEdge([{ key_pattern: "/*", class: "hot" }]);
  lone.origin = ({ headers }) => {
    const { text, from, to } = partOf(headers);
    const bytes = new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
    return {
      kind: "answer",
      status: 206,
      headers: [
        ["cache-control", "max-age=600"],
        ["etag", '"one"'],
        ["content-range", `bytes ${from}-${to}/10`],
      ],
      body: { kind: "bytes", bytes },
    };
  };
  await lone.beat();
  const firstAskedAt = lone.now;
  await lone.get("/a", { headers: [["range", "bytes=0-4"]] });
  await lone.settled();
  lone.now += 3000;
  await lone.get("/a", { headers: [["range", "bytes=5-9"]] });
  await lone.settled();
  const { edge } = lone;
  const route = edge.router.route({ url: `https://${HOST}/a`, header: () => null });
  const held = route === null ? undefined : edge.memory.find(route.rules, route.key)?.held;
  expect(held?.answer.length).toBe(10);
  expect(held?.bornAt).toBe(firstAskedAt);
  expect(held?.sentAt).toBe(firstAskedAt);
});

test("what the origin says instead of the rest of a part is not left unread while the whole is asked for", async () => {
  const lone = loneEdge([{ key_pattern: "/*", class: "hot" }]);
  const whole: HeaderList = [
    ["cache-control", "max-age=600"],
    ["etag", '"one"'],
  ];
  let [unread, unreadMeanwhile] = [0, 0];
  lone.origin = ({ headers }) => {
    const range = headers.find(([name]) => name === "range")?.[1] ?? null;
    if (range === null) {
      unreadMeanwhile = unread;
      return { kind: "answer", status: 200, headers: whole, body: { kind: "bytes", bytes: octets(CONTENT) } };
    }
    if (range !== "bytes=0-4") {
      unread += 1;
      const source = { length: null, read: async () => null, cancel: () => void unread-- };
      return { kind: "answer", status: 416, headers: [], body: { kind: "source", source } };
    }
    const stated: HeaderList = [...whole, ["content-range", "bytes 0-4/10"]];
    return { kind: "answer", status: 206, headers: stated, body: { kind: "bytes", bytes: octets("01234") } };
  };
  await lone.beat();
  await lone.get("/a", { headers: [["range", "bytes=0-4"]] });
  await lone.settled();
  expect((await lone.get("/a")).status).toBe(200);
  expect(lone.asked).toHaveLength(3);
  // A worker has six connections, and each body that is neither read nor cancelled keeps one.
  expect(unreadMeanwhile).toBe(0);
});

const octets = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** L2 with one answer, stale since a minute, and one lease for it. */
function staleInL2(answer: Parameters<typeof storedAnswer>[0]): MidTier {
  const verifiedTo = answer.asOf;
  const body = new TextEncoder().encode(CONTENT) as Uint8Array<ArrayBuffer>;
  let leased = false;
  const found = {
    ...{ answer: storedAnswer({ ...answer, length: body.length }), body, verifiedTo },
    ...{ residence: millis(120_000), shard: "one" },
  };
  return {
    async read({ lease, not }): Promise<ReadOutcome> {
      if (not !== answer.id) return { kind: "hit", found };
      if (lease === null) return { kind: "absent" };
      if (leased) return { kind: "taken", remaining: millis(1000) };
      leased = true;
      return { kind: "leased", granted: { shard: "one", copies: [], silent: [] } };
    },
    fill: async () => ({ kind: "stored", displaced: 0 }),
    release: async () => "released",
    renew: async () => "renewed",
    verified: async () => undefined,
  };
}

test("ranges of a whole that is stale in L2 have it freshened once, under its lease", async () => {
  const url = `https://${HOST}/a`;
  const probe = loneEdge([{ key_pattern: "/*", class: "hot" }]);
  await probe.beat();
  const route = probe.edge.router.route({ url, header: () => null });
  if (route === null) throw new Error("no route");
  const headers: HeaderList = [["etag", '"one"']];
  const { key, selectors } = route;
  const midTier = staleInL2({
    id: "old",
    asOf: { epoch: EPOCH, seq: 0 },
    length: 0,
    key,
    headers,
    selectors,
  });
  const lone = loneEdge([{ key_pattern: "/*", class: "hot" }], { midTier });
  lone.origin = () => ({
    kind: "answer",
    status: 304,
    headers: [["etag", '"one"']],
    body: { kind: "none" },
  });
  await lone.beat();
  const ranges = ["bytes=0-4", "bytes=5-9", "bytes=0-4", "bytes=2-3"];
  const replies = await Promise.all(ranges.map((range) => lone.get("/a", { headers: [["range", range]] })));
  expect(replies.map(({ status }) => status)).toEqual([206, 206, 206, 206]);
  expect(lone.asked).toHaveLength(1);
  expect(lone.asked[0]?.headers).toContainEqual(["if-none-match", '"one"']);
  expect(lone.asked[0]?.headers.some(([name]) => name === "range")).toBe(false);
});
