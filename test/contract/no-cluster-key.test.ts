// Without the cluster's key nobody signs and nobody is believed: an edge then has no signed routes, and asks no peer.

import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { answerInternal } from "../../edge/internal/routes.ts";
import { millis } from "../../shared/core/units.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import { systemDigest, systemRandom } from "../../shared/runtime/system.ts";
import { createCallEdge } from "../../shared/wire/call-edge.ts";
import { DOCUMENT_PATH } from "../../shared/wire/document.ts";
import { GOSSIP_PATH } from "../../shared/wire/gossip.ts";
import { HELD_PATH } from "../../shared/wire/held.ts";
import { ESTIMATE_PATH, PUSH_PATH, STATUS_PATH, WARM_PATH } from "../../shared/wire/internal.ts";
import { SignatureChecker, signRequest } from "../../shared/wire/signature.ts";
import { bareEdge } from "../support/bare-edge.ts";
import { askSigned, startPlane } from "./control-harness.ts";

/** A digest that takes an empty key, as not every runtime's does. */
const lenient: Digest = {
  ...systemDigest,
  hmacHex: async (key, text) => createHmac("sha256", key).update(text).digest("hex"),
};
const away = { run: async () => ({ kind: "unavailable", reason: "away" }) as const };

test.each([
  ["a runtime that refuses an empty key", systemDigest],
  ["a runtime that takes one", lenient],
])("on %s no signed route is there, whoever signs", async (_runtime, digest) => {
  const internal = {
    edge: bareEdge(away),
    checker: new SignatureChecker({ key: "", digest, maxAgeMs: 30_000 }),
    boot: "boot",
    region: "test",
    version: null,
    skew: null,
  };
  for (const path of [
    PUSH_PATH,
    STATUS_PATH,
    GOSSIP_PATH,
    ESTIMATE_PATH,
    WARM_PATH,
    DOCUMENT_PATH,
    HELD_PATH,
  ]) {
    for (const key of ["", "guessed"]) {
      const message = { method: "POST", path, body: "{}" };
      const by = { key, digest: lenient, random: systemRandom, nowWall: internal.edge.clock.wall() };
      const signature = await signRequest(message, by);
      const reply = await answerInternal(internal, { ...message, signature, background: UNKEPT });
      expect(reply, path).toMatchObject({ status: 404, signature: null });
    }
  }
});

test("a peer is not called: nothing can be signed", async () => {
  let sent = 0;
  const http = {
    async send() {
      sent += 1;
      return { kind: "unreachable", reason: "timeout" } as const;
    },
  };
  const clock = { wall: () => Date.now() };
  const callEdge = createCallEdge({ http, key: "", digest: systemDigest, random: systemRandom, clock });
  const answer = await callEdge({ url: "http://two.test" }, { path: STATUS_PATH, body: "{}" }, millis(10));
  expect(answer).toEqual({ kind: "unreachable", reason: "refused" });
  expect(sent).toBe(0);
});

test("the control plane's list of edges can't be replaced, and it says what is missing", async () => {
  const plane = await startPlane(away, { CLUSTER_KEY: "" });
  expect((await askSigned(plane, "/.tidegate/edges", "[]")).status).toBe(404);
  const ready = await plane.ask("/readyz");
  expect(ready).toMatchObject({ status: 503, json: { code: "unavailable" } });
  expect(ready.json.detail).toContain("CLUSTER_KEY is not set");
});
