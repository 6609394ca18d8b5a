// A name that was given to answers and taken away again: what was purged by it meanwhile stays purged.

import { expect, test } from "vitest";
import { rowsOf, selectorsLost } from "../../control-plane/configuration/losing.ts";
import type { Selector } from "../../shared/core/units.ts";
import { encodeSite, policyField, siteField } from "../../shared/wire/configuration.ts";
import { HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const BEFORE = { id: "0", key_pattern: "/*", class: "standard" };
const PATH = "/a?x=1&utm=2";
const FIELD = policyField("default", "0");
const SITE = encodeSite({ name: "default", hosts: ["*"], aliases: [], canonicalHost: HOST });

async function started(): Promise<LoneEdge> {
  const lone = loneEdge([BEFORE]);
  lone.origin = () => ({
    kind: "answer",
    status: 200,
    headers: [["cache-control", "max-age=3600"]],
    body: { kind: "bytes", bytes: new TextEncoder().encode("text") as Uint8Array<ArrayBuffer> },
  });
  await lone.beat();
  await lone.get(PATH);
  await lone.settled();
  return lone;
}

/** As the control plane brings it into the log. */
function change(lone: LoneEdge, was: object, is: object): void {
  const configuration = new Map([
    [siteField("default"), SITE],
    [FIELD, JSON.stringify(was)],
  ]);
  const to = { field: FIELD, value: JSON.stringify(is) };
  lone.append({
    kind: "config",
    ...to,
    selectors: selectorsLost({ configuration: rowsOf(configuration), first: false }, to),
  });
}

test.each<[string, object, string]>([
  ["a tag", { ...BEFORE, tags: ["t"] }, "default t t"],
  ["a class", { ...BEFORE, class: "hot" }, "default c hot"],
  ["a URL by another recipe", { ...BEFORE, key: { query: { include: ["x"] } } }, `default u ${HOST}/a?x=1`],
])("%s", async (_what, during, selector) => {
  const lone = await started();
  change(lone, BEFORE, during);
  lone.append({ kind: "invalidate", mode: "hard", selectors: [selector as Selector] });
  change(lone, during, BEFORE);
  await lone.beat();
  await lone.get(PATH);
  expect(lone.asked.length).toBe(2);
});

test("a change of nothing but times keeps what is stored", async () => {
  const lone = await started();
  change(lone, BEFORE, { ...BEFORE, ttl: "1h", window_ms: 1000 });
  await lone.beat();
  await lone.get(PATH);
  expect(lone.asked.length).toBe(1);
});
