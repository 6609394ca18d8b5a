// What a program gives by mistake: each is told by its name, and nothing has begun by then.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createCache } from "../../client/cache/create-cache.ts";
import type { Loader } from "../../client/cache/job.ts";
import type { ReadOptions } from "../../client/cache/options.ts";
import { createControlClient } from "../../client/control-client.ts";
import { fakeTidegate } from "../../client/testing/fake-tidegate.ts";

const fake = fakeTidegate();
const cache = fake.cache({ namespace: "app", class: "hot" });
const load = (): number => 1;
const loadMany = async (): Promise<ReadonlyMap<string, number>> => new Map();
/** As JavaScript gives it, and no type stops it. */
const any = (value: unknown): never => value as never;
const controller: ReadOptions = { signal: any(new AbortController()) };
const none: ReadOptions = any(null);

describe("an argument that is wrong is refused, and named", () => {
  beforeEach(() => void vi.spyOn(fake.clock, "after"));
  afterEach(() => void vi.restoreAllMocks());

  test.each<[string, string, () => unknown]>([
    ["the signal's controller", "/signal", () => cache.getOrFetch("k", load, controller)],
    ["the signal's controller", "/signal", () => cache.read("k", load, controller)],
    ["the signal's controller", "/signal", () => cache.get("k", controller)],
    ["the signal's controller", "/signal", () => cache.getMany(["k"], loadMany, controller)],
    ["no signal", "/signal", () => cache.getOrFetch("k", load, { signal: any(null) })],
    ["no options", "/options", () => cache.getOrFetch("k", load, none)],
    ["no options", "/options", () => cache.read("k", load, none)],
    ["no options", "/options", () => cache.get("k", any(null))],
    ["no options", "/options", () => cache.getMany(["k"], loadMany, none)],
    ["no options", "/options", () => cache.set("k", 1, any(null))],
    ["no options", "/options", () => cache.invalidate(any(undefined))],
    ["`tag` for `tags`", "/tag", () => cache.getOrFetch("k", load, any({ tag: "a" }))],
    ["`tag` for `tags`", "/tag", () => cache.read("k", load, any({ tag: "a" }))],
    ["`tag` for `tags`", "/tag", () => cache.set("k", 1, any({ tag: "a" }))],
    ["`timeout` for `deadline`", "/timeout", () => cache.get("k", any({ timeout: 5 }))],
    ["`timeout` for `deadline`", "/timeout", () => cache.getMany(["k"], loadMany, any({ timeout: 5 }))],
    ["`tag` for `tags`", "/tag", () => cache.invalidate(any({ tag: "a" }))],
    ["a number as key", "/key", () => cache.getOrFetch(any(5), load)],
    ["a number as key", "/key", () => cache.delete(any(5))],
    ["no keys", "/keys", () => cache.getMany(any(undefined), loadMany)],
    ["a text as keys", "/keys", () => cache.getMany(any("abc"), loadMany)],
    ["a number among keys", "/keys/1", () => cache.getMany(["a", any(5)], loadMany)],
    ["no loader", "/loader", () => cache.getOrFetch("k", any(null))],
    ["a value as loader", "/loader", () => cache.read("k", any(1) as Loader<number>)],
    ["a value as loader", "/loadMany", () => cache.getMany(["k"], any(new Map()))],
  ])("%s: %s by %s", async (_what, pointer, call) => {
    await expect(call()).rejects.toMatchObject({
      code: "invalid-argument",
      errors: [{ pointer, message: expect.any(String) }],
    });
    expect(fake.clock.after).not.toHaveBeenCalled();
  });

  test.each<[string, () => unknown]>([
    ["/fn", () => cache.wrap(any(null), { key: () => "k" })],
    ["/options", () => cache.wrap(load, any(undefined))],
    ["/tagOf", () => cache.wrap(load, any({ key: () => "k", tagOf: () => ["a"] }))],
    ["/key", () => cache.wrap(load, any({}))],
    ["/tagsOf", () => cache.wrap(load, { key: () => "k", tagsOf: any(["a"]) })],
    ["/options", () => cache.explain("k", any(null))],
  ])("%s, at once", (pointer, call) => {
    expect(call).toThrow(
      expect.objectContaining({ code: "invalid-argument", errors: [expect.objectContaining({ pointer })] }),
    );
  });
});

const DATABASE = { url: "http://127.0.0.1:1", token: "x" };

