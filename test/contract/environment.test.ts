// What is wrong with a worker's environment is told by the variable's name and the place in it, and never guessed.

import { describe, expect, test } from "vitest";
import { type Environment, readEnvironment } from "../../control-plane/configuration/settings.ts";
import * as edge from "../../edge/environment.ts";

const HASH = "0".repeat(64);
const SITE = { name: "default", hosts: ["*"], aliases: [], canonicalHost: "origin.test" };
const ONE = { id: "one", url: "http://one.test" };
const list = (...items: unknown[]): string => JSON.stringify(items);

describe("the control plane's", () => {
  const faultsOf = (env: Environment, hash: string | null = HASH): readonly string[] =>
    readEnvironment({ CLUSTER_KEY: "key", ...env }, hash).settings.faults;

  test("is well with what the documentation names", () => {
    const env = {
      EDGES: list(ONE),
      SITES: list(SITE),
      POLICIES: "[]",
      REPLICAS: "2",
      ADMIN_TOKEN_SHA256: HASH,
    };
    expect(faultsOf({ ...env, PUSH: "off", UNLISTED: "on" })).toEqual([]);
    expect(faultsOf({ PUSH: "", UNLISTED: "" })).toEqual([]);
  });

  test("switches are on or off, and as documented where they are not set", () => {
    const switches = (env: Environment) => {
      const { push, unlisted } = readEnvironment(env, HASH).settings;
      return { push, unlisted };
    };
    expect(switches({})).toEqual({ push: true, unlisted: false });
    expect(switches({ PUSH: "off", UNLISTED: "on" })).toEqual({ push: false, unlisted: true });
    expect(switches({ PUSH: "on", UNLISTED: "off" })).toEqual({ push: true, unlisted: false });
  });

  test.each<[Environment, string]>([
    [{ EDGES: "one" }, "EDGES is not JSON"],
    [{ EDGES: "{}" }, "EDGES is not a list of edges"],
    [{ EDGES: list(ONE, { id: "two", url: "two.test" }) }, "EDGES: /1/url must be http(s)://host[:port]"],
    [{ EDGES: list({ ...ONE, name: "x" }) }, "EDGES: /0/name is not a known field"],
    [{ EDGES: list(ONE, ONE) }, 'EDGES: /1/id repeats "one"'],
    [{ SITES: "default" }, "SITES is not JSON"],
    [{ SITES: list({ ...SITE, host: "x" }) }, "SITES: /0/host is not a known field"],
    [{ SITES: list(SITE, SITE) }, 'SITES: /1/name repeats "default"'],
    [{ POLICIES: "{}" }, "POLICIES is not a list of policies"],
    [{ POLICIES: '[{"id": "a"},]' }, "POLICIES is not JSON"],
    [{ SITES: "null" }, "SITES is not a list of sites"],
    [{ SHARDS: "{}" }, "SHARDS: must be a list"],
    [{ ALERTS: "[]" }, "ALERTS must be an object"],
    [{ ALERTS: '{"stampede": {"threshold": "x"}}' }, "ALERTS: /stampede/threshold must be a number"],
    [
      { POLICIES: list({ key_pattern: "/*", class: "hot", tll: 5 }) },
      "POLICIES: /0/tll is not a known field",
    ],
    [
      {
        POLICIES: list(
          { id: "a", key_pattern: "/*", class: "hot" },
          { id: "a", key_pattern: "/b", class: "hot" },
        ),
      },
      'POLICIES: /1/id repeats "a" of the site default',
    ],
    [{ REPLICAS: "two" }, "REPLICAS is not a count"],
    [{ REPLICAS: "-1" }, "REPLICAS is not a count"],
    [{ SHARDS: "{" }, "SHARDS: is not JSON"],
    [{ SHARDS: '[{"id":"b"}]' }, "SHARDS: b needs a url and a token"],
    [{ SHARDS: '[{"id":"control"},{"id":"control"}]' }, "SHARDS: two of them are named control"],
    [{ ALERTS: "{" }, "ALERTS is not JSON"],
    [{ ALERTS: '{"hit-ratio": {}}' }, "ALERTS: /hit-ratio is not a known field"],
    [{ ALERTS: '{"shard-memory": {"thresh": 1}}' }, "ALERTS: /shard-memory/thresh is not a known field"],
    [
      { ALERTS: '{"shard-memory": {"clear": 0.95}}' },
      "ALERTS: /shard-memory/clear must not be above the threshold: it would fire and be well at once",
    ],
    [
      { ALERTS: '{"edges-vanished": {"threshold": 0.9, "clear": 0.5}}' },
      "ALERTS: /edges-vanished/clear must not be below the threshold: it would fire and be well at once",
    ],
    [
      { ALERTS: '{"hit-rate": {"threshold": 0.9}}' },
      "ALERTS: /hit-rate/threshold is one for each class: it is said in /targets",
    ],
    [{ ALERT_WEBHOOK_URL: "hooks.test" }, "ALERT_WEBHOOK_URL is not http(s)://host[:port][/path]"],
    [{ EXTERNAL_URL: "ftp://x" }, "EXTERNAL_URL is not http(s)://host[:port][/path]"],
    [{ PUSH: "false" }, 'PUSH is neither "on" nor "off"'],
    [{ UNLISTED: "true" }, 'UNLISTED is neither "on" nor "off"'],
    [{ CLUSTER_KEY: "" }, "CLUSTER_KEY is not set"],
    [{ ADMIN_TOKEN_SHA256: "secret" }, "ADMIN_TOKEN_SHA256 is not 64 hexadecimal digits"],
  ])("%j is told", (env, fault) => {
    expect(faultsOf(env)).toEqual([fault]);
  });

  test("alert rules go by other terms, in the same proportion where only one is said", () => {
    const ALERTS = JSON.stringify({
      "shard-memory": { threshold: 0.8, forSeconds: 30, severity: "page" },
      "journal-depth": { threshold: 100, clear: 10 },
      "lease-waits": { enabled: false },
      targets: { hot: 0.95, standard: 0.4 },
    });
    const { table } = readEnvironment({ ALERTS }, HASH).settings.alerting;
    const terms = new Map(table.rules.map((rule) => [rule.id, rule]));
    expect(terms.get("shard-memory")).toMatchObject({ threshold: 0.8, for: 30_000, severity: "page" });
    expect(terms.get("shard-memory")?.clear).toBeCloseTo((0.85 * 0.8) / 0.9);
    expect(terms.get("journal-depth")).toMatchObject({ threshold: 100, clear: 10 });
    expect(terms.has("lease-waits")).toBe(false);
    expect(table.targets).toEqual({ hot: 0.95, immutable: 0.9, standard: 0.4 });
  });

  test("a receiver of alerts may be named with a secret or without; what it is called is never told", () => {
    const webhookOf = (env: Environment) => readEnvironment(env, HASH).settings.alerting.webhook;
    const url = "https://hooks.test/a?token=b";
    expect(webhookOf({ ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: "s" })).toEqual({ url, secret: "s" });
    expect(webhookOf({ ALERT_WEBHOOK_URL: url })).toEqual({ url, secret: null });
    expect(webhookOf({})).toBeNull();
    expect(faultsOf({ ALERT_WEBHOOK_URL: "secret" }).join()).not.toContain("secret");
  });

  test("no admin token at all is told", () => {
    expect(faultsOf({}, null)).toEqual(["neither ADMIN_TOKEN nor ADMIN_TOKEN_SHA256 is set"]);
  });
});

