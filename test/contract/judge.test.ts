// What an answer from a tier is worth while the configuration changes under the request.

import { beforeEach, expect, test } from "vitest";
import { inputFor, judge } from "../../edge/judge.ts";
import type { EdgeRequest } from "../../edge/request.ts";
import type { LogPayload } from "../../shared/core/log-entry.ts";
import type { HeldAnswer } from "../../shared/core/stored-answer.ts";
import { instant, type Selector } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { CheckOutcome } from "../../shared/ports/mid-tier.ts";
import { policyField } from "../../shared/wire/configuration.ts";
import { EPOCH, HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const POLICY = { id: "0", key_pattern: "/*", class: "hot" };
const TAGGED: LogPayload = {
  kind: "config",
  field: policyField("default", "0"),
  value: JSON.stringify({ ...POLICY, tags: ["late"] }),
  selectors: [],
};
const PURGED: LogPayload = { kind: "invalidate", mode: "hard", selectors: ["default t late" as Selector] };

let lone: LoneEdge;

beforeEach(async () => {
  lone = loneEdge([POLICY]);
  lone.origin = () => ({
    kind: "answer",
    status: 200,
    headers: [["cache-control", "max-age=600"]],
    body: { kind: "bytes", bytes: new TextEncoder().encode("one") as Uint8Array<ArrayBuffer> },
  });
  await lone.beat();
  await lone.get("/a");
  await lone.settled();
});

/** The verdict on what was just stored, were it from before all that the view reaches back to. */
async function judged(check: () => Promise<CheckOutcome>) {
  const { edge } = lone;
  const request: EdgeRequest = {
    method: "GET",
    url: `https://${HOST}/a`,
    header: () => null,
    headers: () => [],
    body: NO_BODY,
    purpose: "client",
    arrivedAt: instant(lone.now),
    background: { keep: () => undefined },
  };
  const route = edge.router.route(request);
  const entry = route === null ? undefined : edge.memory.find(route.rules, route.key);
  if (route === null || entry === undefined) throw new Error("nothing was stored");
  const held: HeldAnswer = { ...entry.held, verifiedTo: { epoch: EPOCH, seq: -1 } };
  const body = { kind: "bytes", bytes: entry.body } as const;
  const verified: HeldAnswer[] = [];
  const asking = { ...edge, log: { ...edge.log, check } };
  const input = inputFor(asking, { route, request }, { held, body, tier: "l1Memory" });
  const verdict = await judge(asking, input, (one) => verified.push(one));
  return { kind: verdict?.coherence.kind, verified: verified.map(({ verifiedTo }) => verifiedTo.seq) };
}

const found = (seq: number): CheckOutcome => ({ kind: "ok", position: { epoch: EPOCH, seq } });

test("what the log finds nothing against is current, as far as the view's own configuration", async () => {
  lone.append(TAGGED);
  expect(await judged(async () => found(1))).toEqual({ kind: "current", verified: [0] });
});

test("what got a new tag during the check, and was purged by it, is not", async () => {
  const outcome = await judged(async () => {
    lone.append(TAGGED);
    lone.append(PURGED);
    await lone.beat();
    return found(2);
  });
  expect(outcome).toEqual({ kind: "hard", verified: [0] });
});
