// Large immutable files over real processes: whole, in ranges, by a crowd, after a purge and after an edge has died.

import { randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, expect, test } from "vitest";
import type { TestCluster } from "../support/cluster.ts";
import { sha256, until } from "../support/http.ts";
import type { Page } from "../support/origin.ts";

const MEBIBYTE = 1_048_576;
const SIZE = 12 * MEBIBYTE + 7;
/** As an edge's limits have it. */
const CHUNK = 2 * MEBIBYTE;

export const FILES_POLICY = { key_pattern: "/files/*", class: "immutable" };

/** Declares the tests, on two edges with a bucket each; both are killed and come back. */
export function large(stage: () => TestCluster): void {
  let cluster: TestCluster;
  beforeAll(() => {
    cluster = stage();
  });

  /** What the origin was asked of a path: `Range`, or null for the whole. */
  function publish(path: string, content: () => { body: Buffer; etag: string }): (string | null)[] {
    const asked: (string | null)[] = [];
    cluster.site.set(path, (request) => {
      asked.push(request.headers.range ?? null);
      return pageOf(request, content());
    });
    return asked;
  }

  function pageOf({ headers }: IncomingMessage, { body, etag }: { body: Buffer; etag: string }): Page {
    if ((headers["if-match"] ?? etag) !== etag) return { status: 412, body: "" };
    const about = { etag, "accept-ranges": "bytes" };
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "");
    if (range === null) return { headers: about, body };
    const [from, to] = [Number(range[1]), range[2] ? Number(range[2]) : body.length - 1];
    const stated = { ...about, "content-range": `bytes ${from}-${to}/${body.length}` };
    return { status: 206, headers: stated, body: body.subarray(from, to + 1) };
  }

  /** Its supervisor starts it again after a second. */
  async function killAndReturn(edge: number, meanwhile = () => {}): Promise<void> {
    const pid = cluster.edges[edge]?.pid() ?? 0;
    process.kill(pid, "SIGKILL");
    meanwhile();
    await until(
      () => Promise.resolve(cluster.edges[edge]?.pid() ?? pid),
      (now) => now !== pid,
      { withinMs: 10_000, everyMs: 50 },
    );
    await until(
      () => cluster.get(edge, "/files/ready").catch(() => null),
      (got) => got !== null,
      { withinMs: 15_000, everyMs: 100 },
    );
  }

  const rangeOf = (from: number, to: number) => ({ range: `bytes=${from}-${to}` });

  test("a file is read once from the origin: by a crowd, again, in ranges, and by the edge that comes after", async () => {
    const body = randomBytes(SIZE);
    const asked = publish("/files/crowd", () => ({ body, etag: '"1"' }));
    const crowd = await Promise.all([1, 2, 3].map(() => cluster.get(0, "/files/crowd")));
    for (const got of crowd) expect(sha256(got.body)).toBe(sha256(body));
    await until(
      () => cluster.get(0, "/files/crowd"),
      (got) => got.cacheStatus.startsWith("tidegate-l1; hit") && sha256(got.body) === sha256(body),
      { withinMs: 10_000 },
    );
    expect(asked.length).toBeLessThanOrEqual(2);
    const before = asked.length;
    await killAndReturn(0);
    for (const at of [0, CHUNK - 5, SIZE - 100]) {
      const got = await until(
        () => cluster.get(0, "/files/crowd", rangeOf(at, at + 50)).catch(() => null),
        (got) => got?.status === 206,
        { withinMs: 10_000, everyMs: 100 },
      );
      expect(got?.body.equals(body.subarray(at, at + 51))).toBe(true);
    }
    expect(asked.length).toBe(before);
  }, 60_000);

  test("a range of what is held nowhere has its own chunks fetched; browsers are told that it never changes", async () => {
    const body = randomBytes(SIZE);
    const asked = publish("/files/range", () => ({ body, etag: '"1"' }));
    const at = 3 * CHUNK - 10;
    const got = await cluster.get(1, "/files/range", rangeOf(at, at + 99));
    expect([got.status, got.headers["content-range"]]).toEqual([206, `bytes ${at}-${at + 99}/${SIZE}`]);
    expect(got.headers["cache-control"]).toBe("max-age=31536000, immutable");
    expect(got.body.equals(body.subarray(at, at + 100))).toBe(true);
    const chunks = [`bytes=${2 * CHUNK}-${3 * CHUNK - 1}`, `bytes=${3 * CHUNK}-${4 * CHUNK - 1}`];
    expect(asked).toEqual([`bytes=${at}-${at + 99}`, ...chunks]);
    await until(
      () => cluster.get(1, "/files/range", rangeOf(at - 1000, at + 2000)).then(() => asked.splice(0).length),
      (requests) => requests === 0,
      { withinMs: 5000 },
    );
  });

  test("after a purge no octet of it is served, though the origin kept its validator", async () => {
    let body = randomBytes(SIZE);
    publish("/files/purged", () => ({ body, etag: '"same"' }));
    expect(sha256((await cluster.get(0, "/files/purged")).body)).toBe(sha256(body));
    body = randomBytes(SIZE);
    await cluster.purge({ urls: ["http://site.test/files/purged"] });
    const part = await cluster.get(0, "/files/purged", rangeOf(CHUNK, CHUNK + 10));
    expect(part.body.equals(body.subarray(CHUNK, CHUNK + 11))).toBe(true);
    expect(sha256((await cluster.get(0, "/files/purged")).body)).toBe(sha256(body));
  }, 30_000);

  test("an origin that has another file by now: whoever comes gets that, and never a mixture", async () => {
    let file = { body: randomBytes(SIZE), etag: '"1"' };
    publish("/files/changed", () => file);
    await cluster.get(1, "/files/changed", rangeOf(5, 10));
    file = { body: randomBytes(SIZE), etag: '"2"' };
    // Its first chunk is held, and no other is to be had any more.
    await expect(cluster.get(1, "/files/changed")).rejects.toThrow();
    const whole = await until(
      () => cluster.get(1, "/files/changed").catch(() => null),
      (got) => got !== null,
      { withinMs: 5000 },
    );
    expect(whole !== null && sha256(whole.body)).toBe(sha256(file.body));
  }, 30_000);

  test("what the data centre's cache has lost comes from the bucket, and not from the origin", async () => {
    // No other file here ends in a chunk of this length.
    const tail = 11;
    const body = randomBytes(6 * CHUNK + tail);
    const asked = publish("/files/bucket", () => ({ body, etag: '"1"' }));
    expect(sha256((await cluster.get(1, "/files/bucket")).body)).toBe(sha256(body));
    const cache = join(cluster.data, cluster.edges[1]?.id ?? "", "cache");
    const bucket = join(cluster.data, cluster.edges[1]?.id ?? "", "bucket");
    // It is put last, and behind the answer's end.
    await until(
      () => Promise.resolve(lengthsIn(bucket)),
      (lengths) => lengths.includes(tail),
      { withinMs: 10_000, everyMs: 100 },
    );
    await killAndReturn(1, () => rmSync(cache, { recursive: true, force: true }));
    const got = await until(
      () => cluster.get(1, "/files/bucket").catch(() => null),
      (answer) => answer?.status === 200,
      { withinMs: 15_000, everyMs: 200 },
    );
    expect(got !== null && sha256(got.body)).toBe(sha256(body));
    expect(got?.cacheStatus).toMatch(/^tidegate-l2; hit/);
    const middle = await cluster.get(1, "/files/bucket", rangeOf(CHUNK - 5, CHUNK + 5));
    expect(middle.body.equals(body.subarray(CHUNK - 5, CHUNK + 6))).toBe(true);
    expect(asked).toEqual([null]);
  }, 60_000);

  /** Of its objects, by the bucket's own index. */
  function lengthsIn(bucket: string): number[] {
    return readdirSync(bucket, { recursive: true, withFileTypes: true })
      .filter(({ name }) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
      .flatMap(({ parentPath, name }) => lengthsOf(join(parentPath, name)));
  }

  function lengthsOf(index: string): number[] {
    const database = new DatabaseSync(index, { readOnly: true });
    const rows = database.prepare("SELECT size FROM _mf_objects").all();
    database.close();
    return rows.map(({ size }) => Number(size));
  }
}