describe("an edge's", () => {
  test("names it, and where its peers are: with a closing slash or without", () => {
    const PEER_URLS = '{"two":"http://two.test:8788/","three":"https://three.test"}';
    const read = edge.readEnvironment({ EDGE_ID: "one", EDGE_REGION: "fra", CLUSTER_KEY: "key", PEER_URLS });
    expect(read).toMatchObject({ id: "one", region: "fra", clusterKey: "key", faults: [] });
    expect([...read.peerUrls]).toEqual([
      ["two", "http://two.test:8788"],
      ["three", "https://three.test"],
    ]);
  });

  test("says which build it is, by its own name or by Cloudflare's", () => {
    const versionOf = (env: edge.Environment) => edge.readEnvironment(env).version;
    const CF_VERSION_METADATA = { id: "5c0e", tag: "" };
    expect(versionOf({})).toBeNull();
    expect(versionOf({ CF_VERSION_METADATA })).toBe("5c0e");
    expect(versionOf({ CF_VERSION_METADATA: { ...CF_VERSION_METADATA, tag: "1.4" } })).toBe("1.4");
    expect(versionOf({ CF_VERSION_METADATA, VERSION: `v${"1".repeat(80)}` })).toHaveLength(64);
  });

  test("a view is shared where that is asked for, and a key seals it", () => {
    const shares = (env: edge.Environment) => edge.readEnvironment(env).sharesView;
    expect(shares({ CLUSTER_KEY: "key" })).toBe(false);
    expect(shares({ CLUSTER_KEY: "key", SHARED_VIEW: "off" })).toBe(false);
    expect(shares({ CLUSTER_KEY: "key", SHARED_VIEW: "cache-api" })).toBe(true);
    expect(shares({ SHARED_VIEW: "cache-api" })).toBe(false);
  });

  test.each<[edge.Environment, string]>([
    [{ PEER_URLS: "two" }, "PEER_URLS is not a JSON object that names URLs by id"],
    [{ PEER_URLS: list(ONE) }, "PEER_URLS is not a JSON object that names URLs by id"],
    [{ PEER_URLS: '{"two":"two.test"}' }, 'PEER_URLS: "two" must be http(s)://host[:port]'],
    [{ PEER_URLS: '{"two":"http://two.test/x"}' }, 'PEER_URLS: "two" must be http(s)://host[:port]'],
    [{ CLUSTER_KEY: "" }, "CLUSTER_KEY is not set: no push, no peer and no beat reaches this edge"],
    [{ SHARED_VIEW: "on" }, "SHARED_VIEW must be cache-api or off; each isolate pulls for itself"],
    [{ EDGE_ID: "a b" }, "EDGE_ID can't stand in EDGES: it must be 1 to 64 letters, digits, '.', '_' or '-'"],
  ])("%j is told, and the rest counts", (env, fault) => {
    const good = { CLUSTER_KEY: "key", PEER_URLS: '{"three":"http://three.test"}' };
    expect(edge.readEnvironment({ ...good, ...env }).faults).toEqual([fault]);
  });
});