test.each<[string, unknown]>([
  ["/options", undefined],
  ["/redis", { namespace: "app", redis: null }],
  ["/redis", { namespace: "app" }],
  ["/redis/url", { namespace: "app", redis: { url: undefined, token: "x" } }],
  ["/redis/token", { namespace: "app", redis: { url: "http://127.0.0.1:1", token: undefined } }],
  ["/redis/1/id", { namespace: "app", redis: [DATABASE, DATABASE] }],
  ["/namespace", { redis: DATABASE, namespace: undefined }],
  [
    "/redis/1",
    { namespace: "app", redis: [{ url: "http://127.0.0.1:1", token: "x" }, "http://127.0.0.1:2"] },
  ],
])("a cache without %s is not made", (pointer, options) => {
  expect(() => createCache(any(options))).toThrow(
    expect.objectContaining({ code: "invalid-option", errors: [expect.objectContaining({ pointer })] }),
  );
});

test.each<[string, object]>([
  ["/clas", { clas: "hot" }],
  ["/deadlines/cal", { deadlines: { cal: 100 } }],
])("nor one with %s, which there is not", (pointer, options) => {
  const redis = { url: "http://127.0.0.1:1", token: "x" };
  expect(() => createCache(any({ namespace: "app", redis, ...options }))).toThrow(
    expect.objectContaining({ code: "invalid-option", errors: [expect.objectContaining({ pointer })] }),
  );
});

test.each<[string, object]>([
  ["/site", { site: 5 }],
  ["/class", { class: 5 }],
  ["/policies", { policies: { key_pattern: "a", class: "hot" } }],
  ["/policies/0", { policies: [null] }],
  ["/classes", { classes: 5 }],
  ["/classes/hot", { classes: { hot: null } }],
  ["/classes/hot/refreshAhead", { classes: { hot: { refreshAhead: "no" } } }],
  ["/classes/hot/replicas", { classes: { hot: { replicas: 0 } } }],
  ["/origin", { origin: null }],
  ["/origin/concurrency", { origin: { concurrency: 0 } }],
  ["/sources", { sources: null }],
  ["/sources/db", { sources: { db: 5 } }],
  ["/sources/db/burst", { sources: { db: { burst: 2 } } }],
  ["/deadlines", { deadlines: null }],
  ["/waitUntil", { waitUntil: 5 }],
  ["/logger", { logger: null }],
  ["/logger/debug", { logger: { warn: () => {} } }],
  ["/serializer/encode", { serializer: {} }],
  ["/serializer/name", { serializer: { encode: String, decode: String } }],
  ["/telemetry/metre", { telemetry: { metre: {} } }],
  ["/telemetry/meter/createObservableCounter", { telemetry: { meter: {} } }],
  ["/telemetry/tracer", { telemetry: { tracer: 5 } }],
])("nor one whose %s is none", (pointer, options) => {
  expect(() => createCache(any({ namespace: "app", redis: DATABASE, ...options }))).toThrow(
    expect.objectContaining({ code: "invalid-option", errors: [expect.objectContaining({ pointer })] }),
  );
});

test("a call of the control plane names a wrong signal, and asks nothing", async () => {
  const fetch = vi.fn();
  const client = createControlClient({ url: "http://127.0.0.1:1", token: "x", fetch });
  const signal = any(new AbortController());
  await expect(client.edges.list({}, { signal })).rejects.toMatchObject({ code: "invalid-argument" });
  expect(fetch).not.toHaveBeenCalled();
});

describe("a page that came by plain http has neither digests nor UUIDs", () => {
  const { crypto } = globalThis;
  beforeEach(() => {
    vi.stubGlobal("crypto", { getRandomValues: (octets: Uint8Array) => crypto.getRandomValues(octets) });
  });
  afterEach(() => void vi.unstubAllGlobals());

  test("there a cache says at once what it lacks, rather than that its loaders fail", () => {
    const options = { redis: { url: "https://a.example", token: "t" }, namespace: "app", class: "hot" };
    expect(() => createCache(options)).toThrow(
      expect.objectContaining({ code: "unsupported-runtime", message: expect.stringContaining("https") }),
    );
  });

  test("there the control plane's client works all the same", async () => {
    const keys: (string | undefined)[] = [];
    const client = createControlClient({
      url: "http://control.test",
      token: "t",
      fetch: async (_url, { headers }) => {
        keys.push(headers["idempotency-key"]);
        return Response.json({ id: "r1" }, { status: 202 });
      },
    });
    await client.invalidate({ tags: ["a"] });
    await client.invalidate({ tags: ["a"] });
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(new Set(keys).size).toBe(2);
  });
});
