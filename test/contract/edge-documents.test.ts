// What an edge reads for a warm-up: sitemaps page by page, compressed or not, within limits; and what it leaves for later.

import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { lookForHeld } from "../../edge/internal/look-for-held.ts";
import { readDocument } from "../../edge/internal/read-document.ts";
import { warm } from "../../edge/internal/warm.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { ByteSource } from "../../shared/ports/body.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { systemTimers } from "../../shared/runtime/system.ts";
import type { DocumentReply } from "../../shared/wire/document.ts";
import { HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const url = (path: string): string => `https://${HOST}${path}`;
const octets = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

let lone: LoneEdge;
beforeEach(async () => {
  lone = loneEdge();
  await lone.beat();
});

interface Given {
  readonly status?: number;
  readonly headers?: HeaderList;
  readonly pieces: readonly Uint8Array[];
  readonly breaksOff?: boolean;
}

function answered({ status = 200, headers = [], pieces, breaksOff = false }: Given): OriginOutcome {
  const left = [...pieces];
  const source: ByteSource = {
    length: null,
    async read() {
      const piece = left.shift();
      if (piece === undefined && breaksOff) throw new Error("broken off");
      return piece ?? null;
    },
    cancel: () => void left.splice(0),
  };
  return {
    kind: "answer",
    status,
    headers: [["cache-control", "no-store"], ...headers],
    body: { kind: "source", source },
  };
}

async function readAs(as: "sitemap" | "text", given: Given, from = 0): Promise<DocumentReply> {
  lone.origin = () => answered(given);
  return readDocument(lone.edge, UNKEPT, { url: url("/sitemap.xml"), as, from });
}

const sitemap = (paths: readonly string[]): string =>
  `<urlset>${paths.map((path) => `<url><loc>${url(path)}</loc></url>`).join("")}</urlset>`;
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `/${i}`);
const cut = (whole: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => whole.subarray(i * size, (i + 1) * size));

