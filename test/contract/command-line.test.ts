// The command line against a scripted control plane: what it sends, says and ends with.

import { describe, expect, test } from "vitest";
import { progressBar } from "../../cli/progress-bar.ts";
import { table } from "../../cli/table.ts";
import { size, span } from "../../cli/wording.ts";
import { runCli } from "../support/command-line.ts";
import { problem, type SentRequest, type Step, scriptedControl } from "../support/scripted-control.ts";

const RECEIPT = {
  id: "r1",
  position: "1-5",
  site: "default",
  mode: "hard",
  selectors: [{ kind: "tag", value: "a" }],
  selectorsTotal: 1,
  warnings: [],
  reason: null,
  actor: "admin",
  acceptedAt: "2026-01-02T03:04:05.678Z",
  state: "converged",
  edges: [
    { edge: "edge-1", state: "applied", position: "1-5", afterMs: 12 },
    { edge: "edge-2", state: "fenced", position: null, afterMs: 5250 },
  ],
  fencedAt: null,
  dirty: 0,
  p50Ms: 12,
  maxMs: 5250,
};

const PENDING = {
  ...RECEIPT,
  state: "converging",
  edges: [{ edge: "edge-1", state: "pending", position: null, afterMs: null }],
  maxMs: null,
  fencedAt: "2026-01-02T03:04:10.000Z",
};

const purging = (receipt: object) =>
  scriptedControl(
    ({ method }): Step =>
      method === "POST"
        ? { status: 202, json: { id: "r1", position: "1-5" } }
        : { status: 200, json: receipt },
  );

const answering = (answer: (request: SentRequest) => Step) => scriptedControl(answer);
const always = (step: Step) => scriptedControl([step]);

