// What an isolate collects at once to store it: beyond that answers are streamed, and every way out gives its octets back.

import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { Reply } from "../../edge/request.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { ByteSource } from "../../shared/ports/body.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { systemTimers } from "../../shared/runtime/system.ts";
import { turns } from "../support/edges-together.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { memoryBlobs, readAll } from "../support/memory-blobs.ts";
import { type SmallL2, smallL2 } from "../support/small-l2.ts";

const POLICIES = [
  { key_pattern: "/near/*", class: "standard" },
  { key_pattern: "/alone/*", class: "session", write_policy: "write-around", window_ms: 5000 },
  { key_pattern: "/*", class: "hot" },
];
const EACH = LIMITS.sharedBody;
const FITTING = Math.floor(LIMITS.collectedOfSite / (EACH - LIMITS.collectedFreely));
const FRESH: HeaderList = [
  ["cache-control", "max-age=60"],
  ["etag", '"a"'],
];

type End = "whole" | "short" | "broken" | "too large";

/** A body that begins, and goes on when it is told how. */
interface Held {
  readonly goOn: (end: End) => void;
  cancelled: boolean;
}

let lone: LoneEdge;
let l2: SmallL2;
/** By path. */
let coming: Map<string, Held>;

beforeEach(async () => {
  coming = new Map();
  l2 = smallL2(() => lone.now);
  // What is waited for does not give up: its time is not what is tested.
  const timers = { ...systemTimers, after: () => () => {}, sleep: async () => undefined };
  lone = loneEdge(POLICIES, { midTier: l2, blobs: memoryBlobs(), timers });
  lone.origin = ({ url }: OriginRequest) => {
    const { pathname } = new URL(url);
    return pathname.includes("held") ? heldBody(pathname) : whole(pathname);
  };
  await lone.beat();
});

function heldBody(path: string): OriginOutcome {
  const going = Promise.withResolvers<End>();
  const held: Held = { goOn: going.resolve, cancelled: false };
  coming.set(path, held);
  const length = path.includes("unannounced") ? null : EACH;
  let left = [EACH - 1, 1, 1];
  const source: ByteSource = {
    length,
    async read() {
      if (left.length === 3) return piece();
      const end = await going.promise;
      if (end === "broken") throw new Error("broken");
      if (end !== "too large") left = left.length === 2 && end === "whole" ? [1] : [];
      return piece();
    },
    cancel() {
      held.cancelled = true;
      going.resolve("short");
    },
  };
  const piece = () => {
    const size = left.shift();
    return size === undefined ? null : new Uint8Array(size);
  };
  return { kind: "answer", status: 200, headers: FRESH, body: { kind: "source", source } };
}

function whole(path: string): OriginOutcome {
  const size = path.includes("small") ? 1 : EACH;
  let left: number | null = size;
  const source: ByteSource = {
    length: path.includes("unannounced") ? null : size,
    async read() {
      const octets = left;
      left = null;
      return octets === null ? null : new Uint8Array(octets);
    },
    cancel() {
      left = null;
    },
  };
  return { kind: "answer", status: 200, headers: FRESH, body: { kind: "source", source } };
}

/** As many as there is room for, whose bodies have all but come. */
async function fill(kind = "held"): Promise<Reply[]> {
  const open = Array.from({ length: FITTING }, (_, index) => lone.open(`/${kind}/${index}`));
  const replies = await Promise.all(open);
  await turns();
  return replies;
}

const endAll = (end: End): void => {
  for (const { goOn } of coming.values()) goOn(end);
};

async function statusOf(path: string): Promise<string> {
  const { cacheStatus } = await lone.get(path);
  await turns();
  return cacheStatus;
}

const notStored = (): number =>
  lone.edge.counters.sites.get("default")?.get("session")?.notStored.get("no-room") ?? 0;

const STORED = /^tidegate-l2; fwd=uri-miss; fwd-status=200; stored/;
const NEAR_ALONE = "tidegate-l2; fwd=uri-miss; fwd-status=200, tidegate-l1; fwd=uri-miss; fwd-status=200";