describe("a sitemap", () => {
  const text = octets(sitemap(numbered(300)));
  const whole = { kind: "sitemap", of: "pages", locations: numbered(300).map(url), next: null, fault: null };

  test.each<[string, Given]>([
    ["as it is", { pieces: [text] }],
    ["in small pieces", { pieces: cut(text, 7) }],
    ["compressed", { pieces: cut(gzipSync(text), 100) }],
    ["compressed on the way", { pieces: [gzipSync(text)], headers: [["content-encoding", "gzip"]] }],
    [
      "compressed both ways",
      { pieces: cut(gzipSync(gzipSync(text)), 1), headers: [["content-encoding", "x-gzip"]] },
    ],
    ["that says to be compressed and is not", { pieces: [text], headers: [["content-encoding", "gzip"]] }],
  ])("%s", async (_how, given) => {
    expect(await readAs("sitemap", given)).toEqual(whole);
  });

  test("comes page by page, and every location once", async () => {
    const paths = numbered(2 * LIMITS.documentLocations + 3);
    const read: string[] = [];
    const sizes: number[] = [];
    for (let from: number | null = 0; from !== null; ) {
      const page: DocumentReply = await readAs(
        "sitemap",
        { pieces: cut(octets(sitemap(paths)), 9999) },
        from,
      );
      if (page.kind !== "sitemap") throw new Error(page.kind);
      expect(page.fault).toBeNull();
      read.push(...page.locations);
      sizes.push(page.locations.length);
      from = page.next;
    }
    expect(sizes).toEqual([LIMITS.documentLocations, LIMITS.documentLocations, 3]);
    expect(read).toEqual(paths.map(url));
  });

  test("of long locations has shorter pages", async () => {
    const paths = numbered(400).map((path) => path.padEnd(8000, "x"));
    const page = await readAs("sitemap", { pieces: [octets(sitemap(paths))] });
    if (page.kind !== "sitemap") throw new Error(page.kind);
    expect(page.locations.join("").length).toBeLessThanOrEqual(LIMITS.documentCharacters);
    expect(page.next).toBe(page.locations.length);
  });

  test("an index is told as one", async () => {
    const index = "<sitemapindex><sitemap><loc>/a.xml.gz</loc></sitemap></sitemapindex>";
    expect(await readAs("sitemap", { pieces: [octets(index)] })).toMatchObject({
      of: "sitemaps",
      locations: ["/a.xml.gz"],
    });
  });

  test.each<[string, Given, string]>([
    ["that breaks off", { pieces: [text.subarray(0, 2000)], breaksOff: true }, "breaks off, or is damaged"],
    ["that ends too soon", { pieces: [text.subarray(0, 2000)] }, "breaks off before its end"],
    ["that is damaged", { pieces: [gzipSync(text).subarray(0, 500)] }, "breaks off, or is damaged"],
    [
      "with octets of no UTF-8",
      { pieces: [text.subarray(0, 2000), new Uint8Array([0xff, 0xfe, 0x3c])] },
      "is not UTF-8",
    ],
  ])("%s gives what came before, and says so", async (_what, given, fault) => {
    const page = await readAs("sitemap", given);
    if (page.kind !== "sitemap") throw new Error(JSON.stringify(page));
    expect(page.fault).toBe(fault);
    expect(page.locations[0]).toBe(url("/0"));
  });

  test("that grows beyond all measure is left", async () => {
    const bomb = gzipSync(`<urlset>${" ".repeat(LIMITS.sitemapOctets)}</urlset>`);
    expect(bomb.length).toBeLessThan(100_000);
    expect(await readAs("sitemap", { pieces: [bomb] })).toMatchObject({
      fault: `is larger than ${LIMITS.sitemapOctets} octets`,
    });
  });

  test("that takes too long is left", async () => {
    const slow = answered({ pieces: cut(text, 100) });
    if (slow.kind !== "answer" || slow.body.kind !== "source") throw new Error("no source");
    const { source } = slow.body;
    const late: ByteSource = {
      ...source,
      async read() {
        lone.now += 1000;
        return source.read();
      },
    };
    lone.origin = () => ({ ...slow, body: { kind: "source", source: late } });
    const page = await readDocument(lone.edge, UNKEPT, { url: url("/slow.xml"), as: "sitemap", from: 0 });
    expect(page).toMatchObject({ kind: "sitemap", fault: "takes longer than 15 seconds" });
  });
});

describe("what is no sitemap", () => {
  test.each<[string, Given, DocumentReply]>([
    [
      "a page",
      { pieces: [octets("<html>")] },
      { kind: "unreadable", reason: "is no sitemap: it begins with <html>", passing: false },
    ],
    ["nothing", { pieces: [] }, { kind: "unreadable", reason: "is no sitemap", passing: false }],
    [
      "not there",
      { status: 404, pieces: [octets("no")] },
      { kind: "unreadable", reason: "was answered with 404", passing: false },
    ],
    [
      "moved",
      { status: 301, headers: [["location", "http://169.254.169.254/"]], pieces: [] },
      { kind: "moved", to: "http://169.254.169.254/" },
    ],
    [
      "moved nowhere",
      { status: 302, pieces: [] },
      { kind: "unreadable", reason: "was answered with 302", passing: false },
    ],
    [
      "in a coding that is not read",
      { headers: [["content-encoding", "br"]], pieces: [octets("x")] },
      { kind: "unreadable", reason: 'comes in the coding "br", which is not read', passing: false },
    ],
  ])("%s", async (_what, given, told) => {
    expect(await readAs("sitemap", given)).toEqual(told);
  });

  test("a redirect is told, and not followed", async () => {
    await readAs("sitemap", { status: 302, headers: [["location", "/other.xml"]], pieces: [] });
    expect(lone.asked.map((request) => request.url)).toEqual([url("/sitemap.xml")]);
  });

  test("a text is told as a whole, or not at all", async () => {
    expect(await readAs("text", { pieces: cut(octets("größer"), 1) })).toEqual({
      kind: "text",
      text: "größer",
    });
    const large = { pieces: [octets(" ".repeat(LIMITS.textOctets + 1))] };
    expect(await readAs("text", large)).toMatchObject({ kind: "unreadable" });
  });
});

