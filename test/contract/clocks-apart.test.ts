// Clocks further apart than a signature lives: an edge refuses all that it is asked then, but says what time it is there.

import { describe, expect, test } from "vitest";
import { edgeChecks } from "../../control-plane/doctor/edge-checks.ts";
import { answerInternal } from "../../edge/internal/routes.ts";
import { millis } from "../../shared/core/units.ts";
import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { HttpCalls } from "../../shared/ports/http.ts";
import { systemDigest, systemRandom } from "../../shared/runtime/system.ts";
import { createCallEdge } from "../../shared/wire/call-edge.ts";
import { CLOCK_PATH } from "../../shared/wire/clock.ts";
import { STATUS_PATH } from "../../shared/wire/internal.ts";
import { SIGNATURE_HEADER, SignatureChecker } from "../../shared/wire/signature.ts";
import { bareEdge } from "../support/bare-edge.ts";

const HOUR = 3_600_000;
const NEITHER = { kind: "unreachable", reason: "refused" };
const away = { run: async () => ({ kind: "unavailable", reason: "away" }) as const };

/** Calls an edge as somebody whose clock is behind its own by so much. */
function callsFrom(behindMs: number, key = "key") {
  const edge = bareEdge(away);
  const checker = new SignatureChecker({ key: "key", digest: systemDigest, maxAgeMs: 30_000 });
  const internal = { edge, checker, boot: "boot", region: "test", version: null, skew: null };
  const http: HttpCalls = {
    async send({ method, url, headers, body }) {
      const message = { method, path: new URL(url).pathname, body: body ?? "" };
      const signature = headers[SIGNATURE_HEADER] ?? null;
      const reply = await answerInternal(internal, { ...message, signature, background: UNKEPT });
      return { kind: "answer", status: reply.status, text: reply.text, header: () => reply.signature };
    },
  };
  const clock = { ...edge.clock, wall: () => edge.clock.wall() - behindMs };
  return {
    clock,
    callEdge: createCallEdge({ http, key, digest: systemDigest, random: systemRandom, clock }),
  };
}

describe.each([
  ["ahead", HOUR],
  ["behind", -HOUR],
])("an edge whose clock is an hour %s", (_where, behindMs) => {
  const ask = (path: string, key?: string) =>
    callsFrom(behindMs, key).callEdge({ url: "http://one.test" }, { path, body: "" }, millis(1000));

  test("says what time it is there, to whoever holds the key", async () => {
    expect(await ask(CLOCK_PATH)).toMatchObject({ kind: "answer" });
    expect(await ask(CLOCK_PATH, "another")).toEqual(NEITHER);
  });

  test("says nothing else", async () => {
    expect(await ask(STATUS_PATH)).toEqual(NEITHER);
  });

  test("is told of by the doctor, and by how much", async () => {
    const plane = callsFrom(behindMs);
    const edges = [{ id: "one", url: "http://one.test", region: null, pid: null }];
    const none = { departed: new Map(), sightings: new Map(), watches: [], head: null, confirmedAt: null };
    const directory: Directory = { edges, edition: "1", logMark: "", now: Date.now(), ...none };
    const checks = await edgeChecks(plane, directory, null);
    expect(checks.find(({ id }) => id === "clock-one")).toMatchObject({
      state: "fail",
      what: `one is 3600.0 s ${behindMs > 0 ? "ahead of" : "behind"} the control plane`,
    });
  });
});
