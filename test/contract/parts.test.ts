// What is known of an answer that was put together from parts.

import { expect, test } from "vitest";
import type { HeaderList } from "../../shared/core/headers.ts";
import { HOST, loneEdge } from "../support/lone-edge.ts";

const CONTENT = "0123456789";

/** The part of the content that the origin is asked for. */
function partOf(headers: HeaderList): { text: string; from: number; to: number } {
  const range = headers.find(([name]) => name === "range")?.[1] ?? "";
  const [, from = "0", to = "9"] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  return { text: CONTENT.slice(Number(from), Number(to) + 1), from: Number(from), to: Number(to) };
}

test("a whole is as old, and was asked for as early, as its first part", async () => {
  const lone = loneEdge([{ key_pattern: "/*", class: "hot" }]);
  lone.origin = ({ headers }) => {
    const { text, from, to } = partOf(headers);
    const bytes = new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
    return {
      kind: "answer",
      status: 206,
      headers: [
        ["cache-control", "max-age=600"],
        ["etag", '"one"'],
        ["content-range", `bytes ${from}-${to}/10`],
      ],
      body: { kind: "bytes", bytes },
    };
  };
  await lone.beat();
  const firstAskedAt = lone.now;
  await lone.get("/a", { headers: [["range", "bytes=0-4"]] });
  await lone.settled();
  lone.now += 3000;
  await lone.get("/a", { headers: [["range", "bytes=5-9"]] });
  await lone.settled();
  const { edge } = lone;
  const route = edge.router.route({ url: `https://${HOST}/a`, header: () => null });
  const held = route === null ? undefined : edge.memory.find(route.rules, route.key)?.held;
  expect(held?.answer.length).toBe(10);
  expect(held?.bornAt).toBe(firstAskedAt);
  expect(held?.sentAt).toBe(firstAskedAt);
});
