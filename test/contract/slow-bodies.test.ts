// Who waits for a body that is slow to come, and for how long, where only a part was asked for, or few may have it.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import type { Body } from "../../shared/ports/body.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { type EdgesTogether, edgesTogether } from "../support/edges-together.ts";

const CONTENT = "01234567";
const TAGGED: HeaderList = [
  ["cache-control", "max-age=60"],
  ["etag", '"a"'],
];

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** One octet every so often. */
function drip(together: EdgesTogether, text: string, every: number, cancel = () => {}): Body {
  let at = 0;
  const source = {
    length: text.length,
    async read() {
      if (at === text.length) return null;
      await together.takes(every);
      at += 1;
      return bytes(text[at - 1] ?? "");
    },
    cancel,
  };
  return { kind: "source", source };
}

const answer = (status: number, headers: HeaderList, body: Body): OriginOutcome => ({
  ...{ kind: "answer", status, headers, body },
});

/** The octets that were asked for; all of them where it was no range. */
function rangeOf({ headers }: OriginRequest): { text: string; headers: HeaderList } | null {
  const range = headerValue(headers, "range");
  if (range === null) return null;
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  const last = to === "" ? CONTENT.length - 1 : Number(to);
  const stated = `bytes ${from}-${last}/${CONTENT.length}`;
  const text = CONTENT.slice(Number(from), last + 1);
  return { text, headers: [...TAGGED, ["content-range", stated]] };
}

/** How long each of them waited for all that it asked for. */
async function waits(
  together: EdgesTogether,
  requests: readonly { edge: number; range?: string }[],
): Promise<number[]> {
  const waited: number[] = [];
  for (const [index, { edge, range }] of requests.entries()) {
    const lone = together.edges[edge];
    if (lone === undefined) throw new Error("no edge");
    const since = lone.now;
    const headers: HeaderList = range === undefined ? [] : [["range", range]];
    void lone.get("/a", { headers }).then(() => {
      waited[index] = lone.now - since;
    });
    await together.pass(50);
  }
  await together.pass(45_000);
  return waited;
}

describe("a part", () => {
  const FIRST = "bytes=0-3";

  test("whose rest drips is given up after two seconds for the whole, which all edges get", async () => {
    const together = await edgesTogether(2);
    const asked: (string | null)[] = [];
    let cancelled = 0;
    together.origin((request) => {
      const part = rangeOf(request);
      asked.push(headerValue(request.headers, "range"));
      if (part === null) return answer(200, TAGGED, { kind: "bytes", bytes: bytes(CONTENT) });
      const isFirst = part.text.startsWith("0");
      return answer(
        206,
        part.headers,
        drip(together, part.text, isFirst ? 0 : 10_000, () => {
          cancelled += 1;
        }),
      );
    });
    void together.edges[0]?.get("/a", { headers: [["range", FIRST]] });
    await together.pass(100);
    const waited = await waits(together, [{ edge: 0 }, { edge: 0 }, { edge: 1 }]);
    expect(Math.max(...waited)).toBeLessThanOrEqual(LIMITS.shortPatience + 100);
    expect(asked).toEqual([FIRST, "bytes=4-", null]);
    expect([cancelled, together.l2.fills]).toEqual([1, 1]);
  });

  test("that drips is waited for ten seconds by those who ask for the same", async () => {
    const together = await edgesTogether(1);
    together.origin((request) => {
      const part = rangeOf(request);
      const every = together.asked() === 1 ? 10_000 : 10;
      return answer(206, part?.headers ?? [], drip(together, part?.text ?? "", every));
    });
    const [, follower = 0] = await waits(together, [
      { edge: 0, range: FIRST },
      { edge: 0, range: FIRST },
    ]);
    expect(follower).toBeLessThanOrEqual(LIMITS.bodyPatience + 100);
  });
});

