// What a crowd over several edges waits for, and what it costs the origin, where one answer is of no use to the others.

import { describe, expect, test } from "vitest";
import type { Reply } from "../../edge/request.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { type EdgesTogether, edgesTogether } from "../support/edges-together.ts";

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
