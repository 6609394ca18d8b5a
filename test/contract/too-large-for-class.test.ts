// What is larger than its class may be in L2: edges that wait for one another get nothing by it.

import { expect, test } from "vitest";
import { edgesTogether } from "../support/edges-together.ts";

const TAKES = 400;
/** Of class `session` L2 takes 64 KiB. */
const BODY = new Uint8Array(65 * 1024);

test("edges ask the origin side by side, and not one after the other", async () => {
  const together = await edgesTogether(6, [
    { id: "s", key_pattern: "/s/*", class: "session", write_policy: "write-around", window_ms: 5000 },
  ]);
  together.origin(async () => {
    await together.takes(TAKES);
    const headers = [["cache-control", "max-age=60"]] as const;
    return { kind: "answer", status: 200, headers, body: { kind: "bytes", bytes: BODY } };
  });
  const waited: number[] = [];
  for (const edge of together.edges) {
    const since = edge.now;
    void edge.get("/s/1").then(({ status }) => {
      expect(status).toBe(200);
      waited.push(edge.now - since);
    });
  }
  await together.pass(6 * TAKES);
  expect(waited).toHaveLength(6);
  // The first one's, in which the others learn that it is not for L2, and their own.
  expect(Math.max(...waited)).toBeLessThan(3 * TAKES);
});
