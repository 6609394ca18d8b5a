// What a crowd over several edges waits for, and what it costs the origin, where one answer is of no use to the others.

import { describe, expect, test } from "vitest";
import { routeCounters } from "../../edge/counters.ts";
import type { Reply } from "../../edge/request.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { type EdgesTogether, edgesTogether } from "../support/edges-together.ts";
import { loneEdge } from "../support/lone-edge.ts";

const answer = (text: string, status = 200, headers: HeaderList = []): OriginOutcome => {
  const pieces = [new TextEncoder().encode(text), null];
  const source = { length: null, read: async () => pieces.shift() ?? null, cancel: () => undefined };
  return { kind: "answer", status, headers, body: { kind: "source", source } };
};

const control = (value: string): HeaderList => [["cache-control", value]];

/** One request every so often, by turns at every edge; how long each one waited. */
async function one(
  together: EdgesTogether,
  { every, times, headers = () => [] }: { every: number; times: number; headers?: (n: number) => HeaderList },
): Promise<{ waited: number[]; replies: Reply[] }> {
  const waited: number[] = [];
  const replies: Reply[] = [];
  for (let n = 0; n < times; n++) {
    const edge = together.edges[n % together.edges.length];
    if (edge === undefined) throw new Error("no edge");
    const since = edge.now;
    void edge.get("/a", { headers: headers(n) }).then((reply) => {
      waited.push(edge.now - since);
      replies.push(reply);
    });
    await together.pass(every);
  }
  await together.pass(3000);
  expect(waited).toHaveLength(times);
  return { waited, replies };
}

describe("what has to be validated each time", () => {
  const TOOK = 250;
  const tagged: HeaderList = [...control("no-cache"), ["etag", '"a"']];
  const old = new Date(1_700_000_000_000).toUTCString();

  test.each<[string, HeaderList, (request: OriginRequest) => boolean]>([
    ["by a tag", tagged, ({ headers }) => headerValue(headers, "if-none-match") !== null],
    ["by a tag, with another one each time", tagged, () => false],
    [
      "by its date",
      [...control("max-age=0, must-revalidate"), ["last-modified", old]],
      ({ headers }) => headerValue(headers, "if-modified-since") !== null,
    ],
  ])("%s keeps no edge waiting for another", async (_, headers, isKnown) => {
    const together = await edgesTogether(3);
    together.origin(async (request) => {
      await together.takes(TOOK);
      return isKnown(request) ? answer("", 304, headers) : answer("page", 200, headers);
    });
    await one(together, { every: 25, times: 3 });
    const { waited, replies } = await one(together, { every: 25, times: 120 });
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    // One that is under way when it comes, and its own.
    expect(Math.max(...waited)).toBeLessThanOrEqual(2 * TOOK + 50);
  });

  test("is validated once for all who came to an edge before that was sent", async () => {
    const together = await edgesTogether(2);
    together.origin(async ({ headers }) => {
      await together.takes(TOOK);
      return headerValue(headers, "if-none-match") === null
        ? answer("page", 200, tagged)
        : answer("", 304, tagged);
    });
    await one(together, { every: 25, times: 2 });
    const before = together.asked();
    const [first] = together.edges;
    const crowd = Array.from({ length: 20 }, () => first?.get("/a"));
    await together.pass(TOOK + 50);
    expect((await Promise.all(crowd)).map((reply) => reply?.status)).toEqual(crowd.map(() => 200));
    expect(together.asked() - before).toBe(1);
  });
});

describe("a key that everybody is turned away from", () => {
  const TOOK = 250;

  test.each([302, 401, 403, 404, 429])("with %i keeps nobody waiting for another", async (status) => {
    const together = await edgesTogether(3);
    together.origin(async () => {
      await together.takes(TOOK);
      return answer("no", status, [["set-cookie", "a=1"]]);
    });
    await one(together, { every: 25, times: 30 });
    const { waited } = await one(together, { every: 25, times: 120 });
    expect(Math.max(...waited)).toBeLessThanOrEqual(TOOK + 20);
  });

  test("is asked for by few while something stale is served to all", async () => {
    const together = await edgesTogether(3);
    together.origin(() => answer("page", 200, control("max-age=60, stale-while-revalidate=30")));
    await one(together, { every: 10, times: 3 });
    await together.pass(61_000);
    const before = together.asked();
    together.origin(async () => {
      await together.takes(20);
      return answer("slow down", 429, [["retry-after", "30"]]);
    });
    const { replies } = await one(together, { every: 10, times: 300 });
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    // Each edge finds out for itself.
    expect(together.asked() - before).toBeLessThanOrEqual(3 * together.edges.length);
  });

  test("only by a bot's looks is fetched once an expiry for all others", async () => {
    const together = await edgesTogether(3);
    const isBot = (headers: HeaderList): boolean => headerValue(headers, "user-agent") === "bot";
    let good = 0;
    together.origin(async ({ headers }) => {
      const bot = isBot(headers);
      if (!bot) good += 1;
      await together.takes(300);
      return bot ? answer("no", 403) : answer("page", 200, control("max-age=1"));
    });
    const headers = (n: number): HeaderList => [["user-agent", n % 4 === 0 ? "bot" : "mozilla"]];
    await one(together, { every: 16, times: 300, headers });
    // Who waited with a bot for what that was refused asks for himself; were the key given up for ten seconds it would be 92.
    expect(good).toBeLessThanOrEqual(20);
  });
});

