// Traces as the eviction benchmark reads them: what it takes, and what it names as wrong.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { replay } from "../../bench/eviction/replay.ts";
import { readTrace, TraceError } from "../../bench/eviction/trace.ts";

const dir = mkdtempSync(join(tmpdir(), "tidegate-trace-"));
afterAll(() => rmSync(dir, { recursive: true }));

function file(content: string | Buffer): string {
  const path = join(dir, "trace.txt.gz");
  writeFileSync(path, typeof content === "string" ? gzipSync(content) : content);
  return path;
}

describe("a trace", () => {
  test("is replayed through every policy: hits of objects, and of their octets", async () => {
    const trace = readTrace(file("a,10\nb,30\r\na,10\nc,10\nb,30\n"));
    const { requests, bytes, policies } = await replay(trace, { amount: 2, unit: "entries" });
    expect([requests, bytes]).toEqual([5, 90]);
    expect(policies.find(({ policy }) => policy === "lru")).toMatchObject({
      hitRatio: 0.2,
      byteHitRatio: 0.1111,
    });
    expect(policies.find(({ policy }) => policy === "ttl")).toMatchObject({
      hitRatio: 0.4,
      byteHitRatio: 0.4444,
    });
  });

  test("may name no sizes, and then has no budget in bytes", async () => {
    const { policies } = await replay(readTrace(file("a\na")), { amount: 2, unit: "entries" });
    expect(policies.map(({ hitRatio }) => hitRatio)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
    await expect(replay(readTrace(file("a\na")), { amount: 2, unit: "bytes" })).rejects.toThrow(
      /names no size/,
    );
  });

  test.each<[string, string | Buffer, RegExp]>([
    ["a size that is no number", "a,1\nb,x\n", /:2: size "x" is not a whole number/],
    ["a size that no object has", "a,4294967296\n", /:1: size/],
    ["more than a key and a size", "a,1,2\n", /:1: must be "key" or "key,size"/],
    ["a line without a key", "a\n\nb\n", /:2: has no key/],
    ["no line at all", "", /has no lines/],
    ["text that is not gzip", Buffer.from("a\nb\n"), /is not gzip text/],
    ["gzip that is cut short", gzipSync("a\n".repeat(1000)).subarray(0, 25), /is not gzip text/],
  ])("with %s is refused by name", async (_what, content, message) => {
    const read = replay(readTrace(file(content)), { amount: 2, unit: "entries" });
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toBeInstanceOf(TraceError);
  });

  test("that is not there is said", async () => {
    const read = replay(readTrace(join(dir, "nowhere")), { amount: 2, unit: "entries" });
    await expect(read).rejects.toThrow(/ENOENT/);
  });
});
