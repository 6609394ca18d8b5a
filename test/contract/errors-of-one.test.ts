// What an origin says to one request alone: whoever waited with it gets nothing of that, and the key stays everybody's.

import { beforeEach, describe, expect, test } from "vitest";
import { MARKERS } from "../../edge/markers.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import type { LeaseMarker } from "../../shared/ports/mid-tier.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { smallL2, TURNS } from "../support/small-l2.ts";

let lone: LoneEdge;
/** What leases were given back with. */
let markers: readonly (LeaseMarker | null)[];

beforeEach(async () => {
  const midTier = smallL2(() => lone.now);
  markers = midTier.markers;
  lone = loneEdge([{ key_pattern: "/hot/*", class: "hot" }], { midTier, timers: TURNS });
  await lone.beat();
});

const FRESH: HeaderList = [["cache-control", "max-age=60"]];
const cookie = (value: string): HeaderList => [["cookie", value]];

const answer = (text: string, status = 200, headers: HeaderList = []): OriginOutcome => {
  const pieces = [new TextEncoder().encode(text), null];
  const source = { length: null, read: async () => pieces.shift() ?? null, cancel: () => undefined };
  return { kind: "answer", status, headers, body: { kind: "source", source } };
};

interface Got {
  readonly status: number;
  readonly text: string;
  readonly headers: HeaderList;
  readonly cacheStatus: string;
}

async function get(path: string, headers: HeaderList = []): Promise<Got> {
  const reply = await lone.get(path, { headers });
  const text = reply.body.kind === "bytes" ? new TextDecoder().decode(reply.body.bytes) : "";
  return { status: reply.status, headers: reply.headers, text, cacheStatus: reply.cacheStatus };
}

/** The others come while the origin has the first one's request; then it says what `says` makes of each one's fields. */
async function together(
  senders: readonly HeaderList[],
  says: (headers: HeaderList, nth: number) => OriginOutcome,
): Promise<Got[]> {
  const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  lone.origin = async ({ headers }) => {
    const nth = lone.asked.length;
    asked.resolve();
    await gate.promise;
    return says(headers, nth);
  };
  const [leader = [], ...others] = senders;
  const first = get("/hot/a", leader);
  await asked.promise;
  const rest = others.map((headers) => get("/hot/a", headers));
  // Nothing but the origin is waited for: by the next turn all of them have joined.
  await new Promise((resolve) => setImmediate(resolve));
  gate.resolve();
  const got = await Promise.all([first, ...rest]);
  await lone.settled();
  return got;
}

describe("of an error that is not stored", () => {
  const CROWD = [...Array(8).fill([]), cookie("sid=bob")] as readonly HeaderList[];

  test.each<[string, string | null]>([
    ["90", "90"],
    ["soon", null],
  ])("those who waited learn the pause it asks for: %s", async (said, told) => {
    const pause: HeaderList = [["retry-after", said]];
    const [, ...others] = await together([[], ...CROWD], () => answer("away", 503, pause));
    const heard = others.map(({ status, headers }) => [status, headerValue(headers, "retry-after")]);
    expect(heard).toEqual(CROWD.map(() => [503, told]));
    expect(lone.asked).toHaveLength(1);
  });

  test.each<[string, HeaderList]>([
    ["cookie", cookie("sid=alice")],
    ["x-api-key", [["x-api-key", "alice"]]],
  ])(
    "those who waited learn its status, and not the page that names the first one's %s",
    async (name, sent) => {
      const [alice, ...others] = await together([sent, ...CROWD], (headers) =>
        answer(`trace of ${headerValue(headers, name)}`, 500, [["x-trace", "alice"]]),
      );
      expect([alice?.status, alice?.text]).toEqual([500, `trace of ${sent[0]?.[1]}`]);
      expect(others).toHaveLength(CROWD.length);
      for (const other of others) {
        expect(JSON.stringify(other)).not.toContain("alice");
        expect([other.status, JSON.parse(other.text)]).toMatchObject([
          500,
          { code: "origin-error", status: 500 },
        ]);
        expect(headerValue(other.headers, "cache-control")).toBe("no-store");
      }
      expect(lone.asked).toHaveLength(1);
      expect(markers).toEqual([MARKERS.failing]);
    },
  );

  test("those who waited are told before its page has come to its end", async () => {
    const page = Promise.withResolvers<null>();
    lone.origin = () => {
      const source = { length: null, read: () => page.promise, cancel: () => undefined };
      return { kind: "answer", status: 503, headers: [], body: { kind: "source", source } };
    };
    const [alice, bob] = [get("/hot/a"), get("/hot/a")];
    expect((await bob).status).toBe(503);
    page.resolve(null);
    expect((await alice).status).toBe(503);
    expect(lone.asked).toHaveLength(1);
  });

  test.each<[string, HeaderList]>([
    ["private", [["cache-control", "private"]]],
    ["with a cookie", [["set-cookie", "sid=1"]]],
    ["of one variant", [["vary", "x-lang"]]],
  ])("%s nothing is said to others: they ask for themselves", async (_, headers) => {
    const got = await together([[], [], []], (_asked, nth) =>
      nth === 1 ? answer("for one", 500, headers) : answer("fine", 200, FRESH),
    );
    expect(got.map(({ text }) => text)).toEqual(["for one", "fine", "fine"]);
  });
});

