// An origin that fails, and what stands in for it at an edge that holds less than the others do.

import { expect, test } from "vitest";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { edgesTogether } from "../support/edges-together.ts";

const answer = (control: string): OriginOutcome => ({
  ...{ kind: "answer", status: 200, body: { kind: "bytes", bytes: new TextEncoder().encode("held") } },
  headers: [
    ["cache-control", control],
    ["etag", '"v1"'],
  ],
});

test.each<[string, OriginOutcome]>([
  ["is unreachable", { kind: "unreachable", reason: "refused", detail: "" }],
  ["answers 503", { kind: "answer", status: 503, headers: [], body: { kind: "none" } }],
])(
  "where it %s, an edge whose own copy is past its stale window serves what L2 holds",
  async (_how, fails) => {
    const together = await edgesTogether(2);
    const [one, other] = together.edges;
    const get = async (edge = one) => {
      const asked = edge?.get("/a");
      await together.pass(1000);
      const reply = await asked;
      return `${reply?.status} ${reply?.body.kind === "bytes" ? new TextDecoder().decode(reply.body.bytes) : ""}`;
    };
    together.origin(() => answer("max-age=10, stale-if-error=60"));
    await get(one);
    expect(await get(other)).toBe("200 held");
    await together.pass(75_000);
    for (const edge of together.edges) await edge.beat();
    expect(await get(one)).toBe("200 held");
    await together.pass(12_000);
    for (const edge of together.edges) await edge.beat();
    together.origin(() => fails);
    expect(await get(other)).toBe("200 held");
    expect(await get(one)).toBe("200 held");
  },
);