describe("purge", () => {
  test("every flag finds its field", async () => {
    const { fetch, sent } = purging(RECEIPT);
    const flags = [
      "--tag",
      "a",
      "--tag",
      "b",
      "--prefix",
      "/p",
      "--host",
      "h.test",
      "--class",
      "hot",
      "--soft",
    ];
    const ran = await runCli(["purge", "/x", ...flags, "--site", "shop", "--reason", "why"], { fetch });
    expect(ran.exit).toBe(0);
    const named = { urls: ["/x"], tags: ["a", "b"], prefixes: ["/p"], hosts: ["h.test"], classes: ["hot"] };
    expect(sent[0]?.body).toEqual({ ...named, site: "shop", reason: "why", mode: "soft" });
  });

  test("the receipt is shown edge by edge", async () => {
    const { stdout } = await runCli(["purge", "--tag", "a"], purging(RECEIPT));
    expect(stdout).toBe(
      [
        "purge r1  hard, position 1-5",
        "  accepted 2026-01-02 03:04:05Z by admin",
        "  tag a",
        "",
        "EDGE    STATE    AFTER  POSITION",
        "edge-1  applied  12 ms  1-5",
        "edge-2  fenced   5.3 s  –",
        "",
        "converged: it holds at 2 edges within 5.3 s",
        "",
      ].join("\n"),
    );
  });

  test("says how many values it does not hit, as the origin does not have them yet", async () => {
    const { stdout } = await runCli(["purge", "--tag", "a"], purging({ ...RECEIPT, dirty: 3 }));
    expect(stdout).toContain("! it does not hit 3 values that the journal has and the origin does not yet\n");
    expect((await runCli(["purge", "--tag", "a"], purging(RECEIPT))).stdout).not.toContain("does not hit");
  });

  test("what it leaves out that may be meant is said, of a dry run too", async () => {
    const warnings = [{ pointer: "/urls/0", message: "names the path on a.test alone" }];
    const made = await runCli(["purge", "/x"], purging({ ...RECEIPT, warnings }));
    expect(made.stdout).toContain("\n! names the path on a.test alone\n");
    const estimate = { exact: true, memory: [], l2: [] };
    const dry = {
      dryRun: true,
      accepted: {},
      warnings,
      selectors: ["default u a.test/x"],
      edges: [],
      estimate,
    };
    const tried = await runCli(["purge", "/x", "--dry-run"], always({ status: 200, json: dry }));
    expect(tried.stdout).toContain("\n! names the path on a.test alone\n");
  });

  test("with --json there is one document on stdout, and nothing on stderr", async () => {
    const { json, stderr } = await runCli(["purge", "--tag", "a", "--json"], purging(RECEIPT));
    expect(json).toEqual(RECEIPT);
    expect(stderr).toBe("");
  });

  test("--wait that runs out is 6, with the receipt as far as it got", async () => {
    const { exit, json, stderr } = await runCli(
      ["purge", "--tag", "a", "--wait", "--timeout", "0", "--json"],
      purging(PENDING),
    );
    expect([exit, json.state]).toEqual([6, "converging"]);
    expect(stderr).toContain("The time is up");
  });

  test("a purge whose receipt can't be read is purged all the same", async () => {
    const { fetch } = answering(({ method }) =>
      method === "POST" ? { status: 202, json: { id: "r1", position: "1-5" } } : problem(500, "internal"),
    );
    const plainly = await runCli(["purge", "--tag", "a", "--json"], { fetch });
    expect([plainly.exit, plainly.json]).toEqual([0, { id: "r1", position: "1-5" }]);
    expect(plainly.stderr).toContain("Accepted at 1-5");
    expect((await runCli(["purge", "--tag", "a", "--wait"], { fetch })).exit).toBe(6);
  });

  test("all of a host or a class is purged hard only if somebody agrees", async () => {
    const { fetch, sent } = purging(RECEIPT);
    expect((await runCli(["purge", "--class", "hot"], { fetch })).exit).toBe(2);
    const no = await runCli(["purge", "--host", "h.test"], { fetch, terminal: { typed: ["n"] } });
    expect([no.exit, no.asked[0]]).toEqual([2, expect.stringContaining("the host h.test")]);
    expect(sent).toEqual([]);
    expect((await runCli(["purge", "--class", "hot", "--yes"], { fetch })).exit).toBe(0);
    expect((await runCli(["purge", "--class", "hot", "--soft"], { fetch })).exit).toBe(0);
    expect((await runCli(["purge", "--host", "h.test"], { fetch, terminal: { typed: ["y"] } })).exit).toBe(0);
  });

  test("everything is purged only by its site's name, typed or given", async () => {
    const all = ["purge", "--everything"];
    const alone = await runCli(all);
    expect([alone.exit, alone.stderr]).toEqual([2, expect.stringContaining("--confirm default")]);
    const wrong = await runCli(all, { terminal: { typed: ["yes"] } });
    expect([wrong.exit, wrong.asked.length]).toEqual([2, 1]);
    for (const [args, terminal] of [
      [[...all], { typed: ["default"] }],
      [[...all, "--confirm", "default"], undefined],
    ] as const) {
      const { fetch, sent } = purging(RECEIPT);
      expect((await runCli(args, { fetch, ...(terminal && { terminal }) })).exit).toBe(0);
      expect(sent[0]?.body).toEqual({ everything: true, confirm: "default" });
    }
  });

  test.each([
    ["nothing is named", ["purge"], "--everything"],
    ["an unknown flag comes with a suggestion", ["purge", "--tga", "a"], "Did you mean --tag?"],
    ["an unknown command comes with a suggestion", ["purg"], "Did you mean purge?"],
    ["flags exclude each other", ["purge", "/x", "--dry-run", "--wait"], "exclude each other"],
    ["a duration is none", ["purge", "/x", "--wait", "--timeout", "soon"], "such as 500ms"],
    ["a flag needs another", ["purge", "/x", "--timeout", "5"], "--wait"],
    ["a number is none", ["warm", "/x", "--rate", "fast"], "above 0"],
    ["a header is none", ["explain", "http://a.test/", "-H", "nonsense"], "'name: value'"],
    ["a file is missing", ["warm", "--file", "none.txt"], "ENOENT"],
    ["a file is missing", ["policies", "apply", "-f", "none.json"], "ENOENT"],
    ["a required flag is missing", ["policies", "apply"], "-f, --file"],
    ["a URL is none", ["edges", "--url", "nonsense"], "--url"],
    ["there is nothing to do", ["policies"], "Usage:"],
  ])("it is wrong usage, and nothing is sent, where %s", async (_, args, said) => {
    const { fetch, sent } = always({ status: 200, json: {} });
    const ran = await runCli(args, { fetch });
    expect([ran.exit, sent.length, ran.stdout]).toEqual([2, 0, ""]);
    expect(ran.stderr).toContain(said);
    const { json, exit } = await runCli([...args, "--json"], { fetch });
    expect([exit, json.error.status]).toEqual([2, null]);
  });
});

