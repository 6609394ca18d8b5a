// The real command line against a real cluster: each command once as it should go, and once with each exit code.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createControlClient } from "../../client/control-client.ts";
import type { Fetch } from "../../client/runtime.ts";
import { type FaultyCluster, type Json, SITE_HOST, startTestCluster } from "../support/cluster.ts";
import { ask, until } from "../support/http.ts";

const root = join(import.meta.dirname, "..", "..");
const DIRECTLY = ["--import", join(root, "scripts", "lua-loader.mjs"), join(root, "cli", "main.ts")];

let cluster: FaultyCluster;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tidegate-cli-"));
  cluster = await startTestCluster({
    edges: 2,
    faults: true,
    policies: [
      { id: "hot", key_pattern: "/hot/*", class: "hot" },
      { id: "old", key_pattern: "/old/*", class: "hot" },
    ],
  });
  const page = { headers: { "cache-control": "max-age=600", "cache-tag": "fruit" }, body: "an apple" };
  for (const path of ["/hot/a", "/hot/b"]) cluster.site.set(path, page);
  cluster.site.set("/broken", { body: "", status: 500, breaksOff: true });
}, 60_000);
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly json: Json;
}

/** A process of its own, as a script would run it: no terminal anywhere. */
function tidegate(args: readonly string[], start: readonly string[] = DIRECTLY): Promise<Ended> {
  const env = { PATH: process.env.PATH, TIDEGATE_URL: cluster.control, TIDEGATE_TOKEN: cluster.token };
  const child = spawn(process.execPath, [...start, ...args], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (piece) => {
    stdout += piece;
  });
  child.stderr.on("data", (piece) => {
    stderr += piece;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit) => {
      const json = args.includes("--json") ? JSON.parse(stdout) : null;
      resolve({ exit, stdout, stderr, json });
    });
  });
}

/** Asked again for as long as Redis was late with what is to be told. */
const told = (ask: () => Promise<Ended>, isTold: (ended: Ended) => boolean): Promise<Ended> =>
  until(ask, isTold, { withinMs: 10_000 });

const fileOf = (name: string, rows: unknown): string => {
  writeFileSync(join(folder, name), JSON.stringify(rows));
  return name;
};

test("what warms, shows, explains and purges a page", async () => {
  const warmed = await tidegate(["warm", "/hot/a", "/hot/b", "--watch", "--json"]);
  expect([warmed.exit, warmed.json.done, warmed.stderr]).toEqual([0, 2, ""]);
  const url = `${cluster.edges[0]?.url}/hot/a`;
  const [explained, dry, edges, metrics, suggested] = await Promise.all([
    told(
      () => tidegate(["explain", url, "-H", "accept-language: de"], [join(root, "scripts", "tidegate.mjs")]),
      ({ stdout }) => !stdout.includes("does not answer"),
    ),
    told(
      () => tidegate(["purge", "--tag", "fruit", "--dry-run", "--json"]),
      ({ json }) => json.estimate.l2[0].hits !== null,
    ),
    tidegate(["edges"]),
    tidegate(["metrics", "--window", "1m"]),
    tidegate(["policies", "suggest"]),
  ]);
  expect([explained, dry, edges, metrics, suggested].map(({ exit, stderr }) => [exit, stderr])).toEqual(
    Array.from({ length: 5 }, () => [0, ""]),
  );
  expect(suggested.stdout).toMatch(/^Nothing is suggested yet\.\n[\s\S]*Observed for/);
  expect(explained.stdout).toMatch(/class hot by policy hot[\s\S]*Redis +200, 8 B/);
  expect(dry.json.estimate.l2[0].hits.entries).toBe(2);
  expect(edges.stdout).toMatch(/edge-1 +live[\s\S]*edge-2 +live/);
  expect(metrics.stdout).toMatch(/CLASS +REQUESTS[\s\S]*hot +\d+/);
  const purged = await tidegate(["purge", "--tag", "fruit", "--wait"]);
  expect(purged.exit).toBe(0);
  expect(purged.stdout).toMatch(/edge-1 +applied[\s\S]*edge-2 +applied[\s\S]*converged/);
  const listed = await tidegate(["receipts", "--json"]);
  expect(listed.json.items[0].selectors).toEqual([{ kind: "tag", value: "fruit" }]);
}, 60_000);

test("what happens is watched from where it happens, and nothing else than was asked for", async () => {
  const watching = tidegate([
    "tail",
    "--json",
    "--result",
    "hit,miss,pass",
    "--path",
    "/hot/b",
    "--count",
    "1",
    "--for",
    "20s",
  ]);
  let over = false;
  const ended = watching.finally(() => {
    over = true;
  });
  const traffic = async (): Promise<boolean> => {
    const asked = ["/hot/a", "/hot/b?secret=value"].map((path) => ask(`${cluster.edges[1]?.url}${path}`));
    await Promise.all(asked);
    return over;
  };
  await until(traffic, (seen) => seen, { withinMs: 20_000, everyMs: 100 });
  const { exit, json } = await ended;
  expect([exit, json.path, json.edge, json.result]).toEqual([
    0,
    "/hot/b?secret",
    "edge-2",
    expect.any(String),
  ]);
}, 30_000);

