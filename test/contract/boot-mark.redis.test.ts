// A configuration that is on its way into an empty log is none yet: its sites may stand there without their policies.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { Router } from "../../edge/router.ts";
import type { Log } from "../../shared/ports/mid-tier.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import { isBrought } from "../../shared/wire/boot-mark.ts";
import { ask, type ServerFixture, startServerRest } from "../support/redis-server.ts";
import { startPlane } from "./control-harness.ts";

const SITES = [{ name: "shop", hosts: ["shop.test"], aliases: [], canonicalHost: "shop.test" }];
const policy = (ttl: string) => ({ site: "shop", id: "a", key_pattern: "/a/*", class: "session", ttl });
const FALLBACK = { name: "default", hosts: [], aliases: [], canonicalHost: "" };

let rest: ServerFixture;

beforeAll(async () => {
  rest = await startServerRest();
});
afterAll(() => rest.stop());
beforeEach(async () => {
  await ask(rest, "/", ["FLUSHALL"]);
});

/** What an edge makes of the log as it stands before each append, and in the end; `appends` of them are let through. */
async function duringBoot(ttl: string, appends = Number.POSITIVE_INFINITY): Promise<boolean[]> {
  const { plane } = await startPlane(rest, { SITES, POLICIES: [policy(ttl)] });
  const router = new Router(FALLBACK, parseUrl);
  const seen: boolean[] = [];
  const look = async (): Promise<void> => {
    const outcome = await plane.log.snapshot(0);
    if (outcome.kind !== "snapshot") throw new Error(outcome.kind);
    router.configure(outcome.configuration);
    seen.push(router.isConfigured);
    expect(isBrought(outcome.configuration) && !router.isConfigured).toBe(false);
  };
  let left = appends;
  const append: Log["append"] = async (entry) => {
    await look();
    left -= 1;
    return left < 0 ? { kind: "unavailable", reason: "away" } : plane.log.append(entry);
  };
  await bootConfiguration({ ...plane, log: { ...plane.log, append } });
  await look();
  return seen;
}

test("an edge takes it for one when it is there as a whole", async () => {
  const seen = await duringBoot("1m");
  expect(seen.length).toBeGreaterThan(3);
  expect(seen).toEqual(seen.map((_, at) => at === seen.length - 1));
});

test("an attempt that was cut short is none, and the next one completes it", async () => {
  const cut = await duringBoot("1m", 2);
  expect(cut).toEqual(cut.map(() => false));
  const seen = await duringBoot("1m");
  expect(seen).toEqual(seen.map((_, at) => at === seen.length - 1));
});

test("a change of one that was whole leaves edges configured all the while", async () => {
  await duringBoot("1m");
  const seen = await duringBoot("2m");
  expect(seen.length).toBeGreaterThan(2);
  expect(seen).toEqual(seen.map(() => true));
});
