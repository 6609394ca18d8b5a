// Sessions of the dashboard: who is let in, for how long, and that no other site can act in anybody's name.

import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { systemClock } from "../../shared/runtime/system.ts";
import { startPlane, type TestPlane, TOKEN } from "./control-harness.ts";

/** Sessions need no Redis: whoever is let in sees that it is away. */
const AWAY: Redis = { run: async () => ({ kind: "unavailable", reason: "away" }) };

let wall = Date.now();
const clock: Clock = { ...systemClock(), wall: () => wall };
let plane: TestPlane;

beforeAll(async () => {
  plane = await startPlane(AWAY, {}, clock);
});

/** It says that sign-ins were not recorded. */
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

const cookieOf = (answer: { headers: Headers }): string =>
  (answer.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";

async function signInForm(): Promise<{ cookie: string; form: string }> {
  const page = await plane.ask("/sign-in");
  return { cookie: cookieOf(page), form: formIn(page.text) };
}

const formIn = (html: string): string => /name="form" value="([0-9a-f]+)"/.exec(html)?.[1] ?? "";

const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  plane.ask(path, {
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  });

async function signIn(): Promise<string> {
  const { cookie, form } = await signInForm();
  const answer = await post("/sign-in", { form, token: TOKEN }, { cookie });
  expect(answer.status).toBe(303);
  return cookieOf(answer);
}

const overview = (cookie: string) => plane.ask("/", { headers: { cookie } });

describe("signing in", () => {
  test("a token lets in, and its session's cookie neither holds it nor is the one that came before", async () => {
    const { cookie: before } = await signInForm();
    const cookie = await signIn();
    expect(cookie).not.toContain(TOKEN);
    expect(cookie.split(".")[0]).not.toBe(before.split(".")[0]);
    const page = await overview(cookie);
    expect(page.status).toBe(200);
    expect(page.text).toContain("Is the cache working?");
    expect(page.text).toContain("Redis does not answer");
  });

  test("a cookie is out of scripts' reach and of other sites' requests", async () => {
    const { headers } = await plane.ask("/sign-in");
    expect(headers.get("set-cookie")).toMatch(/HttpOnly/);
    expect(headers.get("set-cookie")).toMatch(/SameSite=Strict/);
  });

  test("a wrong token, or none, lets nobody in", async () => {
    for (const token of ["", "wrong", `${TOKEN}x`]) {
      const { cookie, form } = await signInForm();
      const answer = await post("/sign-in", { form, token }, { cookie });
      expect(answer.status, token).toBe(403);
      expect(answer.text).toContain("not a valid token");
      expect((await overview(cookie)).status).toBe(303);
    }
  });

  test("without a session every page leads to the sign-in, and back from there only to a page of ours", async () => {
    const answer = await plane.ask("/?range=6h");
    expect(answer.headers.get("location")).toBe(`/sign-in?to=${encodeURIComponent("/?range=6h")}`);
    for (const [to, leads] of [
      ["/?range=6h", "/?range=6h"],
      ["//evil.test/", "/"],
      ["/\\evil.test/", "/"],
      ["https://evil.test/", "/"],
      ["javascript:alert(1)", "/"],
    ]) {
      const { cookie, form } = await signInForm();
      const signedIn = await post("/sign-in", { form, token: TOKEN, to: to ?? "" }, { cookie });
      expect(signedIn.headers.get("location"), to).toBe(leads);
    }
  });
});

describe("a session", () => {
  test("ends when nobody uses it, and goes on while somebody does, but not for ever", async () => {
    const begun = wall;
    let cookie = await signIn();
    while (wall - begun < LIMITS.sessionAtMost - LIMITS.sessionIdle) {
      wall += LIMITS.sessionIdle - 1;
      const page = await overview(cookie);
      expect(page.status).toBe(200);
      cookie = cookieOf(page);
    }
    wall = begun + LIMITS.sessionAtMost;
    expect((await overview(cookie)).status).toBe(303);
    const idle = await signIn();
    wall += LIMITS.sessionIdle;
    expect((await overview(idle)).status).toBe(303);
  });

  test("ends its pages' events with it; while nobody can be asked whose it is they go on", async () => {
    const cookie = await signIn();
    vi.spyOn(plane.plane.timers, "sleep").mockResolvedValue();
    const named = vi.spyOn(plane.plane.principals, "named");
    const stream = await plane.open("/events", { cookie });
    named.mockResolvedValue({ kind: "unavailable", reason: "away" });
    const reader = stream.getReader();
    for (let turns = 0; turns < 4; turns++) expect((await reader.read()).done).toBe(false);
    named.mockResolvedValue({ kind: "unknown" });
    let last = "";
    for (let part = await reader.read(); !part.done; part = await reader.read())
      last = new TextDecoder().decode(part.value);
    // That would say that what the page shows is how it ended.
    expect(last).not.toContain("event: over");
    vi.restoreAllMocks();
  });

  test("that was changed in any character is none", async () => {
    const cookie = await signIn();
    for (let at = cookie.indexOf("=") + 1; at < cookie.length; at += 7) {
      const other = cookie[at] === "1" ? "2" : "1";
      const forged = cookie.slice(0, at) + other + cookie.slice(at + 1);
      expect((await overview(forged)).status, forged).toBe(303);
    }
  });

  test("is over where the admin token or the cluster's key is another", async () => {
    const cookie = await signIn();
    const other = await startPlane(AWAY, { CLUSTER_KEY: "another-key" }, clock);
    expect((await other.ask("/", { headers: { cookie } })).status).toBe(303);
  });

  test("without a cluster key can't be had, and the page says why", async () => {
    const keyless = await startPlane(AWAY, { CLUSTER_KEY: "" }, clock);
    const answer = await keyless.ask("/sign-in");
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("CLUSTER_KEY");
  });

  test("is asked for again where a link of another site has led here without its cookie", async () => {
    const answer = await plane.ask("/?range=6h", { headers: { "sec-fetch-site": "cross-site" } });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('content="0;url=/?range=6h"');
  });
});

describe("forms", () => {
  test("of another session, of none, or from another site do nothing", async () => {
    const [mine, other] = [await signIn(), await signIn()];
    const form = formIn((await overview(mine)).text);
    const isIn = async () => (await overview(mine)).status === 200;
    const tries: [Record<string, string>, Record<string, string>][] = [
      [{}, {}],
      [{ form: formIn((await overview(other)).text) }, {}],
      [{ form }, { "sec-fetch-site": "cross-site" }],
      [{ form }, { "sec-fetch-site": "same-site" }],
      [{ form }, { origin: "https://evil.test" }],
    ];
    for (const [fields, headers] of tries) {
      const answer = await post("/sign-out", fields, { cookie: mine, ...headers });
      expect(answer.headers.get("set-cookie") ?? "").not.toMatch(/Max-Age=0/);
      expect(await isIn()).toBe(true);
    }
    const out = await post("/sign-out", { form }, { cookie: mine, origin: "http://control.test" });
    expect(out.headers.get("set-cookie")).toMatch(/Max-Age=0/);
  });
});

test("every page forbids frames, foreign scripts and styles, sniffing, referrers and stores", async () => {
  const cookie = await signIn();
  for (const path of ["/", "/sign-in"]) {
    const { headers } = await plane.ask(path, { headers: { cookie } });
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cache-control")).toBe("no-store");
  }
});