test("a real cluster is well, but for what is only for development", async () => {
  const failingOf = ({ json }: Ended) =>
    json.checks.filter(({ state }: { state: string }) => state === "fail");
  const ended = await told(
    () => tidegate(["doctor", "--json"]),
    (one) =>
      failingOf(one)
        .map(({ id }: { id: string }) => id)
        .join() !== "redis-control",
  );
  expect([ended.exit, failingOf(ended)]).toEqual([0, []]);
  expect(ended.json.checks.some(({ id }: { id: string }) => id === "clock-edge-1")).toBe(true);
}, 30_000);

test("a table of policies that is applied, found applied, and changed only by whoever has seen it", async () => {
  const [rows, bad] = [
    fileOf("rows.json", [
      { id: "hot", key_pattern: "/hot/*", class: "hot", ttl: "20s" },
      { id: "new", key_pattern: "/new/*", class: "standard" },
    ]),
    fileOf("bad.json", [{ id: "bad", key_pattern: "/bad", class: "none" }]),
  ];
  const apply = ["policies", "apply", "-f", rows, "--prune"];
  const [nobody, refused, put] = await Promise.all([
    tidegate(apply),
    tidegate(["policies", "validate", "-f", bad]),
    tidegate(["sites", "put", "extra", "--origin", cluster.site.url, "--host", "extra.test"]),
  ]);
  expect([put.exit, put.stderr]).toEqual([0, ""]);
  expect(put.stdout).toMatch(/\+ extra\n[\s\S]*Every edge goes by it \(2\)/);
  expect([nobody.exit, refused.exit]).toEqual([2, 2]);
  expect(refused.stdout).toContain("default/bad /class: must be one of");
  const applied = await tidegate([...apply, "--yes"]);
  expect(applied.stdout).toContain('~ default/hot\n    + ttl: "20s"\n- default/old');
  expect([applied.exit, applied.stderr]).toEqual([0, ""]);
  const [again, got] = await Promise.all([
    tidegate([...apply, "--dry-run", "--json"]),
    tidegate(["policies", "get", "hot", "--json"]),
  ]);
  expect(again.json).toMatchObject({ applied: false, added: [], changed: [], removed: [], unchanged: 2 });
  // Somebody else's version of it is no longer the table's.
  const client = createControlClient({ url: cluster.control, token: cluster.token });
  const { version, policy } = got.json;
  await client.policies.put("hot", { ...policy, ttl: "5s" }, { ifMatch: version });
  await expect(client.policies.put("hot", policy, { ifMatch: version })).rejects.toMatchObject({
    code: "precondition-failed",
    status: 412,
  });
  const gone = await tidegate(["policies", "delete", "new", "--yes"]);
  const [list, noSite] = await Promise.all([
    tidegate(["policies", "list", "--json"]),
    tidegate(["sites", "delete", "extra", "--yes", "--json"]),
  ]);
  expect(noSite.json).toMatchObject({ deleted: { name: "extra" }, edges: { missing: [], unasked: null } });
  const sites = await client.sites.list();
  expect([gone.exit, list.json.items.map(({ policy }: Json) => policy.id)]).toEqual([0, ["hot"]]);
  expect([noSite.exit, sites.items.map(({ site }) => site.name)]).toEqual([0, ["default"]]);
}, 60_000);

test("somebody who is quicker between the difference and the change is a conflict", async () => {
  const client = createControlClient({ url: cluster.control, token: cluster.token });
  await client.policies.create({ id: "contended", key_pattern: "/contended", class: "hot" });
  // Between the command line and the control plane: it lets another change go first.
  const between = createServer(async (request, response) => {
    const body = await text(request);
    if (request.method === "PUT")
      await client.policies.put(
        "contended",
        { key_pattern: "/contended", class: "hot", ttl: "1s" },
        { ifMatch: "*" },
      );
    const { method = "GET", url = "/" } = request;
    const headers = { ...(request.headers as Record<string, string>), host: new URL(cluster.control).host };
    const got = await ask(cluster.control + url, { method, headers, ...(body !== "" && { body }) });
    response.writeHead(got.status, got.headers).end(got.body);
  });
  await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
  const rows = fileOf("contended.json", [
    { id: "contended", key_pattern: "/contended", class: "hot", ttl: "9s" },
  ]);
  const { port } = between.address() as AddressInfo;
  const { exit, stderr } = await tidegate([
    ...["policies", "apply", "-f", rows, "--yes"],
    ...["--url", `http://127.0.0.1:${port}`],
  ]);
  between.close();
  expect([exit, stderr]).toEqual([5, expect.stringContaining("default/contended")]);
  expect((await client.policies.get("contended")).policy.ttl).toBe("1s");
}, 30_000);