describe("a verdict on one request", () => {
  const ACCEPT: HeaderList = [["accept", "x/y"]];
  const verdicts = [400, 406, 411, 412, 413, 415, 416, 417, 421, 425, 426, 428, 431];

  test.each(verdicts)("of %i leaves the key as it was for everybody else", async (status) => {
    lone.origin = ({ headers }) =>
      headerValue(headers, "accept") === "x/y" ? answer("no", status) : answer("fine", 200, FRESH);
    expect((await get("/hot/a", ACCEPT)).status).toBe(status);
    await lone.settled();
    expect(markers).toEqual([null]);
    expect((await get("/hot/a")).cacheStatus).toMatch(/fwd=uri-miss.*; stored/);
    await lone.settled();
    expect((await get("/hot/a")).cacheStatus).toMatch(/^tidegate-l1; hit/);
  });

  test("lets those go who waited for it, each for himself", async () => {
    const got = await together([ACCEPT, [], []], (headers) =>
      headerValue(headers, "accept") === "x/y" ? answer("no", 406) : answer("fine", 200, FRESH),
    );
    expect(got.map(({ text }) => text)).toEqual(["no", "fine", "fine"]);
    expect(markers).toEqual([null]);
  });

  test.each<[number, HeaderList]>([
    [200, [["cache-control", "no-store"]]],
    [200, [["cache-control", "private"]]],
    [200, [...FRESH, ["set-cookie", "sid=1"]]],
    [302, [["location", "/login"]]],
    [451, []],
  ])("is none of %i %j: nobody waits for the key for a while", async (status, headers) => {
    lone.origin = () => answer("of the resource", status, headers);
    await get("/a");
    await lone.settled();
    expect(markers).toEqual([MARKERS.uncacheable]);
    expect((await get("/a")).cacheStatus).toContain("fwd=bypass");
  });
});

describe("what one who asks is told", () => {
  const BOT: HeaderList = [["user-agent", "bot"]];
  const isBot = (headers: HeaderList): boolean => headerValue(headers, "user-agent") === "bot";
  const blocked = (status: number): OriginOutcome => answer("no", status, [["set-cookie", "a=1"]]);

  async function ask(path: string, headers: HeaderList = []): Promise<Got> {
    const got = await get(path, headers);
    await lone.settled();
    return got;
  }

  test.each([401, 403, 429])(
    "by a %i, of a key of which nothing is known, does not part a crowd",
    async (status) => {
      lone.origin = ({ headers }) => (isBot(headers) ? blocked(status) : answer("fine", 200, FRESH));
      expect((await ask("/hot/a", BOT)).status).toBe(status);
      expect(markers).toEqual([null]);
      expect((await ask("/hot/a")).cacheStatus).toMatch(/fwd=uri-miss.*; stored/);
      expect((await ask("/hot/a")).cacheStatus).toMatch(/^tidegate-l1; hit/);
    },
  );

  test.each([302, 303, 401, 403, 405, 429, 451])(
    "by a %i does not part a crowd of whom others are answered",
    async (status) => {
      lone.origin = ({ headers }) => (isBot(headers) ? blocked(status) : answer("fine", 200, FRESH));
      for (let n = 0; n < 3; n++) {
        expect((await ask("/hot/a")).cacheStatus).toMatch(/; stored/);
        lone.now += 700_000;
        expect((await ask("/hot/a", BOT)).status).toBe(status);
      }
      expect(markers).toEqual([null, null, null]);
    },
  );

  test.each([302, 401, 403, 429])("by a %i twice in a row is what everybody is told", async (status) => {
    lone.origin = () => answer("fine", 200, FRESH);
    await ask("/hot/a");
    lone.now += 700_000;
    lone.origin = () => blocked(status);
    await ask("/hot/a");
    expect((await ask("/hot/a")).cacheStatus).toContain("fwd=uri-miss");
    expect(markers).toEqual([null, MARKERS.uncacheable]);
    expect((await ask("/hot/a")).cacheStatus).toContain("fwd=bypass");
    // And the next time at once.
    lone.now += 10_001;
    expect((await ask("/hot/a")).cacheStatus).toContain("fwd=uri-miss");
    expect(markers).toEqual([null, MARKERS.uncacheable, MARKERS.uncacheable]);
  });

  test("and what those got who waited for him shows that it is for all", async () => {
    const got = await together([BOT, [], []], (headers) =>
      isBot(headers) ? blocked(403) : answer("fine", 200, FRESH),
    );
    expect(got.map(({ status }) => status)).toEqual([403, 200, 200]);
    lone.origin = () => blocked(403);
    await ask("/hot/a", BOT);
    expect(markers).toEqual([null, null]);
  });
});

describe("an error or a detour that a range got", () => {
  const RANGE: HeaderList = [["range", "bytes=0-999999999999999"]];

  test.each<[number, HeaderList]>([
    [400, FRESH],
    [404, []],
    [410, FRESH],
    [302, [...FRESH, ["location", "/elsewhere"]]],
    [500, FRESH],
  ])("of %i is not what the whole gets", async (status, stated) => {
    lone.origin = ({ headers }) =>
      headerValue(headers, "range") === null ? answer("whole", 200, FRESH) : answer("no", status, stated);
    const got = await get("/hot/a", RANGE);
    expect([got.status, got.text]).toEqual([status, "no"]);
    await lone.settled();
    expect((await get("/hot/a")).text).toBe("whole");
    expect(got.cacheStatus).toContain("detail=provoked");
    await lone.settled();
    expect((await get("/hot/a")).cacheStatus).toMatch(/^tidegate-l1; hit/);
    expect(lone.asked).toHaveLength(2);
  });

  test("is stored where the whole gets it", async () => {
    lone.origin = () => answer("no", 404);
    await get("/hot/a");
    await lone.settled();
    expect((await get("/hot/a", RANGE)).status).toBe(404);
    expect(lone.asked).toHaveLength(1);
  });
});