describe("what has to be validated each time and is another one by now", () => {
  const page = (version: number): HeaderList => [
    ["cache-control", "no-cache"],
    ["etag", `"${version}"`],
  ];

  async function held(every: number): Promise<{ together: EdgesTogether; asked: () => number }> {
    const together = await edgesTogether(1);
    let version = 1;
    together.origin(async () => {
      await together.takes(250);
      return answer(200, page(version), drip(together, CONTENT, every));
    });
    await waits(together, [{ edge: 0 }]);
    version = 2;
    const before = together.asked();
    return { together, asked: () => together.asked() - before };
  }

  test("is fetched once for all who came before it was asked for", async () => {
    const { together, asked } = await held(10);
    const crowd = Array.from({ length: 50 }, () => together.edges[0]?.get("/a"));
    await together.pass(1000);
    expect((await Promise.all(crowd)).map((reply) => reply?.status)).toEqual(crowd.map(() => 200));
    expect(asked()).toBe(1);
  });

  test("is fetched seldom for those who keep coming", async () => {
    const { together, asked } = await held(10);
    const all = [];
    for (let n = 0; n < 100; n++) {
      all.push(together.edges[0]?.get("/a"));
      await together.pass(10);
    }
    await together.pass(2000);
    expect((await Promise.all(all)).map((reply) => reply?.status)).toEqual(all.map(() => 200));
    // One after the other, for those who came meanwhile; each for himself it would be a hundred.
    expect(asked()).toBeLessThanOrEqual(10);
  });

  test("and drips, is waited for two seconds by them, and not at all by whoever comes then", async () => {
    const { together } = await held(10_000);
    const [edge] = together.edges;
    if (edge === undefined) throw new Error("no edge");
    const since = edge.now;
    const waited: number[] = [];
    const open = (): void => void edge.open("/a").then(() => waited.push(edge.now - since));
    for (let n = 0; n < 3; n++) open();
    await together.pass(300);
    open();
    await together.pass(5000);
    const [first = 0, late = 0, ...followers] = waited;
    expect(first).toBeLessThanOrEqual(300);
    expect(late).toBeLessThanOrEqual(600);
    expect(followers).toHaveLength(2);
    expect(Math.max(...followers)).toBeLessThanOrEqual(LIMITS.shortPatience + 600);
  });
});

describe("a body that stops coming", () => {
  /** Half of it, and then nothing, as often as is said; then whole at once. */
  function stopsComing(together: EdgesTogether, times: number): void {
    together.origin(() => {
      if (together.asked() > times) return answer(200, TAGGED, { kind: "bytes", bytes: bytes(CONTENT) });
      let begun = false;
      const source = {
        length: CONTENT.length,
        async read() {
          if (begun) await together.takes(60_000);
          begun = true;
          return bytes(CONTENT.slice(0, 4));
        },
        cancel() {},
      };
      return answer(200, TAGGED, { kind: "source", source });
    });
  }

  /** A request each 50 ms at each of three edges in turn. */
  async function crowd(
    together: EdgesTogether,
    span: number,
  ): Promise<{ whole: () => number; sent: number }> {
    let whole = 0;
    let sent = 0;
    for (; sent < span / 50; sent++) {
      void together.edges[sent % 3]?.get("/a").then(({ body }) => {
        if (body.kind === "bytes" && new TextDecoder().decode(body.bytes) === CONTENT) whole += 1;
      });
      await together.pass(50);
    }
    return { whole: () => whole, sent };
  }

  test("is fetched once more for all who wait for it, and no other edge goes for itself", async () => {
    const together = await edgesTogether(3);
    stopsComing(together, 1);
    const { whole, sent } = await crowd(together, 15_000);
    expect(whole()).toBe(sent - 1);
    // Once more at each of them, and not by everybody who waits.
    expect(together.asked()).toBeLessThanOrEqual(4);
  });

  test("each time is waited for once more, and then no longer than what drips", async () => {
    const together = await edgesTogether(1);
    stopsComing(together, 1000);
    const [edge] = together.edges;
    if (edge === undefined) throw new Error("no edge");
    const began = edge.now;
    const waited: { came: number; span: number }[] = [];
    for (let n = 0; n < 90; n++) {
      const came = edge.now - began;
      void edge.open("/a").then(() => waited.push({ came, span: edge.now - began - came }));
      await together.pass(1000);
    }
    const late = waited.filter(({ came, span }) => came > 10_000 && span > LIMITS.bodyPatience + 100);
    expect(late).toEqual([]);
    expect(waited.length).toBeGreaterThan(70);
  });

  test("each time holds no chain of edges up", async () => {
    const together = await edgesTogether(6);
    stopsComing(together, 1000);
    let begun = 0;
    for (const edge of together.edges) void edge.open("/a").then(() => (begun += 1));
    await together.pass(LIMITS.bodyPatience + 1000);
    expect(begun).toBe(6);
  });

  test("and comes after all is not kept: what was asked for since is newer", async () => {
    const together = await edgesTogether(1);
    together.origin(() => {
      const text = `${together.asked()}`.repeat(CONTENT.length);
      if (together.asked() > 1) return answer(200, TAGGED, { kind: "bytes", bytes: bytes(text) });
      let at = 0;
      const source = {
        length: text.length,
        async read() {
          if (at === text.length) return null;
          if (at > 0) await together.takes(14_000);
          at += 4;
          return bytes(text.slice(0, 4));
        },
        cancel() {},
      };
      return answer(200, TAGGED, { kind: "source", source });
    });
    await waits(together, [{ edge: 0 }, { edge: 0 }]);
    const reply = await together.edges[0]?.get("/a");
    expect(reply?.body).toEqual({ kind: "bytes", bytes: bytes("22222222") });
    expect(together.asked()).toBe(2);
  });
});
