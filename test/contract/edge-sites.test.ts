// An edge with several sites: each request goes to the origin of its own, and what is known of one says nothing of another.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { SiteOrigin } from "../../shared/core/site-origin.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import { encodeSite, siteField } from "../../shared/wire/configuration.ts";
import { HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const FIRST = "http://first.test";

/** What the log says of the site that serves every host. */
function led(lone: LoneEdge, origin: SiteOrigin): void {
  const site = { name: "default", hosts: ["*"], aliases: [], canonicalHost: HOST, origin };
  lone.append({ kind: "config", field: siteField("default"), value: encodeSite(site), selectors: [] });
}

async function learnt(lone: LoneEdge): Promise<void> {
  await lone.beat();
  await lone.settled();
}

const codeOf = (body: unknown): string =>
  JSON.parse(new TextDecoder().decode((body as { bytes: Uint8Array }).bytes)).code;

describe("a site", () => {
  test("asks its own origin, and another once it is led there", async () => {
    const lone = loneEdge();
    lone.origin = () => ({ kind: "answer", status: 200, headers: [], body: NO_BODY });
    await lone.get("/a");
    led(lone, FIRST);
    await learnt(lone);
    await lone.get("/b");
    expect(lone.asked.map(({ origin }) => origin)).toEqual(["zone", FIRST]);
  });

  test.each(["GET", "PUT"])("without an origin answers a %s with 503 and asks nobody", async (method) => {
    const lone = loneEdge();
    await lone.get("/warm-up");
    led(lone, "none");
    await learnt(lone);
    lone.asked.length = 0;
    const reply = await lone.get("/a", { method });
    expect([reply.status, codeOf(reply.body)]).toEqual([503, "no-origin"]);
    expect(lone.asked).toEqual([]);
  });

  test("without an origin serves what is held, stale where that is declared", async () => {
    const lone = loneEdge();
    const headers = [["cache-control", "max-age=10, stale-if-error=600"]] as const;
    lone.origin = () => ({ kind: "answer", status: 200, headers, body: NO_BODY });
    await lone.get("/a");
    await lone.settled();
    led(lone, "none");
    await learnt(lone);
    lone.now += 20_000;
    expect((await lone.get("/a")).status).toBe(200);
    expect((await lone.get("/b")).status).toBe(503);
  });

  test("that is led to another origin does not inherit the pause of the one before", async () => {
    const lone = loneEdge();
    await lone.get("/warm-up");
    led(lone, FIRST);
    await learnt(lone);
    for (let i = 0; i <= LIMITS.originBreaker.failures; i++) {
      await lone.get(`/fails/${i}`);
      lone.now += LIMITS.originBreaker.lasting / LIMITS.originBreaker.failures;
    }
    const paused = await lone.get("/paused");
    expect([paused.status, codeOf(paused.body)]).toEqual([503, "origin-protected"]);
    led(lone, "http://second.test");
    await learnt(lone);
    lone.origin = () => ({ kind: "answer", status: 200, headers: [], body: NO_BODY });
    expect((await lone.get("/again")).status).toBe(200);
  });
});
