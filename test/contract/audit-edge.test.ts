// What an edge lets its auditor see of the reads that it serves, and how a few of them are compared with the origin.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import type { AuditSample } from "../../shared/wire/audit.ts";
import { EPOCH, HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

// So that a test need not serve ten thousands of hits to bring one of them to the origin.
const { auditOriginEvery } = LIMITS;
beforeAll(() => void Object.assign(LIMITS, { auditOriginEvery: 5 }));
afterAll(() => void Object.assign(LIMITS, { auditOriginEvery }));

let lone: LoneEdge;

const answer = (text: string, headers: HeaderList = [], status = 200): OriginOutcome => ({
  kind: "answer",
  status,
  headers: [["cache-control", "max-age=600"], ["cache-tag", "a"], ...headers],
  body: { kind: "bytes", bytes: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer> },
});

beforeEach(async () => {
  lone = loneEdge([
    { key_pattern: "/*", class: "hot", refresh_strategy: "swr" },
    { key_pattern: "/ahead/*", class: "hot", ttl: "20s", ttl_mode: "override" },
  ]);
  lone.origin = () => answer("one");
  await lone.beat();
});

/** Everything is sampled that names the tag and is older than the next entry of the log. */
const WATCHED = [{ selector: "default t a", position: `${EPOCH}-1` }];

async function samples(): Promise<readonly AuditSample[]> {
  return (await lone.beat()).audit?.samples ?? [];
}

describe("what is seen", () => {
  test("not what the origin has just said, and then the hit", async () => {
    await lone.get("/a");
    await lone.settled();
    expect(await samples()).toEqual([]);
    lone.now += 700;
    await lone.get("/a");
    lone.now += 50;
    expect(await samples()).toEqual([
      {
        class: "hot",
        tier: "l1Memory",
        result: "hit",
        why: "random",
        asOf: `${EPOCH}-0`,
        verifiedTo: `${EPOCH}-0`,
        view: `${EPOCH}-0`,
        knownAgeMs: 700,
        agoMs: 50,
        ageMs: 700,
        askedBeforeMs: 700,
        boundMs: 5000,
        selectors: expect.arrayContaining(["default t a", `default u ${HOST}/a`, "default e"]),
        inForce: [],
      },
    ]);
  });

  test("those who waited for another's fetch, and stale answers, are told of as such", async () => {
    await lone.get("/first");
    await lone.settled();
    await lone.beat({ watch: WATCHED });
    const { promise, resolve } = Promise.withResolvers<void>();
    lone.origin = async () => {
      await promise;
      return answer("two");
    };
    const both = [lone.get("/b"), lone.get("/b")];
    await Promise.resolve();
    resolve();
    await Promise.all(both);
    await lone.settled();
    lone.append({ kind: "invalidate", mode: "soft", selectors: ["default t a" as Selector] });
    const waited = (await lone.beat({ watch: WATCHED })).audit?.samples ?? [];
    await lone.get("/b");
    await lone.settled();
    const seen = [...waited, ...(await samples())].map(({ tier, result, view }) => ({ tier, result, view }));
    expect(seen).toContainEqual({ tier: "origin", result: "coalesced", view: `${EPOCH}-0` });
    expect(seen).toContainEqual({ tier: "l1Memory", result: "stale", view: `${EPOCH}-1` });
  });

  test("what a warm-up asks for is nobody's read", async () => {
    for (let i = 0; i < 3 * LIMITS.auditEvery; i++) {
      await lone.get("/a", { purpose: "warm-up" });
      await lone.settled();
    }
    expect(lone.asked).toHaveLength(1);
    expect(await samples()).toEqual([]);
  });

  test("a reply that is lost loses no sample, and none is told of twice", async () => {
    await lone.get("/a");
    await lone.settled();
    await lone.get("/a");
    const numberOf = async (counted: number | null) => {
      const { audit } = await lone.beat({
        counted: counted === null ? null : { boot: "boot", number: counted },
      });
      return audit === null ? null : [audit.number, audit.samples.length];
    };
    expect(await numberOf(null)).toEqual([1, 1]);
    expect(await numberOf(null)).toEqual([1, 1]);
    expect(await numberOf(0)).toEqual([1, 1]);
    expect(await numberOf(1)).toBeNull();
  });
});

describe("compared with the origin", () => {
  const ETAG: HeaderList = [["etag", '"one"']];

  /** As many hits as bring one sample to the origin. */
  async function hits(path = "/a", headers: HeaderList = []): Promise<void> {
    for (let i = 0; i < 2.2 * LIMITS.auditEvery * LIMITS.auditOriginEvery; i++) {
      const reply = lone.get(path, { headers });
      if (i === 0) await reply;
      if (lone.asked.length > 0) break;
    }
    await lone.settled();
  }

  async function stored(first: OriginOutcome): Promise<void> {
    lone.origin = () => first;
    await lone.get("/a");
    await lone.settled();
    lone.now += LIMITS.auditOriginAge;
    await lone.beat();
    lone.asked.length = 0;
  }

  const counts = async (): Promise<Record<string, number>> => {
    const { counters } = await lone.beat();
    const entries = Object.entries(counters).filter(([name]) => name.startsWith("audit|"));
    return Object.fromEntries(entries.map(([name, count]) => [name.replace("audit|hot|origin", ""), count]));
  };

  test.each<[string, OriginOutcome, OriginOutcome, "Same" | "Differs" | "Unknown"]>([
    ["confirms the validator", answer("one", ETAG), answer("", ETAG, 304), "Same"],
    ["sends the same one again", answer("one", ETAG), answer("one", ETAG), "Same"],
    ["has another one", answer("one", ETAG), answer("two", [["etag", '"two"']]), "Differs"],
    ["has none any more", answer("one", ETAG), answer("gone", [], 404), "Differs"],
    ["fails", answer("one", ETAG), answer("oops", [], 500), "Unknown"],
    ["is away", answer("one", ETAG), { kind: "unreachable", reason: "refused", detail: "" }, "Unknown"],
    ["sends the same octets", answer("one"), answer("one"), "Same"],
    ["sends others", answer("one"), answer("two"), "Differs"],
    ["sends them otherwise coded", answer("one"), answer("one", [["content-encoding", "gzip"]]), "Unknown"],
    ["sends too many", answer("one"), answer("x".repeat(LIMITS.auditOriginBody + 1)), "Unknown"],
  ])("the origin %s: %s", async (_what, first, second, outcome) => {
    await stored(first);
    lone.origin = () => second;
    await hits();
    expect(lone.asked).toHaveLength(1);
    const all = { Same: 0, Differs: 0, Unknown: 0 };
    expect(await counts()).toEqual({ ...all, [outcome]: 1 });
    const reply = await lone.get("/a");
    expect(reply.body).toMatchObject({ kind: "bytes", bytes: new TextEncoder().encode("one") });
    expect(reply.cacheStatus).toContain("hit");
  });

  test("by a plain conditional GET, once in a while, and counted as what it costs", async () => {
    await stored(answer("one", ETAG));
    const fetches = (): number =>
      Object.values(lone.edge.counters.sites.get("default")?.get("hot")?.asked ?? {}).reduce(
        (a, b) => a + b,
        0,
      );
    const before = fetches();
    lone.origin = () => answer("", ETAG, 304);
    await hits();
    expect(lone.asked).toMatchObject([{ method: "GET", url: `https://${HOST}/a` }]);
    expect(lone.asked[0]?.headers).toContainEqual(["if-none-match", '"one"']);
    expect(fetches()).toBe(before + 1);
    lone.asked.length = 0;
    lone.now += LIMITS.auditOriginPause - 1;
    await lone.beat();
    await hits();
    expect(lone.asked).toHaveLength(0);
    lone.now += 1;
    await hits();
    expect(lone.asked).toHaveLength(1);
  });

  test("hardly ever what is renewed ahead: by that the origin is asked already", async () => {
    lone.origin = () => answer("one", ETAG);
    const compared = async (): Promise<number> => {
      lone.now += 60_000;
      await lone.beat();
      await lone.get("/ahead/a");
      await lone.settled();
      lone.now += LIMITS.auditOriginAge;
      lone.asked.length = 0;
      await hits("/ahead/a");
      return lone.asked.length;
    };
    expect(await compared()).toBe(1);
    expect(await compared()).toBe(0);
    lone.now += LIMITS.auditOriginLives * 20_000;
    expect(await compared()).toBe(1);
  });

  test.each(["authorization", "cookie"])("never by a request with %s", async (name) => {
    await stored(answer("one", [...ETAG, ["cache-control", "public"]]));
    await hits("/a", [[name, "secret"]]);
    expect(lone.asked).toHaveLength(0);
  });

  test("not what was asked for a moment ago", async () => {
    await stored(answer("one", ETAG));
    lone.now -= 1;
    await hits();
    expect(lone.asked).toHaveLength(0);
  });

  test("an origin that fails is left alone for a while", async () => {
    await stored(answer("one", ETAG));
    lone.origin = () => answer("oops", [], 500);
    await hits();
    lone.asked.length = 0;
    lone.now += LIMITS.auditOriginRest - 1;
    lone.edge.view.current();
    await lone.beat();
    await hits();
    expect(lone.asked).toHaveLength(0);
    lone.now += 1;
    await hits();
    expect(lone.asked).toHaveLength(1);
  });

  test("what was invalidated while the origin was asked is no difference", async () => {
    await stored(answer("one", ETAG));
    lone.origin = async () => {
      lone.append({ kind: "invalidate", mode: "hard", selectors: ["default t a" as Selector] });
      await lone.beat();
      return answer("two", [["etag", '"two"']]);
    };
    await hits();
    expect(await counts()).toEqual({ Same: 0, Differs: 0, Unknown: 1 });
  });
});