test("an answer that is lost is asked for again, and nothing is done twice", async () => {
  let lost = 0;
  // Each call's first request is carried out, and its answer never arrives.
  const keys = new Set<string>();
  const losing: Fetch = async (url, init) => {
    const answer = await fetch(url, init);
    const key = init.headers["idempotency-key"] ?? `${init.method} ${url}`;
    if (keys.has(key)) return answer;
    keys.add(key);
    lost += 1;
    throw new TypeError("the connection was lost");
  };
  const client = createControlClient({ url: cluster.control, token: cluster.token, fetch: losing });
  const row = { id: "lossy", key_pattern: "/lossy", class: "hot" };
  const created = await client.policies.create(row);
  const put = await client.policies.put("lossy", { ...row, ttl: "7s" }, { ifMatch: created.version });
  expect((await client.policies.get("lossy")).policy.ttl).toBe("7s");
  expect(await client.policies.delete("lossy", { ifMatch: put.version })).toEqual({ position: null });
  const purged = await client.invalidate({ tags: ["lossy"] });
  const named = (await client.invalidations.list()).items.filter(
    ({ selectors }) => selectors[0]?.value === "lossy",
  );
  expect(named.map(({ id }) => id)).toEqual([purged.id]);
  expect(lost).toBe(6);
}, 30_000);

test("a write that the origin refuses is listed, tried again, and dropped", async () => {
  const client = createControlClient({ url: cluster.control, token: cluster.token });
  const { position } = await client.policies.create({
    ...{ id: "drafts", key_pattern: "/drafts/*", class: "session" },
  });
  // Whoever takes the write goes by the policy.
  await until(
    () => cluster.get(0, "/drafts/none", { "tidegate-min-position": position ?? "" }),
    ({ status }) => status !== 412,
    { withinMs: 10_000 },
  );
  cluster.site.set("/drafts/1", { status: 422, body: "no" });
  const options = { method: "PUT", body: "a draft", headers: { host: SITE_HOST } };
  const { headers } = await ask(`${cluster.edges[0]?.url}/drafts/1`, options);
  const id = headers["tidegate-journal"] ?? "";
  const parked = () =>
    until(
      () => client.journal.list({ state: "dead-lettered" }),
      ({ items }) => items.some((one) => one.id === id),
      { withinMs: 10_000 },
    );
  await parked();
  const listed = await tidegate(["journal", "list", "--state", "dead-lettered"]);
  expect([listed.exit, listed.stderr]).toEqual([0, ""]);
  expect(listed.stdout).toMatch(
    new RegExp(`dead-lettered +1 +PUT +http://${SITE_HOST}/drafts/1 .*422.* ${id}\\n\\nDATABASE`),
  );
  await client.journal.retry(id);
  await until(
    () => cluster.site.requests("/drafts/1"),
    (asked) => asked > 1,
    { withinMs: 10_000 },
  );
  await parked();
  const dropped = await tidegate(["journal", "drop", id, "--yes", "--json"]);
  expect([dropped.exit, dropped.json.dropped]).toEqual([0, [id]]);
  await expect(client.journal.get(id)).rejects.toMatchObject({ code: "not-found" });
}, 30_000);

/** Among seven programs that begin at once even the edge that can be told may be so too late: then by itself. */
async function purgedInPart(): Promise<Ended> {
  for (let tries = 1; ; tries++) {
    const ended = await tidegate(["purge", "/hot/a", "--wait", "--timeout", "1500ms"]);
    expect([ended.exit, ended.stdout]).toEqual([6, expect.stringMatching(/edge-2 +pending/)]);
    if (/edge-1 +applied/.test(ended.stdout) || tries === 3) return ended;
  }
}

test("each thing that goes wrong has its exit code", async () => {
  cluster.links.partition([1], ["redis", "control-plane", 0], { kind: "black-hole" });
  const ended = await Promise.all([
    tidegate(["warm", "/broken", "--edge", "edge-1", "--watch"]),
    purgedInPart(),
    tidegate(["edges", "--token", "a-wrong-token"]),
    tidegate(["receipts", "nothing"]),
    tidegate(["edges", "--url", "http://127.0.0.1:1"]),
    tidegate(["purge", "--tag", ""]),
    tidegate([
      "policies",
      "apply",
      "-f",
      fileOf("add.json", [{ id: "late", key_pattern: "/late", class: "hot" }]),
      "--yes",
      "--timeout",
      "300ms",
    ]),
  ]);
  cluster.links.heal();
  expect(ended.map(({ exit }) => exit)).toEqual([6, 6, 3, 4, 7, 2, 6]);
  const [broken, partial, , , , , late] = ended;
  expect(broken?.stdout).toMatch(/0 of 1 stored, 1 failed[\s\S]*\/broken +edge-1/);
  expect(partial?.stdout).toMatch(/edge-1 +applied[\s\S]*edge-2 +pending/);
  expect(late?.stderr).toContain("edge-2");
}, 60_000);