describe("what it ends with", () => {
  const errors = [{ pointer: "/tags/1", message: "must not be empty" }];

  test.each<[number, Step, string]>([
    [1, problem(500, "internal"), "Request request-1"],
    [1, { status: 200, text: "<h1>Hello</h1>" }, "does --url"],
    [2, problem(422, "invalid-body", { errors }), "--tag (no. 2): must not be empty"],
    [3, problem(401, "unauthorized"), "TIDEGATE_TOKEN"],
    [4, problem(404, "not-found"), "It is not-found."],
    [5, problem(412, "precondition-failed"), "meanwhile"],
    [5, problem(422, "idempotency-conflict"), "idempotency-conflict"],
  ])("exit code %i", async (code, step, said) => {
    const { exit, stderr, stdout } = await runCli(["purge", "--tag", "a", "--tag", ""], always(step));
    expect([exit, stdout]).toEqual([code, ""]);
    expect(stderr.toLowerCase()).toContain(said.toLowerCase());
  });

  test("a failure is one document too", async () => {
    const { json, exit } = await runCli(
      ["purge", "--tag", "", "--json"],
      always(problem(422, "invalid-body", { errors })),
    );
    expect(exit).toBe(2);
    expect(json.error).toMatchObject({ code: "invalid-body", status: 422, errors, requestId: "request-1" });
  });

  test("a control plane that can't be reached is 7, with the reason and where it was looked for", async () => {
    const { exit, stderr } = await runCli(["edges"], always("refused"));
    expect(exit).toBe(7);
    for (const said of ["http://control.test", "ECONNREFUSED", "Is it running?"])
      expect(stderr).toContain(said);
  });
});

describe("which token it asks with", () => {
  const asked = async (args: readonly string[], env: Record<string, string> = {}) => {
    const { fetch, sent } = always({ status: 200, json: { items: [], nextCursor: null } });
    const files = { ".tidegate/admin-token": "from-npm-start\n", mine: "from-file\n" };
    const unset = { TIDEGATE_URL: "", TIDEGATE_TOKEN: "" };
    const { exit } = await runCli(["edges", ...args], { fetch, files, env: { ...unset, ...env } });
    return { exit, url: sent[0]?.url, token: sent[0]?.headers.authorization };
  };

  test("flags come before the environment, and that before what npm start left", async () => {
    const env = { TIDEGATE_URL: "https://far.test/base/", TIDEGATE_TOKEN: "from-environment" };
    const local = "http://127.0.0.1:8780/edges";
    expect(await asked([])).toEqual({ exit: 0, url: local, token: "Bearer from-npm-start" });
    expect(await asked([], env)).toMatchObject({
      url: "https://far.test/base/edges",
      token: "Bearer from-environment",
    });
    expect(await asked(["--token", "t"], env)).toMatchObject({ token: "Bearer t" });
    expect(await asked(["--token-file", "mine"], env)).toMatchObject({ token: "Bearer from-file" });
    expect(await asked(["--url", "http://localhost:1/"], { TIDEGATE_TOKEN: "e" })).toMatchObject({
      url: "http://localhost:1/edges",
      token: "Bearer e",
    });
  });

  test("this machine's own token goes nowhere else", async () => {
    expect(await asked(["--url", "https://far.test"])).toEqual({ exit: 3, url: undefined, token: undefined });
  });
});