describe("an origin that takes no more", () => {
  const BUDGET = { rate: 1, burst: 4, share: { rate: 1, burst: 4 } };
  const call = { urls: ["/a", "/b"].map(url), concurrency: 1, into: "edges", v: 1 } as const;

  beforeEach(async () => {
    lone = loneEdge([], {}, BUDGET);
    await lone.beat();
    lone.origin = () => answered({ pieces: [octets("fine")], headers: [["cache-control", "max-age=60"]] });
    lone.budget = async () => {
      lone.now += 3000;
      return { kind: "refused", wait: 1000 as never };
    };
  });

  test("is asked for a batch again and again, and then later; what is not begun by then is for later too", async () => {
    expect(await warm(lone.edge, UNKEPT, call)).toEqual([
      { url: url("/a"), status: 503, result: "later" },
      { url: url("/b"), status: 0, result: "later" },
    ]);
    expect(lone.asked).toEqual([]);
  });

  test("leaves a document for later", async () => {
    expect(await readDocument(lone.edge, UNKEPT, { url: url("/s"), as: "sitemap", from: 0 })).toEqual({
      kind: "later",
    });
  });

  test("gives what may not be stored no other way around its budget", async () => {
    lone.budget = async () => ({ kind: "granted", after: 0 as never });
    lone.origin = () => answered({ pieces: [octets("mine")] });
    expect(await warm(lone.edge, UNKEPT, { ...call, urls: [url("/a")] })).toMatchObject([
      { result: "not-stored" },
    ]);
    let taken = 0;
    lone.budget = async () => {
      taken += 1;
      return { kind: "granted", after: 0 as never };
    };
    // Known not to be storable by now.
    await warm(lone.edge, UNKEPT, { ...call, urls: [url("/a")] });
    expect([taken, lone.asked.length]).toEqual([1, 2]);
  });
});

test("an origin that fails is a failure, also while it is left alone", async () => {
  const sleep = async (span: number): Promise<void> => {
    if (span <= 1000) lone.now += span;
  };
  lone = loneEdge([], { timers: { ...systemTimers, sleep } });
  await lone.beat();
  lone.origin = () => {
    lone.now += LIMITS.originBreaker.lasting / 8;
    return { kind: "unreachable", reason: "refused", detail: "closed" };
  };
  const urls = Array.from({ length: 30 }, (_, i) => url(`/${i}`));
  const results = await warm(lone.edge, UNKEPT, { v: 1, urls, concurrency: 1, into: "edges" });
  const failed = results.filter(({ result }) => result === "failed").length;
  // Ten of them close it; from then on each has to wait for the pause to end.
  expect(failed).toBeGreaterThan(10);
  expect(lone.asked.length).toBeLessThan(30);
  expect(results.slice(failed).every(({ status, result }) => status === 0 && result === "later")).toBe(true);
});

test("an edge says which targets it holds, and fetches none", async () => {
  lone.origin = () => ({
    ...{
      kind: "answer",
      status: 200,
      headers: [
        ["cache-control", "max-age=60"],
        ["vary", "accept-language"],
      ],
    },
    body: { kind: "bytes", bytes: octets("fine") },
  });
  await lone.get("/a", { headers: [["accept-language", "de"]] });
  await lone.settled();
  const targets = [`${url("/a")}\naccept-language: de`, `${url("/a")}\naccept-language: fr`, url("/b")];
  expect(await lookForHeld(lone.edge, UNKEPT, targets)).toEqual({
    edge: "one",
    held: ["memory", null, null],
  });
  expect(lone.asked).toHaveLength(1);
  lone.now += 61_000;
  expect((await lookForHeld(lone.edge, UNKEPT, targets)).held).toEqual([null, null, null]);
});
