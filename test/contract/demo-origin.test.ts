// What the demo origin promises to those who try a cache with it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startKeptDemoOrigin } from "../../dev/demo-origin/kept-place.ts";
import { type DemoOrigin, startDemoOrigin } from "../../dev/demo-origin/server.ts";

let origin: DemoOrigin;
let now: number;

beforeEach(async () => {
  now = Date.UTC(2026, 6, 1, 12, 0, 0);
  origin = await startDemoOrigin({ port: 0, now: () => now });
});

afterEach(() => origin.close());

function ask(path: string, init?: RequestInit): Promise<Response> {
  return fetch(origin.url + path, init);
}

function put(path: string, body: string): Promise<Response> {
  return ask(path, { method: "PUT", body });
}

const pages =
  "/ /products/1 /api/products /news/1 /images/2.svg /images/2.png /clock /hot/scores /live/scores";
const others = "/slow?ms=0 /session/a /account /error?status=503 /robots.txt /sitemap.xml /no/such/page";
const paths = `${pages} ${others}`.split(" ");

test.each(paths)(
  "%s states length, date and its number, and HEAD answers the same without a body",
  async (path) => {
    const got = await ask(path);
    const body = await got.arrayBuffer();
    const head = await ask(path, { method: "HEAD" });
    expect((await head.arrayBuffer()).byteLength).toBe(0);
    for (const answer of [got, head]) {
      expect(answer.headers.get("content-length")).toBe(String(body.byteLength));
      expect(answer.headers.get("date")).toBe("Wed, 01 Jul 2026 12:00:00 GMT");
    }
    expect([got.status, got.headers.get("x-origin-request")]).toEqual([head.status, "1"]);
    expect(head.headers.get("x-origin-request")).toBe("2");
    expect(origin.requests()).toMatchObject({ total: 2, byPath: { [path.replace(/\?.*/, "")]: 2 } });
  },
);

test("a product has tags, a lifetime and validators, and an unchanged one is answered 304", async () => {
  const first = await ask("/products/3");
  expect(first.headers.get("cache-tag")).toBe("products,product-3");
  expect(first.headers.get("cache-control")).toBe("public, max-age=60, stale-while-revalidate=30");
  const etag = first.headers.get("etag") ?? "";
  const modified = first.headers.get("last-modified") ?? "";
  const conditions = [
    { "if-none-match": `"other", W/${etag}` },
    { "if-modified-since": modified },
    { "if-none-match": "*" },
  ];
  for (const headers of conditions) expect((await ask("/products/3", { headers })).status).toBe(304);
  const both = { "if-none-match": '"other"', "if-modified-since": modified };
  expect((await ask("/products/3", { headers: both })).status).toBe(200);
  expect((await ask("/products/3", { headers: { "if-match": '"other"' } })).status).toBe(412);
  expect(origin.requests().notModified).toBe(3);
});

test("a changed product shows in its page, its JSON and both validators", async () => {
  const before = await ask("/products/3");
  now += 5_000;
  const changed = await put("/api/products/3", JSON.stringify({ name: "<b>Tide</b>", priceCents: 100 }));
  expect(await changed.json()).toMatchObject({
    id: 3,
    priceCents: 100,
    changedAt: "2026-07-01T12:00:05.000Z",
  });
  const after = await ask("/products/3");
  expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
  expect(after.headers.get("last-modified")).toBe("Wed, 01 Jul 2026 12:00:05 GMT");
  expect(await after.text()).not.toContain("<b>Tide");
  expect(await (await ask("/api/products/3")).json()).toMatchObject({ name: "<b>Tide</b>" });
});

test.each([
  ["{", 400],
  ["[]", 400],
  ["{}", 400],
  ['{"priceCents":-1}', 400],
  ['{"colour":"red"}', 400],
  [JSON.stringify({ about: "x".repeat(64 * 1024) }), 413],
  [`{"priceCents":1}${" ".repeat(64 * 1024 - 16)}`, 200],
])("a change of %.20s… is answered %i", async (body, status) => {
  expect((await put("/api/products/3", body)).status).toBe(status);
});