describe("warm", () => {
  const job = (more: object) => ({
    ...{
      id: "w1",
      site: "default",
      state: "running",
      total: 4,
      done: 0,
      failed: 0,
      skipped: 0,
      later: 0,
      ratePerSecond: 10,
    },
    ...{
      concurrency: 8,
      edges: "all",
      etaSeconds: 3,
      errors: [],
      acceptedAt: "2026-01-01T00:00:00Z",
      finishedAt: null,
    },
    ...more,
  });
  const ended = (more: object = {}) =>
    job({ state: "done", done: 4, finishedAt: "2026-01-01T00:00:02Z", ...more });
  const events = (...jobs: object[]): Step => ({
    status: 200,
    headers: { "content-type": "text/event-stream" },
    text: jobs.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(""),
  });
  const begun: Step = { status: 202, json: { id: "w1", total: 4, job: "/warmups/w1" } };
  const watching = (...jobs: object[]) =>
    answering(({ method }) => (method === "POST" ? begun : events(...jobs)));

  test("every flag finds its field", async () => {
    const { fetch, sent } = always(begun);
    const files = {
      "urls.txt": "# ours\n/a\n\n /b \n",
      // As some editors begin a file.
      "old.json": '\ufeff{"a":"/a.1"}',
      "new.json": '{"a":"/a.2"}',
    };
    const what = [
      "--file",
      "urls.txt",
      "--sitemap",
      "http://s.test/sitemap.xml",
      "--hot",
      "5",
      "--class",
      "hot",
    ];
    const assets = ["--manifest-old", "old.json", "--manifest-new", "new.json"];
    const variants = [
      "--variant",
      "Accept-Language: de",
      "--variant",
      "accept: image/avif | accept-language: fr, en",
    ];
    const how = [
      "--edge",
      "edge-1",
      "--edge",
      "edge-2",
      "--rate",
      "2.5",
      "--concurrency",
      "3",
      "--site",
      "shop",
    ];
    const ran = await runCli(["warm", "/c", ...what, ...assets, ...variants, ...how], { fetch, files });
    expect(ran.exit).toBe(0);
    expect(sent[0]?.body).toEqual({
      ...{ urls: ["/c", "/a", "/b"], sitemap: "http://s.test/sitemap.xml", hot: { top: 5, class: "hot" } },
      manifest: { before: { a: "/a.1" }, after: { a: "/a.2" } },
      variants: [
        { headers: { "accept-language": "de" } },
        { headers: { accept: "image/avif", "accept-language": "fr, en" } },
      ],
      ...{ edges: ["edge-1", "edge-2"], ratePerSecond: 2.5, concurrency: 3, site: "shop" },
    });
  });

  test("a dry run shows what the control plane would do", async () => {
    const held = [
      { edge: "edge-1", tier: "memory" },
      { edge: "edge-2", tier: null },
    ];
    const plan = {
      ...{
        dryRun: true,
        site: "default",
        total: 7,
        complete: true,
        failed: 1,
        ratePerSecond: 1,
        concurrency: 8,
      },
      errors: [{ url: "http://x.test/", variant: null, edge: "", reason: "is not the site's own" }],
      takesSeconds: 7,
      edges: held.map(({ edge }) => ({ edge, held: null })),
      targets: [{ url: "http://s.test/", variant: 1, held }],
    };
    const { fetch, sent } = always({ status: 200, json: plan });
    const { exit, json } = await runCli(["warm", "/", "--dry-run", "--json"], { fetch });
    expect([exit, json, sent[0]?.body]).toEqual([0, plan, { urls: ["/"], dryRun: true }]);
    const { stdout } = await runCli(["warm", "/", "--dry-run"], { fetch });
    expect(stdout).toContain("It would fetch 7 answers, within 7 s.");
    expect(stdout).toMatch(/http:\/\/s\.test\/ +2 +edge-1 \(memory\)\nand 6 more/);
    expect(stdout).toContain("http://x.test/: is not the site's own");
  });

  test("--watch ends with the job, and with 6 where anything failed, URL by URL", async () => {
    expect((await runCli(["warm", "/", "--watch"], watching(job({ done: 1 }), ended()))).exit).toBe(0);
    const errors = [{ url: "http://s.test/x", edge: "edge-1", reason: "the origin answered 500" }];
    const failed = ended({ done: 2, failed: 2, errors });
    const { exit, stdout } = await runCli(["warm", "/", "--watch"], watching(job({ done: 1 }), failed));
    expect(exit).toBe(6);
    expect(stdout).toContain("2 of 4 stored, 2 failed, 0 not storable in 2 s");
    expect(stdout).toMatch(/http:\/\/s\.test\/x +edge-1 +the origin answered 500\nand 1 more/);
  });

  test("a bar shows its progress, on a terminal only", async () => {
    const seat = watching(job({ done: 1, failed: 1 }), ended());
    const { stderr } = await runCli(["warm", "/", "--watch"], { ...seat, terminal: {} });
    expect(stderr).toContain(`[${"#".repeat(20)}${"-".repeat(20)}]  50 %  2/4  1 failed  3 s left`);
    expect((await runCli(["warm", "/", "--watch"], watching(job({ done: 1 }), ended()))).stderr).toBe("");
  });

  test("what was turned away for users' sake is told, in the bar and of a job of before", async () => {
    const seat = watching(job({ done: 1, later: 2 }), ended());
    const { stderr } = await runCli(["warm", "/", "--watch"], { ...seat, terminal: {} });
    expect(stderr).toContain("  25 %  1/4  2 later  3 s left");
    const { stdout } = await runCli(
      ["warm", "--job", "w1"],
      always({ status: 200, json: job({ later: 1200 }) }),
    );
    expect(stdout).toContain("1 200 turned away for users' sake, to be asked for again");
    const none = await runCli(["warm", "--job", "w1"], always({ status: 200, json: job({}) }));
    expect(none.stdout).not.toContain("turned away");
  });

  test("Ctrl-C leaves the job running, and says so", async () => {
    const { fetch, sent } = answering(({ method }) => (method === "POST" ? begun : "silent"));
    const { exit, stderr, json } = await runCli(["warm", "/", "--watch", "--json"], {
      fetch,
      onListening: (interrupt) => setImmediate(interrupt),
    });
    expect([exit, json]).toEqual([6, { id: "w1" }]);
    expect(stderr).toContain("goes on without you");
    expect(sent.map(({ method }) => method)).toEqual(["POST", "GET"]);
  });

  test("a job that can't be looked at any more is said to go on", async () => {
    const { fetch } = answering(({ method }) => (method === "POST" ? begun : problem(403, "unauthorized")));
    const { exit, stderr } = await runCli(["warm", "/", "--watch"], { fetch });
    expect(exit).toBe(3);
    expect(stderr).toContain("--job w1 --watch");
    expect((await runCli(["warm", "--job", "w9", "--watch"], always(problem(404, "not-found")))).exit).toBe(
      4,
    );
  });

  test("a job of before is looked at, watched, and cancelled", async () => {
    const { fetch, sent } = answering(({ url, method }) =>
      url.endsWith("/events")
        ? events(ended())
        : { status: 200, json: method === "DELETE" ? job({ state: "cancelled" }) : job({ done: 1 }) },
    );
    expect((await runCli(["warm", "--job", "w1"], { fetch })).exit).toBe(0);
    expect((await runCli(["warm", "--job", "w1", "--watch"], { fetch })).stdout).toContain("4 of 4 stored");
    expect((await runCli(["warm", "--cancel", "w1"], { fetch })).stdout).toContain("cancelled");
    expect(sent.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      "GET /warmups/w1",
      "GET /warmups/w1/events",
      "DELETE /warmups/w1",
    ]);
    expect((await runCli(["warm", "/", "--cancel", "w1"], { fetch })).exit).toBe(2);
  });
});

