// Sites through their API: checked as a whole, changed by version, in the log before they are acknowledged.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { startEmbeddedRest } from "../support/redis-server.ts";
import {
  type FakeEdge,
  SITES,
  startConfigured,
  startPlane,
  type TestPlane,
  TOKEN,
} from "./control-harness.ts";

let rest: Awaited<ReturnType<typeof startEmbeddedRest>>;
let plane: TestPlane;
let edge: FakeEdge;

beforeEach(async () => {
  rest = await startEmbeddedRest();
  ({ plane, edge } = await startConfigured(rest, []));
});
afterEach(async () => {
  await plane.settled();
  await edge.stop();
  await rest.stop();
});

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
const BLOG = {
  name: "blog",
  origin: "https://origin.blog.example",
  hosts: ["blog.example", "*.blog.example"],
};
const post = (body: unknown, headers: Record<string, string> = {}) => plane.call("/sites", body, headers);
const put = (path: string, body: unknown, headers: Record<string, string> = { "if-match": "*" }) =>
  plane.ask(`/sites/${path}`, {
    method: "PUT",
    headers: { ...AUTHORIZED, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const remove = (path: string, headers: Record<string, string> = {}) =>
  plane.ask(`/sites/${path}`, { method: "DELETE", headers: { ...AUTHORIZED, ...headers } });
const check = async (body: unknown) => (await plane.call("/sites/validate", body)).json;
const configuration = async () => {
  const outcome = await plane.plane.log.snapshot(0);
  if (outcome.kind === "unavailable") throw new Error(outcome.reason);
  return outcome;
};
const faultsOf = ({ json }: { json: { errors?: { pointer: string; message: string }[] } }) =>
  (json.errors ?? []).map(({ pointer, message }) => `${pointer} ${message}`);

describe("reading", () => {
  test("what the environment brought is listed by name, as it would be put back", async () => {
    const { json } = await plane.call("/sites");
    expect(json.items.map(({ site }: { site: { name: string } }) => site.name)).toEqual([
      "default",
      "shop",
      "solo",
    ]);
    const one = await plane.call("/sites/shop");
    expect(one.json).toEqual({
      ...{ name: "shop", origin: "zone", hosts: ["shop.test", "*.shop.test"] },
      ...{ aliases: [], canonical_host: "shop.test" },
    });
    const before = await configuration();
    const back = await put("shop", one.json, { "if-match": one.headers.get("etag") ?? "" });
    expect([back.status, back.json.applied]).toEqual([200, null]);
    expect((await configuration()).head).toEqual(before.head);
    expect((await plane.call("/sites?limit=2")).json.nextCursor).toBe("shop");
    expect((await plane.call("/sites/none")).status).toBe(404);
    expect((await plane.ask("/sites")).status).toBe(401);
  });
});

describe("adding", () => {
  test("answers where it is, and every edge learns the site, its limits before it", async () => {
    const limits = { rate: 5, share: { rate: 1 } };
    const { status, json, headers } = await post({ ...BLOG, limits });
    expect(status).toBe(201);
    expect([headers.get("location"), headers.get("etag")]).toEqual(["/sites/blog", `"${json.version}"`]);
    expect(json.site).toEqual({ ...BLOG, aliases: [], canonical_host: "blog.example", limits });
    const { head, configuration: fields } = await configuration();
    expect(json.position).toBe(`${head.epoch}-${head.seq}`);
    expect(edge.position).toBe(json.position);
    expect(json.applied).toEqual(["one"]);
    expect(JSON.parse(fields.get("site/blog") ?? "")).toMatchObject({ origin: BLOG.origin });
    expect(JSON.parse(fields.get("origin/blog") ?? "")).toEqual(limits);
    const policy = { site: "blog", key_pattern: "/*", class: "hot" };
    expect((await plane.call("/policies", policy)).status).toBe(201);
    expect((await plane.call("/invalidate", { site: "blog", tags: ["t"] })).status).toBe(202);
  });

  test("what its hosts led to before is invalidated by the very entry", async () => {
    await post(BLOG);
    expect(edge.pushed.at(-1)).toEqual(["blog p blog.example/", "blog e"]);
  });

  test("the same key and body is the same site, another body is refused, and a name is taken once", async () => {
    const key = { "idempotency-key": "once" };
    const first = await post({ ...BLOG, limits: { concurrency: 3 } }, key);
    const again = await post({ ...BLOG, limits: { concurrency: 3 } }, key);
    expect([again.status, again.json.position]).toEqual([201, first.json.position]);
    expect((await post({ ...BLOG, origin: null }, key)).status).toBe(422);
    expect((await post(BLOG)).status).toBe(409);
    for (const headers of [{ "if-match": `"${first.json.version}"` }, { "if-match": "*" }])
      for (const site of [{ ...BLOG, limits: { concurrency: 3 } }, BLOG])
        expect((await put("blog", site, { ...key, ...headers })).json.code).toBe("idempotency-conflict");
  });

  test("one without an origin is a site all the same", async () => {
    const { json } = await post({ name: "later", hosts: ["later.example"] });
    expect(json.site.origin).toBeNull();
  });
});

describe("refused, by field", () => {
  test.each([
    [{ hosts: [] }, "/hosts must name a host"],
    [{ hosts: ["a b"] }, "/hosts/0 must be a host"],
    [{ hosts: ["*x.example"] }, "/hosts/0 must be a host"],
    [{ hosts: ["x.example:70000"] }, "/hosts/0 must be a host"],
    [{ hosts: ["bücher.example"] }, "/hosts/0 must be a host"],
    [{ aliases: ["*.x.example"] }, "/aliases/0 must be a host"],
    [{ origins: [] }, "/origins is not a known field"],
    [{ origin: "ftp://x.example" }, '/origin must be an http(s) URL, "zone", or null'],
    [{ origin: "x.example" }, '/origin must be an http(s) URL, "zone", or null'],
    [{ origin: "http://u:p@x.example" }, "/origin must not hold credentials"],
    [{ origin: "http://x.example/a" }, "/origin must name a server only"],
    [{ origin: "http://x.example?" }, "/origin must name a server only"],
    [{ limits: { rate: 1 } }, "/limits/share is needed with a rate"],
    [{ hosts: ["shop.test"] }, "/hosts/0 shop.test is a host of the site shop"],
    [{ hosts: ["SOLO-edge.test"] }, "/hosts/0 solo-edge.test is a host of the site solo"],
    [{ hosts: ["*"] }, "/hosts/0 * is a host of the site default"],
    [{ hosts: ["b.example", "B.example"] }, "/hosts/1 repeats b.example"],
    [
      { aliases: ["x.example"], canonical_host: "shop.test" },
      "/canonical_host shop.test is a host of the site shop",
    ],
  ])("%j", async (given, message) => {
    const before = await configuration();
    const answer = await post({ ...BLOG, ...given });
    expect(answer.status).toBe(422);
    expect(faultsOf(answer).join("; ")).toContain(message);
    expect((await configuration()).head).toEqual(before.head);
  });

  test.each([
    ...["http://127.0.0.1:3000", "http://localhost", "http://[::1]", "http://2130706433", "http://0x7f.1"],
    ...["http://169.254.169.254", "http://[::ffff:169.254.169.254]", "http://metadata.google.internal"],
    ...["http://10.0.0.1", "http://[fd00::1]", "http://backend:3000"],
  ])("an origin inside: %s", async (origin) => {
    expect(faultsOf(await post({ ...BLOG, origin })).join()).toContain(
      "which PRIVATE_ORIGINS does not allow",
    );
  });

  test("loopback can be allowed without what lies beyond it, and an edge is no origin", async () => {
    const EDGES = [{ id: edge.id, url: edge.url }];
    const open = await startPlane(rest, { SITES, EDGES, PRIVATE_ORIGINS: "loopback" });
    const verdict = async (origin: string) => (await open.call("/sites/validate", { ...BLOG, origin })).json;
    expect((await verdict("http://127.0.0.1:3000")).valid).toBe(true);
    expect((await verdict("http://169.254.169.254")).valid).toBe(false);
    const [near] = (await verdict(edge.url.replace("127.0.0.1", "localhost"))).errors;
    expect(near).toEqual({ pointer: "/origin", message: "is an edge itself" });
    expect((await verdict(edge.url)).errors).toEqual([{ pointer: "/origin", message: "is an edge itself" }]);
  });

  test("an edge is no origin where clients ask it, either", async () => {
    const EDGES = [{ id: edge.id, url: edge.url, clientUrl: "http://127.0.0.1:8787" }];
    const open = await startPlane(rest, { SITES, EDGES, PRIVATE_ORIGINS: "loopback" });
    for (const origin of ["http://localhost:8787", edge.url])
      expect((await open.call("/sites/validate", { ...BLOG, origin })).json.errors).toEqual([
        { pointer: "/origin", message: "is an edge itself" },
      ]);
  });
});

test("what is wrong with an origin does not hide what is wrong with the hosts", async () => {
  const answer = await post({ name: "x", origin: "http://169.254.169.254", hosts: ["shop.test"] });
  expect(answer.json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
    "/hosts/0",
    "/origin",
  ]);
});

describe("checking", () => {
  test("several are checked beside each other, and what one takes out of another's is told", async () => {
    const before = await configuration();
    const { valid, errors } = await check({
      sites: [
        { name: "a", hosts: ["a.example"] },
        { name: "b", hosts: ["a.example"] },
        { name: "a", hosts: ["c.example"] },
        3,
      ],
    });
    expect(valid).toBe(false);
    expect(errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      ...["/sites/0/hosts/0", "/sites/1/hosts/0", "/sites/2/name", "/sites/3"],
    ]);
    const { warnings } = await check({ name: "news", hosts: ["news.shop.test"] });
    expect(warnings).toEqual([
      { pointer: "/hosts/0", message: "is taken out of *.shop.test of the site shop" },
    ]);
    expect((await check({ name: "any", hosts: ["any.example"] })).warnings).toEqual([]);
    const wide = await check({ name: "wide", hosts: ["*.test"] });
    expect(wide.warnings.map(({ message }: { message: string }) => message)).toContain(
      "leaves shop.test to the site shop, which names it more closely",
    );
    expect((await configuration()).head).toEqual(before.head);
  });
});

describe("changing", () => {
  beforeEach(async () => {
    await post(BLOG);
  });

  test("takes the version that is to be replaced, and of two at once only one finds it", async () => {
    expect((await put("blog", BLOG, {})).status).toBe(428);
    expect((await put("blog", { ...BLOG, name: "x" })).status).toBe(422);
    expect((await put("none", { hosts: ["none.example"] })).status).toBe(404);
    const etag = (await plane.call("/sites/blog")).headers.get("etag") ?? "";
    const answers = await Promise.all(
      ["a", "b"].map((label) =>
        put("blog", { ...BLOG, hosts: [`${label}.blog.example`] }, { "if-match": etag }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  test("another origin takes all answers with it, unless it is said to be the same", async () => {
    await put("blog?answers=keep", { ...BLOG, origin: "https://second.blog.example" });
    expect(edge.pushed.at(-1)).toEqual([]);
    await put("blog", { ...BLOG, origin: "https://third.blog.example" });
    expect(edge.pushed.at(-1)).toEqual(["blog e"]);
  });

  test("limits come and go without touching an answer", async () => {
    await put("blog", { ...BLOG, limits: { concurrency: 7 } });
    expect((await plane.call("/sites/blog")).json.limits).toEqual({ concurrency: 7 });
    await put("blog", BLOG);
    expect((await configuration()).configuration.has("origin/blog")).toBe(false);
    expect(edge.pushed.slice(-4)).toEqual([[], [], [], []]);
  });
});

describe("taking out", () => {
  test("with policies is a conflict unless they go too; then nothing of it is left", async () => {
    await post({ ...BLOG, limits: { concurrency: 7 } });
    await plane.call("/policies", { id: "p", site: "blog", key_pattern: "/*", class: "hot" });
    const refused = await remove("blog");
    expect([refused.status, refused.json.code]).toEqual([409, "in-use"]);
    const gone = await remove("blog?policies=delete");
    expect(gone.status).toBe(204);
    const { head, configuration: fields } = await configuration();
    expect(gone.headers.get("tidegate-position")).toBe(`${head.epoch}-${head.seq}`);
    expect([...fields.keys()].filter((field) => field.includes("blog"))).toEqual([]);
    expect((await remove("blog")).status).toBe(404);
    expect((await plane.call("/invalidate", { site: "blog", tags: ["t"] })).status).toBe(422);
  });

  test("what the environment brought stays away, until that says something new", async () => {
    expect((await remove("solo", { "if-match": '"another"' })).status).toBe(412);
    expect((await remove("solo")).status).toBe(204);
    await bootConfiguration(plane.plane);
    expect((await plane.call("/sites/solo")).status).toBe(404);
    expect((await plane.call("/invalidate", { site: "solo", tags: ["t"] })).status).toBe(422);
    expect((await plane.call("/policies", { site: "solo", key_pattern: "/", class: "hot" })).status).toBe(
      422,
    );
  });

  test("the hosts of one that goes lead to whoever has the next wider pattern, and to none of its old answers", async () => {
    await post(BLOG);
    await remove("blog");
    const selectors = edge.pushed.at(-1) ?? [];
    expect(
      selectors.some((selector) => selector.startsWith("default ") && selector.includes("blog.example")),
    ).toBe(true);
  });

  test("the last one is not taken out", async () => {
    for (const name of ["shop", "solo"]) expect((await remove(name)).status).toBe(204);
    expect((await remove("default")).json.code).toBe("in-use");
  });
});

test("without Redis nothing is acknowledged", async () => {
  await rest.stop();
  expect((await post(BLOG)).status).toBe(503);
  expect((await plane.call("/sites")).status).toBe(503);
});