describe("a crowd at all edges is not parted", () => {
  const page = (more: HeaderList = []): OriginOutcome =>
    answer("page", 200, [...control("max-age=60"), ...more]);

  test.each<[string, HeaderList]>([
    ["and has no validator", []],
    ["and has one", [["etag", '"one"']]],
  ])("by one answer that is past its life when it comes %s", async (_, more) => {
    const together = await edgesTogether(3);
    let sent = 0;
    together.origin(async () => {
      sent += 1;
      const first = sent === 1;
      await together.takes(250);
      return page([...more, ...(first ? [["age", "61"] as const] : [])]);
    });
    await one(together, { every: 10, times: 200 });
    // Those who waited with it, one isolate after the other; 50 and more where each goes for himself.
    expect(together.asked()).toBeLessThanOrEqual(20);
  });

  test("by what somebody's credentials got", async () => {
    const together = await edgesTogether(3);
    const own = control("public, max-age=0, must-revalidate");
    together.origin(async ({ headers }) => {
      await together.takes(250);
      return headerValue(headers, "authorization") === null
        ? page()
        : answer("his", 200, [...own, ["etag", '"his"']]);
    });
    const his = together.edges[0]?.get("/a", { headers: [["authorization", "x"]] });
    await together.pass(400);
    await his;
    const before = together.asked();
    const crowd = together.edges.flatMap((edge) => Array.from({ length: 50 }, () => edge.get("/a")));
    await together.pass(6000);
    await Promise.all(crowd);
    expect(together.asked() - before).toBe(1);
  });
});

describe("while the origin is said to fail", () => {
  test("what comes of it all the same is kept in the data centre of whoever asked", async () => {
    const together = await edgesTogether(2);
    together.origin(async () => {
      const isFirst = together.asked() === 1;
      await together.takes(10);
      return isFirst ? answer("oops", 500) : answer("page", 200, control("max-age=60"));
    });
    void together.edges[0]?.get("/a");
    await together.pass(50);
    await one(together, { every: 30, times: 30 });
    expect(together.asked()).toBeLessThanOrEqual(1 + together.edges.length);
  });

  test("L2 is asked seldom behind those who are served what is stale", async () => {
    const together = await edgesTogether(2);
    together.origin(() => answer("page", 200, control("max-age=1, stale-while-revalidate=60")));
    await one(together, { every: 10, times: 2 });
    const { read } = together.l2;
    let reads = 0;
    together.l2.read = async (query) => {
      reads += 1;
      return read(query);
    };
    together.origin(() => answer("oops", 503));
    await one(together, { every: 5, times: 200 });
    // Who has tried knows it himself; the others look again as often as somebody who waits.
    expect(reads).toBeLessThanOrEqual(60);
    // In two seconds, at two edges.
    expect(together.asked()).toBeLessThanOrEqual(1 + 2 * 2);
  });
});

/** A body that comes in pieces, one every so often. */
function drip(together: EdgesTogether, headers: HeaderList, { every = 500, pieces = 8 } = {}): OriginOutcome {
  let left = pieces;
  const source = {
    length: null,
    async read() {
      if (left === 0) return null;
      if (left < pieces) await together.takes(every);
      left -= 1;
      return new TextEncoder().encode("piece ");
    },
    cancel: () => undefined,
  };
  return { kind: "answer", status: 200, headers, body: { kind: "source", source } };
}

