// What becomes of a crowd, and of the origin, when one of them gets something that is not for all while a stale answer is held.

import { beforeEach, describe, expect, test } from "vitest";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { smallL2, TURNS } from "../support/small-l2.ts";

let lone: LoneEdge;

beforeEach(async () => {
  lone = loneEdge([{ key_pattern: "/hot/*", class: "hot" }], {
    midTier: smallL2(() => lone.now),
    timers: TURNS,
  });
  await lone.beat();
});

const answer = (text: string, status = 200, headers: HeaderList = []): OriginOutcome => {
  const pieces = [new TextEncoder().encode(text), null];
  const source = { length: null, read: async () => pieces.shift() ?? null, cancel: () => undefined };
  return { kind: "answer", status, headers, body: { kind: "source", source } };
};

async function get(headers: HeaderList = []): Promise<string> {
  const reply = await lone.get("/hot/a", { headers });
  const text = reply.body.kind === "bytes" ? new TextDecoder().decode(reply.body.bytes) : "";
  return `${reply.status} ${text}`;
}

const control = (value: string): HeaderList => [["cache-control", value]];
const WHILE = control("public, max-age=60, stale-while-revalidate=30, stale-if-error=600");
const ERRORS = control("public, max-age=60, stale-if-error=600");
const TOKEN: HeaderList = [["authorization", "Bearer bad"]];
const COOKIE: HeaderList = [["cookie", "sid=1"]];

type Says = (request: OriginRequest) => OriginOutcome;
const to =
  (name: string, one: OriginOutcome, others: () => OriginOutcome): Says =>
  ({ headers }) =>
    headerValue(headers, name) === null ? others() : one;

async function hold(headers: HeaderList, age: number): Promise<void> {
  lone.origin = () => answer("old", 200, headers);
  await get();
  await lone.settled();
  lone.now += age;
  await lone.beat();
  lone.asked.length = 0;
}

const fresh = () => answer("new", 200, WHILE);

describe("after a refresh behind one of them", () => {
  test.each<[string, HeaderList, Says, string]>([
    ["was told to slow down", [], () => answer("slow down", 429, [["retry-after", "30"]]), "200 old"],
    ["was blocked", [], () => answer("blocked", 403), "200 old"],
    [
      "got what is a cookie's own",
      COOKIE,
      to("cookie", answer("mine", 200, control("private")), fresh),
      "200 old",
    ],
    [
      "heard that a cookie finds nothing",
      COOKIE,
      to("cookie", answer("none", 404, control("no-store")), fresh),
      "200 old",
    ],
    ["was sent to the login", TOKEN, to("authorization", answer("", 302), fresh), "200 old"],
    ["heard that there is nothing any more", [], () => answer("gone", 404, control("no-store")), "404 gone"],
  ])("that %s", async (_what, sender, says, crowd) => {
    await hold(WHILE, 65_000);
    lone.origin = says;
    expect(await get(sender)).toBe("200 old");
    await lone.settled();
    const before = lone.asked.length;
    const all = await Promise.all(Array.from({ length: 20 }, () => get()));
    await lone.settled();
    expect(new Set(all)).toEqual(new Set([crowd]));
    if (crowd === "200 old") expect(lone.asked.length - before).toBeLessThanOrEqual(1);
  });

  test.each<[string, OriginOutcome, HeaderList, number]>([
    ["was told to slow down", answer("slow down", 429, [["retry-after", "30"]]), [], 2],
    ["was sent to the login", answer("", 302, [["location", "/login"]]), [], 2],
    ["got what is nobody else's", answer("mine", 200, control("private")), [], 1],
    ["got what nobody may store", answer("new", 200, control("no-store")), [], 1],
  ])("that %s, those who come one after another do not ask again", async (_what, says, sender, most) => {
    await hold(WHILE, 65_000);
    lone.origin = () => ({ ...says });
    for (let n = 0; n < 100; n++) {
      expect(await get(sender)).toBe("200 old");
      await lone.settled();
      lone.now += 10;
    }
    expect(lone.asked.length).toBeLessThanOrEqual(most);
  });

  test("that brought nothing for all, it is tried again when ten seconds are over", async () => {
    await hold(WHILE, 61_000);
    lone.origin = () => answer("new", 200, control("no-store"));
    await get();
    await lone.settled();
    lone.now += 10_001;
    lone.origin = fresh;
    expect(await get()).toBe("200 old");
    await lone.settled();
    expect(await get()).toBe("200 new");
  });
});

describe("while one of them is at an origin", () => {
  test.each<[string, HeaderList, Says, string, number]>([
    ["that fails", [], () => answer("oops", 500), "200 old", 1],
    ["that fails, with credentials", TOKEN, () => answer("oops", 500), "200 old", 2],
    ["that knows no such credentials", TOKEN, to("authorization", answer("who", 401), fresh), "200 new", 2],
    [
      "that fails for a minute, in any coding",
      [],
      () => answer("away", 503, [...control("max-age=60"), ["vary", "accept-encoding"]]),
      "200 old",
      1,
    ],
    ["that fails with a cookie", [], () => answer("away", 503, [["set-cookie", "a=1"]]), "200 old", 1],
  ])("%s", async (_what, sender, says, others, asked) => {
    await hold(ERRORS, 100_000);
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    lone.origin = async (request) => {
      begun.resolve();
      await gate.promise;
      return says(request);
    };
    const first = get(sender);
    await begun.promise;
    const rest = Array.from({ length: 12 }, () => get());
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    gate.resolve();
    await first;
    expect(await Promise.all(rest)).toEqual(rest.map(() => others));
    await lone.settled();
    expect(lone.asked).toHaveLength(asked);
  });
});

describe("where the origin fails, it is tried once a second", () => {
  test.each<[string, HeaderList, number, OriginOutcome]>([
    ["behind those who are served what is stale", WHILE, 65_000, answer("oops", 500)],
    ["before those who get it because of that", ERRORS, 100_000, answer("oops", 500)],
    ["and so where nothing comes", ERRORS, 100_000, { kind: "unreachable", reason: "timeout", detail: "" }],
  ])("%s", async (_what, headers, age, says) => {
    await hold(headers, age);
    lone.origin = () => ({ ...says });
    for (let n = 0; n < 300; n++) {
      expect(await get()).toBe("200 old");
      await lone.settled();
      lone.now += 10;
    }
    expect(lone.asked.length).toBeGreaterThanOrEqual(3);
    expect(lone.asked.length).toBeLessThanOrEqual(4);
  });

  test("and by those for whom nothing is held", async () => {
    lone.origin = () => answer("oops", 500);
    expect(await get()).toBe("500 oops");
    await lone.settled();
    lone.origin = fresh;
    expect(await get()).toBe("200 new");
  });
});
