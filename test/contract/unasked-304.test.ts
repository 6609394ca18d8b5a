// An origin that confirms what nobody has said he holds: that is no answer, and something stale may stand in for it.

import { expect, test } from "vitest";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { edgesTogether } from "../support/edges-together.ts";

const UNASKED: OriginOutcome = {
  ...{ kind: "answer", status: 304, body: { kind: "none" } },
  headers: [
    ["cache-control", "max-age=60"],
    ["etag", '"v2"'],
  ],
};

const answer = (...headers: [string, string][]): OriginOutcome => ({
  ...{ kind: "answer", status: 200, headers },
  body: { kind: "bytes", bytes: new TextEncoder().encode("held") },
});

async function started() {
  const together = await edgesTogether(1);
  const get = async () => {
    const asked = together.edges[0]?.get("/a");
    await together.pass(1000);
    return asked;
  };
  return { together, get };
}

test("without anything held it is an origin that broke off, and nothing is kept of it", async () => {
  const { together, get } = await started();
  together.origin(() => UNASKED);
  expect((await get())?.status).toBe(502);
  together.origin(() => answer(["cache-control", "max-age=60"]));
  await together.pass(2000);
  expect((await get())?.status).toBe(200);
});

test.each<[string, [string, string][]]>([
  ["nothing could have been validated", []],
  ["it confirms another representation than is held", [["etag", '"v1"']]],
])("where %s, what is stale stands in", async (_why, validators) => {
  const { together, get } = await started();
  together.origin(() => answer(["cache-control", "max-age=10, stale-if-error=600"], ...validators));
  expect((await get())?.status).toBe(200);
  await together.pass(11_000);
  await together.edges[0]?.beat();
  together.origin(() => UNASKED);
  const reply = await get();
  expect(reply?.status).toBe(200);
  expect(reply?.cacheStatus).toContain("detail=stale");
});