describe("policies apply", () => {
  const row = (id: string, more: object = {}) => ({
    id,
    site: "default",
    key_pattern: `/${id}/*`,
    class: "hot",
    ...more,
  });
  const listed = (id: string, more: object = {}) => ({ policy: row(id, more), version: `v-${id}`, rank: 1 });

  interface Table {
    readonly items: readonly object[];
    readonly verdict?: object;
    readonly changed?: Step;
    readonly edges?: Step;
  }

  /** Every change answers with the position 1-9, where the edges are already. */
  const serving = ({ items, verdict, changed, edges }: Table) =>
    answering(({ method, url }): Step => {
      const { pathname } = new URL(url);
      if (pathname === "/policies/validate")
        return { status: 200, json: { valid: true, errors: [], warnings: [], ...verdict } };
      if (pathname === "/edges" && edges !== undefined) return edges;
      if (pathname === "/edges")
        return {
          status: 200,
          json: { items: [{ id: "edge-1", state: "live", position: "1-9" }], nextCursor: null },
        };
      if (method === "GET")
        return { status: 200, json: { items, nextCursor: null, position: "1-1", unreadable: [] } };
      if (changed !== undefined) return changed;
      if (method === "DELETE") return { status: 204, headers: { "tidegate-position": "1-9" } };
      return { status: method === "POST" ? 201 : 200, json: { position: "1-9" } };
    });

  const file = (...rows: object[]) => ({ "p.json": JSON.stringify(rows) });
  const apply = ["policies", "apply", "-f", "p.json"];
  const changes = (sent: readonly SentRequest[]) =>
    sent
      .filter(({ method, url }) => method !== "GET" && !url.endsWith("/validate"))
      .map(({ method, url, headers }) => [
        method,
        url.replace("http://control.test", ""),
        headers["if-match"],
      ]);

  const items = [listed("same"), listed("old"), listed("more", { ttl: "5m", tags: ["x"], priority: 1 })];
  const files = file(
    { ...row("same"), class: "hot" },
    row("new", { ttl: "1m" }),
    row("more", { ttl: "10s", tags: ["x"], fence: "refuse" }),
  );

  test("the difference is shown row by row and field by field", async () => {
    const { fetch, sent } = serving({
      items,
      verdict: { warnings: [{ pointer: "/policies/1/ttl", message: "odd" }] },
    });
    const { exit, stdout } = await runCli([...apply, "--prune", "--dry-run"], { fetch, files });
    expect(exit).toBe(0);
    expect(stdout).toBe(
      [
        "+ default/new",
        '    + key_pattern: "/new/*"',
        '    + class: "hot"',
        '    + ttl: "1m"',
        "~ default/more",
        '    ttl: "5m" → "10s"',
        "    - priority: 1",
        '    + fence: "refuse"',
        "- default/old",
        "= 1 policy unchanged",
        "! default/new /ttl: odd",
        "Nothing was changed: a dry run.",
        "",
      ].join("\n"),
    );
    expect(changes(sent)).toEqual([]);
  });

  test("each row is changed from the version that was shown, and the edges are waited for", async () => {
    const { fetch, sent } = serving({ items });
    const { exit, stdout } = await runCli([...apply, "--prune", "--yes"], { fetch, files });
    expect(exit).toBe(0);
    expect(changes(sent)).toEqual([
      ["POST", "/policies", undefined],
      ["PUT", "/policies/more?site=default", '"v-more"'],
      ["DELETE", "/policies/old?site=default", '"v-old"'],
    ]);
    expect(stdout).toContain("3 policies changed, at position 1-9.");
    expect(stdout).toContain("Every edge goes by it (1)");
  });

  test("without --prune what the file does not have stays, and is named", async () => {
    const { fetch, sent } = serving({ items });
    const { stdout } = await runCli([...apply, "--yes"], { fetch, files });
    expect(changes(sent).map(([method]) => method)).toEqual(["POST", "PUT"]);
    expect(stdout).toContain("--prune takes out: default/old");
  });

  test("--prune leaves the rows of sites alone that the file does not speak of", async () => {
    const others = [...items, { policy: { ...row("theirs"), site: "shop" }, version: "v" }];
    const { fetch } = serving({ items: others });
    const { json } = await runCli([...apply, "--prune", "--yes", "--json"], { fetch, files });
    expect(json.removed).toEqual(["default/old"]);
    expect(json).toMatchObject({ applied: true, position: "1-9", unchanged: 1, edges: { missing: [] } });
  });

  test("an empty file speaks of no site, and --prune of it is refused", async () => {
    const { fetch, sent } = serving({ items });
    const pruned = await runCli([...apply, "--prune", "--yes"], { fetch, files: file() });
    expect([pruned.exit, pruned.stderr]).toEqual([2, expect.stringContaining("-f p.json names no policy")]);
    expect(changes(sent)).toEqual([]);
    const { exit, stdout } = await runCli(apply, { fetch, files: file() });
    expect([exit, stdout]).toEqual([0, expect.stringContaining("Nothing to change")]);
  });

  test("it asks where it can, and refuses where it can't", async () => {
    const alone = serving({ items });
    expect((await runCli(apply, { fetch: alone.fetch, files })).exit).toBe(2);
    const no = serving({ items });
    const declined = await runCli(apply, { fetch: no.fetch, files, terminal: { typed: [""] } });
    expect([declined.exit, declined.asked]).toEqual([2, ["Change 2 policies? [y/N] "]]);
    expect([...changes(alone.sent), ...changes(no.sent)]).toEqual([]);
    const yes = serving({ items });
    expect((await runCli(apply, { fetch: yes.fetch, files, terminal: { typed: ["y"] } })).exit).toBe(0);
    expect(changes(yes.sent)).toHaveLength(2);
  });

  test("somebody who was quicker is a conflict, told with what was done before", async () => {
    const mismatch = problem(412, "precondition-failed");
    const { exit, stderr } = await runCli([...apply, "--yes"], {
      fetch: answeringPuts(mismatch),
      files,
    });
    expect(exit).toBe(5);
    expect(stderr).toContain("default/more");
    expect(stderr).toContain("Changed before it: default/new.");
  });

  const answeringPuts = (step: Step) => {
    const { fetch } = serving({ items });
    const refusing = always(step).fetch;
    return ((url, init) => (init.method === "PUT" ? refusing : fetch)(url, init)) as typeof fetch;
  };

  test("a file with faults is refused whole, each by its row", async () => {
    const errors = [{ pointer: "/policies/1/ttl", message: "must be a duration" }];
    const { fetch, sent } = serving({ items, verdict: { valid: false, errors } });
    const { exit, stderr } = await runCli([...apply, "--yes"], { fetch, files });
    expect([exit, changes(sent)]).toEqual([2, []]);
    expect(stderr).toContain("default/new /ttl: must be a duration");
  });

  test.each([
    ["is no list", "{}", "JSON array"],
    ["is no JSON", "[", "-f p.json is not JSON: "],
    // The mark itself is no fault: what comes behind it is read.
    ["begins with a byte-order mark and holds no row", "\ufeff[1]", "/0 must be a policy"],
    ["holds what is no row", "[1]", "/0 must be a policy"],
    ["gives a field twice", '[{"id":"a","ttl":1,"ttl":2}]', "p.json gives /0/ttl twice"],
    ["names a row twice", '[{"id":"a"},{"id":"a"}]', 'repeats "a"'],
  ])("a file that %s is refused", async (_, text, said) => {
    const { exit, stderr } = await runCli(apply, { files: { "p.json": text } });
    expect(exit).toBe(2);
    expect(stderr).toContain(said);
  });

  test("edges that don't have it in time are named, and it is partial", async () => {
    const { fetch } = serving({ items, changed: { status: 201, json: { position: "1-10" } } });
    const more = file(...[row("same"), row("new")]);
    const { exit, stderr } = await runCli([...apply, "--yes", "--timeout", "0"], { fetch, files: more });
    expect(exit).toBe(6);
    expect(stderr).toContain("edge-1");
  });

  test("edges that can't be asked leave it partial: it is changed all the same", async () => {
    const { fetch, sent } = serving({ items, edges: problem(500, "internal") });
    const { exit, json, stderr } = await runCli([...apply, "--yes", "--json"], { fetch, files });
    expect([exit, json.applied, json.position]).toEqual([6, true, "1-9"]);
    expect(stderr).toContain("could not be asked");
    expect(changes(sent)).toHaveLength(2);
  });
});

