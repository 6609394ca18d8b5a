// Different ranges asked at once of an origin that knows none: each is sent the whole, which is read once for all.

import { expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { Reply } from "../../edge/request.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { Body } from "../../shared/ports/body.ts";
import { type EdgesTogether, edgesTogether } from "../support/edges-together.ts";
import { memoryBlobs, readAll } from "../support/memory-blobs.ts";

const CROWD = 20;
const PIECE = 65_536;

interface Served {
  readonly replies: readonly (Pick<Reply, "status" | "cacheStatus"> & { readonly right: boolean })[];
  /** Octets that were read of the origin's answers. */
  readonly read: number;
}

/** Octets that tell where they stand. */
const octets = (from: number, length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => ((from + i) * 31 + ((from + i) >> 8)) & 255);

/** All of them ask for another range, or one of them for the whole, of what has so many octets. */
async function crowdOn(size: number, fields: HeaderList, whole = false): Promise<Served> {
  const together: EdgesTogether = await edgesTogether(1, [], (now) => memoryBlobs(now));
  let read = 0;
  together.origin(async () => {
    await together.takes(50);
    let at = 0;
    const source = {
      length: size,
      async read() {
        await together.takes(10);
        if (at >= size) return null;
        const piece = octets(at, Math.min(PIECE, size - at));
        at += piece.length;
        read += piece.length;
        return piece;
      },
      cancel() {
        at = size;
      },
    };
    const body: Body = { kind: "source", source };
    return { kind: "answer", status: 200, headers: fields, body };
  });
  const replies: Served["replies"][number][] = [];
  const [edge] = together.edges;
  for (let n = 0; n < CROWD; n++) {
    const headers: HeaderList = whole && n === 0 ? [] : [["range", `bytes=${n * 10}-${n * 10 + 9}`]];
    void edge?.open("/a", { headers }).then(async ({ status, cacheStatus, body }) => {
      const expected = status === 206 ? octets(n * 10, 10) : octets(0, size);
      const right = Buffer.from(await readAll(body)).equals(expected);
      replies.push({ status, cacheStatus, right });
    });
  }
  await together.pass(3000);
  return { replies, read };
}

const FRESH: HeaderList = [["cache-control", "max-age=60"]];

test.each([
  ["small", 100_000],
  ["large", LIMITS.sharedBody + 1],
])("what is %s", async (_, size) => {
  const { replies, read } = await crowdOn(size, FRESH);
  expect(replies).toHaveLength(CROWD);
  expect(replies.every(({ right }) => right)).toBe(true);
  expect(replies.filter(({ status }) => status === 206)).toHaveLength(CROWD - 1);
  expect(read).toBe(size);
});

test("by whoever asks for the whole, where somebody does", async () => {
  const { replies, read } = await crowdOn(100_000, FRESH, true);
  expect([replies.length, read]).toEqual([CROWD, 100_000]);
});

test("but what is nobody else's each of them reads himself", async () => {
  const { replies, read } = await crowdOn(1000, [["cache-control", "private"]]);
  expect(replies.filter(({ status, right }) => status === 200 && right)).toHaveLength(CROWD);
  expect(read).toBe(CROWD * 1000);
});