test("what is not there is 404, what is not allowed 405", async () => {
  for (const path of ["/products/99", "/images/25.png", "/images/01.png", "/assets/app.0.js"]) {
    expect((await ask(path)).status, path).toBe(404);
  }
  expect((await put("/api/products/99", '{"stock":1}')).status).toBe(404);
  const wrong = await put("/products/1", "{}");
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

test("the home page's assets exist and never change", async () => {
  const home = await (await ask("/")).text();
  const assets = home.match(/\/assets\/app\.[0-9a-f]{12}\.(?:js|css)/g) ?? [];
  expect(assets).toHaveLength(2);
  for (const path of assets) {
    expect((await ask(path)).headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  }
});

test.each([
  ["bytes=0-0", 206, 0, 1],
  ["bytes=5242870-", 206, 5_242_870, 5_242_880],
  ["bytes=-10", 206, 5_242_870, 5_242_880],
  ["bytes=5242879-9999999", 206, 5_242_879, 5_242_880],
  ["bytes=0-1,3-4", 200, 0, 5_242_880],
  ["bytes=5-2", 200, 0, 5_242_880],
])("of the large file %s is answered %i with exactly those bytes", async (range, status, from, to) => {
  const whole = Buffer.from(await (await ask("/blob/5mb.bin")).arrayBuffer());
  const part = await ask("/blob/5mb.bin", { headers: { range } });
  expect(part.status).toBe(status);
  expect(whole.subarray(from, to).equals(Buffer.from(await part.arrayBuffer()))).toBe(true);
  expect(part.headers.get("content-range")).toBe(status === 206 ? `bytes ${from}-${to - 1}/5242880` : null);
});

test("a range past the end is 416, and one of another version is the whole file", async () => {
  const past = await ask("/blob/5mb.bin", { headers: { range: "bytes=5242880-" } });
  expect([past.status, past.headers.get("content-range")]).toEqual([416, "bytes */5242880"]);
  const other = await ask("/blob/5mb.bin", { headers: { range: "bytes=0-0", "if-range": '"other"' } });
  expect(other.status).toBe(200);
});

test("a PNG is one: its rows inflate to the size that its header states", async () => {
  const png = Buffer.from(await (await ask("/images/7.png")).arrayBuffer());
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
  expect(rows.byteLength).toBe(height * (1 + width * 3));
});

test.each(["/clock", "/hot/scores"])(
  "%s is the same within a second and another in the next",
  async (path) => {
    const first = await (await ask(path)).text();
    now += 999;
    expect(await (await ask(path)).text()).toBe(first);
    now += 1;
    expect(await (await ask(path)).text()).not.toBe(first);
  },
);

test("a session's state belongs to its id and is not to be stored", async () => {
  await put("/session/a", '{"cart":[1]}');
  const answer = await ask("/session/a");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(await answer.json()).toEqual({ id: "a", state: { cart: [1] }, version: 1 });
  expect(await (await ask("/session/b")).json()).toEqual({ id: "b", state: null, version: 0 });
});

test("the account is private and sets a cookie", async () => {
  const { headers } = await ask("/account");
  expect(headers.get("cache-control")).toBe("private, no-store");
  expect(headers.getSetCookie()).toHaveLength(1);
});

test("the sitemap names pages at the host that was asked, and they exist", async () => {
  const xml = await (await ask("/sitemap.xml")).text();
  const places = [...xml.matchAll(/<loc>(.*?)<\/loc>/g)].map((match) => match[1] ?? "");
  expect(places).toContain(`${origin.url}/products/12`);
  for (const place of places) expect((await fetch(place, { method: "HEAD" })).status, place).toBe(200);
  expect(await raw("GET /robots.txt HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")).toContain(
    "Sitemap: http://shop.example/sitemap.xml\n",
  );
});

test("a slow page whose reader has left is no longer in flight", async () => {
  const leaving = new AbortController();
  const asked = ask("/slow?ms=10000", { signal: leaving.signal });
  await expect.poll(() => origin.requests().inFlight).toBe(1);
  leaving.abort();
  await expect(asked).rejects.toThrow();
  await expect.poll(() => origin.requests().inFlight).toBe(0);
});

function raw(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(origin.port, "127.0.0.1", () => socket.write(request));
    socket.on("data", (data) => {
      text += data.toString();
    });
    socket.on("end", () => resolve(text)).on("error", reject);
  });
}

describe("where it is", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "tidegate-demo-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** What one run after another finds it at. */
  async function placeOfRun(): Promise<string> {
    const demo = await startKeptDemoOrigin({ dir, host: "127.0.0.1" });
    await demo.close();
    return demo.url;
  }

  test("it is in the next run of a data directory again: by another name the site's answers would be invalidated", async () => {
    const first = await placeOfRun();
    expect(await placeOfRun()).toBe(first);
  });

  test("where somebody else has that port by then, or the file is spoilt, it is elsewhere from then on", async () => {
    const first = new URL(await placeOfRun());
    const other = await startDemoOrigin({ port: Number(first.port) });
    const second = await placeOfRun().finally(() => other.close());
    expect(second).not.toBe(first.href);
    expect(await placeOfRun()).toBe(second);
    writeFileSync(join(dir, "demo-origin-port"), "x");
    expect(await placeOfRun()).not.toBe(second);
  });
});