describe("beyond it", () => {
  beforeEach(async () => {
    await fill();
  });

  test("an answer goes to its client, is stored nowhere, and is counted", async () => {
    const reply = await lone.get("/alone/new");
    expect(reply.body.kind === "bytes" ? reply.body.bytes.length : null).toBe(EACH);
    expect(reply.cacheStatus).toBe(`${NEAR_ALONE}; detail=no-room`);
    await turns();
    expect([notStored(), l2.fills]).toEqual([1, 0]);
    expect(await statusOf("/alone/new")).toContain("detail=no-room");
  });

  test("an ordinary page is shared and stored all the same", async () => {
    const crowd = await Promise.all([1, 2, 3].map(() => lone.get("/alone/small-unannounced")));
    expect(crowd.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(lone.asked).toHaveLength(FITTING + 1);
  });

  test("its lease goes back, and nothing is said of the key", async () => {
    await statusOf("/alone/new");
    expect(l2.markers).toEqual([null]);
  });

  test("those who wait for it go for themselves at once", async () => {
    const crowd = await Promise.all([1, 2, 3].map(() => lone.open("/alone/new")));
    expect(crowd.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(lone.asked).toHaveLength(FITTING + 3);
  });

  test.each(["/near/a", "/hot"])(
    "where its class keeps answers near, or large ones, it streams there: %s",
    async (path) => {
      expect(await statusOf(path)).toBe(`${NEAR_ALONE}; stored`);
      await turns();
      expect(await statusOf(path)).toMatch(/^tidegate-l1; hit/);
      expect(l2.markers).toEqual([null]);
    },
  );

  test("one of unknown length is let go of as it comes", async () => {
    expect((await readAll((await lone.open("/alone/unannounced")).body)).length).toBe(EACH);
    await turns();
    expect([notStored(), l2.fills]).toEqual([1, 0]);
    expect(l2.markers).toEqual([null]);
  });

  test("a part goes to whoever asked for it alone", async () => {
    const part: HeaderList = [...FRESH, ["content-range", `bytes 0-${EACH - 1}/${2 * EACH}`]];
    const { origin } = lone;
    lone.origin = async (request) =>
      ({ ...(await origin(request)), status: 206, headers: part }) as OriginOutcome;
    const reply = await lone.get("/alone/new", { headers: [["range", `bytes=0-${EACH - 1}`]] });
    expect([reply.status, reply.cacheStatus]).toEqual([
      206,
      `${NEAR_ALONE.replaceAll("200", "206")}; detail=no-room`,
    ]);
  });
});

describe("there is room again", () => {
  /** All that there was is free: as many fit as before. */
  async function fitsAnew(): Promise<void> {
    await turns();
    coming.clear();
    const again = await fill("anew/held");
    for (const { cacheStatus } of again) expect(cacheStatus).toMatch(STORED);
    expect(await statusOf("/alone/new")).toContain("detail=no-room");
  }

  test("when answers have been stored, and not before", async () => {
    const stored = Promise.withResolvers<void>();
    l2.fillTakes = () => stored.promise;
    await fill();
    endAll("whole");
    await turns();
    expect(await statusOf("/alone/new")).toContain("detail=no-room");
    stored.resolve();
    await fitsAnew();
    expect(l2.fills).toBe(FITTING);
  });

  test.each<End>(["short", "broken"])("when they end %s", async (end) => {
    await fill();
    endAll(end);
    await fitsAnew();
    expect(l2.fills).toBe(0);
  });

  test("when they turn out too large", async () => {
    await fill("unannounced/held");
    endAll("too large");
    await fitsAnew();
  });

  test("when their clients have left, and they have come for others all the same", async () => {
    for (const { body } of await fill()) if (body.kind === "source") body.source.cancel("client gone");
    endAll("whole");
    await fitsAnew();
    expect(l2.fills).toBe(FITTING);
  });

  test("when what did not fit has gone to its client", async () => {
    await fill();
    await statusOf("/alone/unannounced");
    endAll("whole");
    await fitsAnew();
  });

  test("some time after they were lost with their requests", async () => {
    await fill();
    lone.now += LIMITS.uploadDeadline + LIMITS.followerGuard + 1;
    await lone.beat();
    expect(await statusOf("/new")).toMatch(STORED);
  });
});

test("small answers fit beside large ones", async () => {
  await fill();
  coming.get("/held/0")?.goOn("whole");
  await turns();
  expect(await statusOf("/small")).toMatch(STORED);
});
