// Policies by patterns of keys: what the control plane's table, calls, the program and the cache say, in that order.

import { describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";
import { parsePattern } from "../../shared/core/pattern.ts";
import { compileRouting, rulesFor } from "../../shared/core/routing.ts";
import { readPolicy } from "../../shared/wire/policy.ts";

const app = { namespace: "app", class: "hot" } as const;

const row = (key_pattern: string, more: object = {}) => ({ key_pattern, class: "hot", ...more });

/** Told as programs hear of it: when they look at the log again. */
async function told(fake: FakeTidegate, ...caches: readonly Cache[]): Promise<void> {
  for (const cache of caches) await fake.clock.until(cache.ready());
}

const counting = () => {
  let runs = 0;
  return () => {
    runs += 1;
    return runs;
  };
};

describe("the program's own rows", () => {
  test("decide a key's class, ttl and window; the more specific one first", () => {
    const cache = fakeTidegate().cache({
      namespace: "app",
      classes: { rates: { ttl: "10m", window: "2s" } },
      policies: [
        { key_pattern: "users/*", class: "hot", ttl: "5m", window_ms: 500, tags: ["users"] },
        { key_pattern: "users/admin", class: "session" },
        { key_pattern: "tidegate://app/rates/:pair", class: "rates" },
      ],
    });
    expect(cache.explain("users/7")).toEqual({
      ...{ by: "code", policy: "code-0", class: "hot", tags: ["users"] },
      ...{ ttlMs: 300_000, ttlMode: "respect", windowMs: 500 },
    });
    expect(cache.explain("users/admin")).toMatchObject({ class: "session" });
    expect(cache.explain("rates/eur")).toMatchObject({ class: "rates", ttlMs: 600_000, windowMs: 2000 });
    expect(() => cache.explain("rates/eur/usd")).toThrow("class");
    // A call knows better than a pattern.
    expect(cache.explain("users/7", { class: "immutable" })).toMatchObject({
      by: "call",
      class: "immutable",
    });
  });

  test.each([
    ["policies.0.class", { key_pattern: "a", class: "warm" }],
    ["policies.0.ttl", { key_pattern: "a", class: "hot", ttl: "soon" }],
    ["policies.0.key_pattern", { key_pattern: "a(b)", class: "hot" }],
    ["policies.0.key_pattern", { key_pattern: "tidegate://other/a", class: "hot" }],
  ])("%s is told", (where, policy) => {
    expect(() => fakeTidegate().cache({ ...app, policies: [policy] })).toThrow(where);
  });
});

describe("the control plane's table", () => {
  test("goes before calls and rows of the program, while that runs", async () => {
    const fake = fakeTidegate();
    const cache = fake.cache({ ...app, policies: [row("users/*", { ttl: "5m" })] });
    await told(fake, cache);
    expect(cache.explain("users/7")).toMatchObject({ by: "code", ttlMs: 300_000 });
    fake.policy("short", row("tidegate://app/users/*", { class: "standard", ttl: "1s", window_ms: 100 }));
    await told(fake, cache);
    expect(cache.explain("users/7", { class: "immutable" })).toMatchObject({
      ...{ by: "table", policy: "short", class: "standard", ttlMs: 1000, windowMs: 100 },
    });
    fake.policy("short", null);
    await told(fake, cache);
    expect(cache.explain("users/7")).toMatchObject({ by: "code" });
  });

  test("says nothing of values where its rows are of pages, or of another namespace", async () => {
    const fake = fakeTidegate();
    const cache = fake.cache(app);
    for (const [at, pattern] of ["/*", "//*/*", "tidegate://other/*"].entries())
      fake.policy(`row-${at}`, row(pattern, { class: "session" }));
    await told(fake, cache);
    expect(cache.explain("users/7")).toMatchObject({ by: "cache", class: "hot" });
  });

  test("and of pages where its rows are of values", () => {
    const policy = readPolicy(row("tidegate://app/*"), { id: "values", site: "default" });
    const site = { name: "default", hosts: ["*"], aliases: [], canonicalHost: "example.com" };
    const routing = compileRouting([site], policy.kind === "policy" ? [policy.policy] : []);
    const url = { scheme: "https", host: "app", path: "/x", query: "", hasQuery: false };
    expect(rulesFor(routing, { site, url }).policyId).toBeNull();
    expect(parsePattern("tidegate://*/x").kind).toBe("invalid");
  });

  test("shortens what is kept already", async () => {
    const fake = fakeTidegate();
    const cache = fake.cache(app);
    const load = counting();
    await fake.clock.until(cache.getOrFetch("k", load));
    fake.policy(
      "short",
      row("tidegate://app/k", { ttl: "2s", stale_while_revalidate: 0, jitter: undefined }),
    );
    await fake.clock.advance(3000);
    await told(fake, cache);
    expect(await fake.clock.until(cache.getOrFetch("k", load))).toBe(2);
  });

  test("a tag that it gives names what is kept already too", async () => {
    const fake = fakeTidegate();
    const [one, other] = [fake.cache(app), fake.cache(app)];
    const load = counting();
    await fake.clock.until(one.getOrFetch("k", load));
    fake.policy("tagged", row("tidegate://app/k", { tags: ["late"] }));
    await told(fake, one, other);
    expect(await fake.clock.until(one.getOrFetch("k", load))).toBe(1);
    await fake.clock.until(other.invalidate({ tags: ["late"] }));
    await told(fake, one);
    expect(await fake.clock.until(one.getOrFetch("k", load))).toBe(2);
  });

  test("a load that began under other rules is kept by nobody's near cache", async () => {
    const fake = fakeTidegate();
    const cache = fake.cache(app);
    await told(fake, cache);
    const slow = cache.getOrFetch("k", async () => {
      await fake.clock.delay(500);
      return "old rules";
    });
    await fake.clock.advance(100);
    fake.policy("tagged", row("tidegate://app/k", { tags: ["late"] }));
    await told(fake, cache);
    expect(await fake.clock.until(slow)).toBe("old rules");
    expect(await fake.clock.until(cache.read("k", () => "new"))).toMatchObject({ source: "shared" });
  });
});

describe("a ttl", () => {
  test("of a call stands above its class's", async () => {
    const fake = fakeTidegate();
    const [one, other] = [fake.cache(app), fake.cache(app)];
    const load = counting();
    const options = { ttl: "1h" };
    await fake.clock.until(one.getOrFetch("k", load, options));
    await fake.clock.advance("30m");
    expect(await fake.clock.until(one.getOrFetch("k", load, options))).toBe(1);
    expect(await fake.clock.until(other.getOrFetch("k", load))).toBe(1);
  });

  test("of a policy that overrides stands above the call's and the loader's", async () => {
    const fake = fakeTidegate();
    const policies = [row("*", { ttl: "10s", ttl_mode: "override", stale_while_revalidate: 0 })];
    const cache = fake.cache({ ...app, policies });
    const load = counting();
    const loader = ({ ttl }: { ttl(span: string): void }) => {
      ttl("1h");
      return load();
    };
    await fake.clock.until(cache.getOrFetch("k", loader, { ttl: "2h" }));
    await fake.clock.advance("11s");
    expect(await fake.clock.until(cache.getOrFetch("k", loader, { ttl: "2h" }))).toBe(2);
  });
});