describe("how it looks", () => {
  const edges = always({
    status: 200,
    json: {
      items: [
        {
          id: "edge\u001b[2J1",
          url: "http://e",
          region: null,
          position: null,
          knownAgeMs: null,
          memoryBytes: 2048,
          state: "live",
        },
      ],
      nextCursor: null,
    },
  });

  test("there is colour on a terminal, unless NO_COLOR says otherwise", async () => {
    const { fetch } = edges;
    const green = "\u001b[32m";
    expect((await runCli(["edges"], { fetch, terminal: {} })).stdout).toContain(green);
    expect((await runCli(["edges"], { fetch })).stdout).not.toContain(green);
    expect((await runCli(["edges"], { fetch, terminal: {}, env: { NO_COLOR: "1" } })).stdout).not.toContain(
      escape,
    );
  });

  test("what others have named can't move the cursor", async () => {
    const { stdout } = await runCli(["edges"], edges);
    expect(stdout).toContain("edge\\u001b[2J1");
    expect(stdout).not.toContain("\u001b");
  });

  test("columns are as wide as what stands in them", () => {
    const columns = [{ title: "A" }, { title: "NUMBER", align: "right" }, { title: "LAST" }] as const;
    expect(
      table(
        columns,
        [
          ["long one", "1", "x"],
          ["s", "22", "longer"],
        ],
        (text) => text,
      ),
    ).toEqual(["A         NUMBER  LAST", "long one       1  x", "s             22  longer"]);
  });

  test("a bar fits its line", () => {
    const job = {
      state: "running",
      total: 3,
      done: 1,
      failed: 0,
      skipped: 0,
      later: 0,
      etaSeconds: null,
    } as const;
    expect(progressBar(job, 40)).toBe("[#########-----------------]  33 %  1/3");
    expect(progressBar(job, 10)).toBe("33 %  1/3");
    expect(progressBar({ ...job, total: 0 }, 40)).toContain("0 %");
  });

  test("spans and sizes", () => {
    expect([0, 12, 1500, 90_000, 5_400_000, 259_200_000, null].map(span)).toEqual([
      ...["0 ms", "12 ms", "1.5 s", "1.5 min", "1.5 h", "3 d", "–"],
    ]);
    expect([0, 1023, 1536, 1_048_576, null].map(size)).toEqual(["0 B", "1023 B", "1.5 KiB", "1 MiB", "–"]);
  });
});