describe("a body that drips", () => {
  const EVENTS: HeaderList = [["content-type", "text/event-stream; charset=utf-8"]];
  const POLICIES = [{ key_pattern: "/hot/*", class: "hot" }];
  const date = new Date(1_700_000_000_000).toUTCString();

  /** How long each of those waited for a first word who came after the first one, at the same edge and at another. */
  async function waits(together: EdgesTogether, path: string, come: readonly number[]): Promise<number[]> {
    const [here, there] = together.edges;
    if (here === undefined || there === undefined) throw new Error("no edge");
    const waited: number[] = [];
    void here.get(path);
    let at = 0;
    for (const next of come) {
      await together.pass(next - at);
      at = next;
      for (const edge of [here, there]) {
        const since = edge.now;
        void edge.open(path).then(() => waited.push(edge.now - since));
      }
    }
    await together.pass(40_000);
    expect(waited).toHaveLength(2 * come.length);
    return waited;
  }

  test.each<[string, string, HeaderList]>([
    ["events, under a policy with a life", "/hot/a", EVENTS],
    ["events, with a tag", "/a", [...EVENTS, ...control("no-cache"), ["etag", '"q"']]],
    [
      "events, with a date",
      "/a",
      [...EVENTS, ...control("max-age=0, must-revalidate"), ["last-modified", date]],
    ],
    ["events, with a life of their own", "/a", [...EVENTS, ...control("max-age=5")]],
    ["a page that is validated each time", "/a", [...control("no-cache"), ["etag", '"q"']]],
    ["what was old when it came", "/a", [...control("max-age=60"), ["age", "90"]]],
  ])("of %s keeps nobody waiting", async (_, path, headers) => {
    const together = await edgesTogether(2, POLICIES);
    together.origin(async () => {
      await together.takes(60);
      return drip(together, headers, { pieces: 60 });
    });
    // Its beginning, of which nothing is known, and their own.
    expect(Math.max(...(await waits(together, path, [400, 3000, 20_000])))).toBeLessThanOrEqual(200);
  });

  test("and that others may be served is waited for ten seconds, and not by all who come then", async () => {
    const together = await edgesTogether(2);
    together.origin(() => drip(together, control("max-age=60"), { pieces: 24 }));
    const [first = 0, second = 0, ...later] = await waits(together, "/a", [600, 10_500]);
    expect(Math.max(first, second)).toBeLessThanOrEqual(10_000);
    expect(Math.max(...later)).toBeLessThanOrEqual(50);
    expect(together.l2.fills).toBe(0);
    for (const edge of together.edges)
      expect((await edge.get("/a")).cacheStatus).toMatch(/^tidegate-l1; hit/);
  });

  test("quick enough is stored for all edges, and fetched once", async () => {
    const together = await edgesTogether(2);
    together.origin(() => drip(together, control("max-age=60")));
    expect(Math.max(...(await waits(together, "/a", [600])))).toBeLessThanOrEqual(4000);
    expect([together.asked(), together.l2.fills]).toEqual([1, 1]);
  });

  test("behind those who are served what is stale is not asked for once more meanwhile", async () => {
    const together = await edgesTogether(1);
    together.origin(() => answer("page", 200, control("max-age=60, stale-while-revalidate=30")));
    await one(together, { every: 10, times: 1 });
    await together.pass(60_000);
    const before = together.asked();
    together.origin(() => drip(together, control("max-age=60, stale-while-revalidate=30")));
    const { replies } = await one(together, { every: 100, times: 60 });
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    expect(together.asked() - before).toBe(1);
    expect(replies.at(-1)?.cacheStatus).toMatch(/^tidegate-l1; hit; ttl=[1-9]/);
  });
});

test.each([
  ["a cold edge", false],
  ["an edge that knows the log", true],
])("what %s is sent is counted once, wherever it is stored", async (_, knows) => {
  const lone = loneEdge();
  lone.logAnswers = knows;
  if (knows) await lone.beat();
  lone.origin = () => {
    const bytes = new TextEncoder().encode("twelve bytes");
    return { kind: "answer", status: 200, headers: control("max-age=60"), body: { kind: "bytes", bytes } };
  };
  expect((await lone.get("/a")).status).toBe(200);
  await lone.settled();
  const { bytesFromOrigin } = routeCounters(lone.edge.counters, { site: "default", class: "standard" });
  expect(bytesFromOrigin).toBe(12);
});

describe("Cache-Status says why the origin was asked for what another edge holds", () => {
  const POLICIES = [{ key_pattern: "/hot/*", class: "hot", request_directives: "honor" }];

  test.each<[string, string, HeaderList, number, number]>([
    ["request", "a client who wants it anew, and it is the same", control("no-cache"), 1000, 304],
    ["request", "a client who wants it anew, and it is another", control("no-cache"), 1000, 200],
    ["stale", "its life is over, and it is the same", [], 100_000, 304],
    ["stale", "its life is over, and it is another", [], 100_000, 200],
  ])("%s: %s", async (forward, _, sent, later, status) => {
    const together = await edgesTogether(2, POLICIES);
    const [here, there] = together.edges;
    const held: HeaderList = [...control("max-age=60"), ["etag", '"a"']];
    together.origin(() => answer("page", 200, held));
    await here?.get("/hot/a");
    await together.pass(later);
    together.origin(() => answer(status === 304 ? "" : "other", status, held));
    const reply = await there?.get("/hot/a", { headers: sent });
    expect(reply?.cacheStatus).toContain(`fwd=${forward}`);
    expect(reply?.cacheStatus).not.toContain("uri-miss");
  });
});
