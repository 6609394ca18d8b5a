// Sites and suggestions on the command line, against a scripted control plane: what is sent, said and ended with.

import { describe, expect, test } from "vitest";
import { runCli } from "../support/command-line.ts";
import { problem, type SentRequest, type Step, scriptedControl } from "../support/scripted-control.ts";

const BLOG = {
  ...{ name: "blog", origin: "https://one.example", hosts: ["blog.example", "*.blog.example"] },
  ...{ aliases: ["www.blog.example"], canonical_host: "blog.example", limits: { rate: 5 } },
};

interface Plane {
  readonly site?: Step;
  readonly policies?: number;
  readonly changed?: Step;
  readonly edgesAt?: string;
}

const found: Step = { status: 200, json: BLOG, headers: { etag: '"v1"' } };
const absent = problem(404, "not-found");
const changedTo = (site: object, more: object = {}): Step => ({
  status: 200,
  json: { site, version: "v2", position: "1-9", applied: ["edge-1"], warnings: [], ...more },
});

/** Every change is at 1-9, where the one edge is already unless said otherwise. */
const serving = ({ site = found, policies = 2, changed, edgesAt = "1-9" }: Plane = {}) =>
  scriptedControl(({ method, url, body }): Step => {
    const { pathname } = new URL(url);
    if (pathname === "/edges")
      return { status: 200, json: { items: [{ id: "edge-1", state: "live", position: edgesAt }] } };
    if (method === "GET" && pathname === "/sites")
      return {
        status: 200,
        json: {
          items: [{ site: BLOG, version: "v1", policies }],
          ...{ nextCursor: null, position: "1-1", unreadable: ["site/new"] },
        },
      };
    if (method === "GET") return site;
    if (changed !== undefined) return changed;
    if (method === "DELETE") return { status: 204, headers: { "tidegate-position": "1-9" } };
    return changedTo({ ...BLOG, ...body });
  });

const changes = (sent: readonly SentRequest[]) =>
  sent
    .filter(({ method }) => method !== "GET")
    .map(({ method, url, headers }) => [
      method,
      url.replace("http://control.test", ""),
      headers["if-match"] ?? null,
    ]);
const bodyOf = (sent: readonly SentRequest[]) => sent.find(({ body }) => body !== null)?.body;

describe("sites list and get", () => {
  test("the list names origin, hosts and how many policies each has", async () => {
    const { exit, stdout, stderr } = await runCli(["sites", "list"], serving());
    expect(exit).toBe(0);
    expect(stdout).toBe(
      [
        "SITE  ORIGIN               HOSTS                        ALIASES           POLICIES",
        "blog  https://one.example  blog.example *.blog.example  www.blog.example         2",
        "",
      ].join("\n"),
    );
    expect(stderr).toContain("site/new");
  });

  test("one is shown as a file for put may have it", async () => {
    const { exit, stdout } = await runCli(["sites", "get", "blog"], serving());
    expect([exit, JSON.parse(stdout)]).toEqual([0, BLOG]);
    const { json } = await runCli(["sites", "get", "blog", "--json"], serving());
    expect(json).toEqual({ site: BLOG, version: "v1" });
    expect((await runCli(["sites", "get", "none"], serving({ site: absent }))).exit).toBe(4);
  });
});

describe("sites put", () => {
  test("what no flag speaks of stays, and it is changed from the version that was read", async () => {
    const { fetch, sent } = serving();
    const { exit, stdout } = await runCli(["sites", "put", "blog", "--origin", "https://two.example"], {
      fetch,
    });
    expect(exit).toBe(0);
    expect(changes(sent)).toEqual([["PUT", "/sites/blog", '"v1"']]);
    expect(bodyOf(sent)).toEqual({ ...BLOG, origin: "https://two.example" });
    expect(stdout).toMatch(
      /^~ blog\n {4}origin: "https:\/\/one\.example" → "https:\/\/two\.example"\nIt holds from position 1-9 on\.\nEvery edge goes by it \(1\)/,
    );
  });

  test("every flag finds its field, and a site that is not there is made", async () => {
    const { fetch, sent } = serving({ site: absent });
    const flags = ["--host", "a.example", "--host", "b.example", "--alias", "c.example"];
    const ran = await runCli(
      ["sites", "put", "new", "--origin", "none", ...flags, "--canonical-host", "b.example", "--json"],
      { fetch },
    );
    expect(ran.exit).toBe(0);
    expect(changes(sent)).toEqual([["POST", "/sites", null]]);
    expect(bodyOf(sent)).toEqual({
      ...{ name: "new", origin: null, hosts: ["a.example", "b.example"], aliases: ["c.example"] },
      canonical_host: "b.example",
    });
    expect(ran.json).toMatchObject({ created: true, position: "1-9", edges: { have: ["edge-1"] } });
  });

  test("a canonical host goes with the hosts that it was of, unless it is named", async () => {
    const { fetch, sent } = serving();
    await runCli(["sites", "put", "blog", "--host", "other.example", "--alias", ""], { fetch });
    const { canonical_host: _, ...rest } = BLOG;
    expect(bodyOf(sent)).toEqual({ ...rest, hosts: ["other.example"], aliases: [] });
    const kept = serving();
    await runCli(["sites", "put", "blog", "--host", "blog.example"], { fetch: kept.fetch });
    expect(bodyOf(kept.sent).canonical_host).toBe("blog.example");
  });

  test("a file is the whole of it, and its answers may be kept", async () => {
    const { fetch, sent } = serving();
    const files = { "b.json": JSON.stringify({ origin: "https://two.example", hosts: ["blog.example"] }) };
    const ran = await runCli(["sites", "put", "blog", "-f", "b.json", "--keep-answers"], { fetch, files });
    expect([ran.exit, changes(sent)]).toEqual([0, [["PUT", "/sites/blog?answers=keep", '"v1"']]]);
    expect(bodyOf(sent)).toEqual({ origin: "https://two.example", hosts: ["blog.example"] });
  });

  test("a dry run only checks it, and names what is wrong by its flag", async () => {
    const fault = { pointer: "/sites/0/hosts/1", message: "b.example is a host of the site shop" };
    const verdict = { valid: false, errors: [fault], warnings: [] };
    const args = ["sites", "put", "blog", "--host", "a.example", "--host", "b.example", "--dry-run"];
    const { fetch, sent } = serving({ changed: { status: 200, json: verdict } });
    const { exit, stdout } = await runCli(args, { fetch });
    expect([exit, changes(sent)]).toEqual([2, [["POST", "/sites/validate", null]]]);
    expect(stdout).toContain("✗ --host (no. 2): b.example is a host of the site shop");
    const valid = serving({ changed: { status: 200, json: { ...verdict, valid: true, errors: [] } } });
    expect((await runCli([...args, "--json"], valid)).exit).toBe(0);
  });

  test("a refusal is told by the flag, somebody who was quicker is a conflict", async () => {
    const errors = [{ pointer: "/origin", message: "is an edge itself" }];
    const put = ["sites", "put", "blog", "--origin", "http://e"];
    const bad = await runCli(put, serving({ changed: problem(422, "invalid-body", { errors }) }));
    expect([bad.exit, bad.stderr]).toEqual([2, expect.stringContaining("--origin: is an edge itself")]);
    expect((await runCli(put, serving({ changed: problem(412, "precondition-failed") }))).exit).toBe(5);
  });

  test("where it is so already nobody is waited for; where an edge is late it is partial", async () => {
    const put = ["sites", "put", "blog", "--origin", "https://one.example", "--timeout", "0"];
    const same = serving({ changed: changedTo(BLOG, { applied: null }), edgesAt: "1-1" });
    const ran = await runCli(put, same);
    expect([ran.exit, ran.stdout]).toEqual([0, "Nothing to change.\n"]);
    const late = await runCli(put, serving({ edgesAt: "1-1" }));
    expect([late.exit, late.stderr]).toEqual([6, expect.stringContaining("edge-1")]);
  });

  test.each([
    ["nothing is said", [], {}, "Nothing is said"],
    ["an origin is no server", ["--origin", "ftp://one.example"], {}, "http(s) URL, zone or none"],
    ["an origin is null", ["--origin", "null"], {}, "http(s) URL, zone or none"],
    ["a file is missing", ["-f", "none.json"], {}, "ENOENT"],
    ["a file is no object", ["-f", "b.json"], { "b.json": "[]" }, "JSON object"],
    ["a file is no object, behind a mark", ["-f", "b.json"], { "b.json": "\ufeff[]" }, "JSON object"],
    ["a file is no JSON", ["-f", "b.json"], { "b.json": "{" }, "-f b.json is not JSON: "],
    ["a file gives a field twice", ["-f", "b.json"], { "b.json": '{"hosts":[],"hosts":[]}' }, "/hosts twice"],
    ["a file holds another site", ["-f", "b.json"], { "b.json": '{"name":"shop"}' }, '"shop"'],
  ])("it is wrong usage where %s", async (_, flags, files, said) => {
    const { fetch, sent } = serving();
    const { exit, stderr } = await runCli(["sites", "put", "blog", ...flags], { fetch, files });
    expect([exit, sent]).toEqual([2, []]);
    expect(stderr).toContain(said);
  });

  test("answers can be kept only of a site that there is", async () => {
    const { fetch, sent } = serving({ site: absent });
    const put = ["sites", "put", "new", "--host", "a.example", "--keep-answers"];
    expect([(await runCli(put, { fetch })).exit, changes(sent)]).toEqual([2, []]);
  });
});

describe("sites delete", () => {
  test("it is taken out by its version, its policies only where that is said, and the edges are awaited", async () => {
    const { fetch, sent } = serving();
    const kept = await runCli(["sites", "delete", "blog", "--yes"], { fetch });
    expect([kept.exit, changes(sent)]).toEqual([5, []]);
    expect(kept.stderr).toContain("2 policies are of the site blog: --with-policies");
    const { exit, stdout } = await runCli(["sites", "delete", "blog", "--with-policies", "--yes"], { fetch });
    expect([exit, changes(sent)]).toEqual([0, [["DELETE", "/sites/blog?policies=delete", '"v1"']]]);
    expect(stdout).toMatch(/^blog is gone from position 1-9 on\.\nEvery edge goes by it/);
  });

  test("it asks where it can, and refuses where it can't", async () => {
    const args = ["sites", "delete", "blog"];
    const alone = serving({ policies: 0 });
    expect((await runCli(args, { fetch: alone.fetch })).exit).toBe(2);
    const asked = serving({ policies: 0 });
    const declined = await runCli(args, { fetch: asked.fetch, terminal: { typed: ["no"] } });
    expect([declined.exit, declined.asked]).toEqual([
      2,
      ["Take out blog (blog.example, *.blog.example)? [y/N] "],
    ]);
    expect([...changes(alone.sent), ...changes(asked.sent)]).toEqual([]);
  });

  test("one that is not there is 4", async () => {
    expect((await runCli(["sites", "delete", "none", "--yes"], serving())).exit).toBe(4);
  });
});

describe("policies suggest", () => {
  const item = (key_pattern: string, alreadyCovered: object | null) => ({
    ...{ key_pattern, class: "hot", confidence: 0.8, reasons: ["changes 120 times an hour"] },
    evidence: { requests: 640, share: 0.25, hitRatio: 0.5 },
    row: { site: "default", key_pattern, class: "hot" },
    alreadyCovered,
  });
  const found = {
    items: [
      item("/a/:id", { id: "a", class: "hot", agrees: true }),
      item("/b/:id", { id: "b", class: "standard", agrees: false }),
      item("/c/:id", null),
    ],
    tooLittle: [{ key_pattern: "/d", requests: 3, needed: 64 }],
    observedForSeconds: 300,
  };
  const suggesting = (json: object = found) => scriptedControl([{ status: 200, json }]);

  test("each comes with its reasons, and with how to apply what is new", async () => {
    const { fetch, sent } = suggesting();
    const { exit, stdout } = await runCli(["policies", "suggest", "--site", "shop"], { fetch });
    expect([exit, sent[0]?.url]).toEqual([0, "http://control.test/policies/suggestions?site=shop"]);
    expect(stdout).toContain(
      [
        "/a/:id  hot, 80 % sure",
        "  changes 120 times an hour",
        "  50 % hits by now, of 640 sampled requests",
        "  as policy a has it already",
      ].join("\n"),
    );
    expect(stdout).toContain("policy b says standard instead");
    expect(stdout).toContain("seen too seldom: /d, 3 of 64 samples");
    expect(stdout).toContain("Observed for 5 min.");
    expect(stdout).toContain(
      `tidegate policies suggest --site shop --json | jq '[.items[2].row + {id: "NAME"}]' > rows.json`,
    );
  });

  test("with --json it is the API's own answer", async () => {
    const { json, stderr } = await runCli(["policies", "suggest", "--json"], suggesting());
    expect([json, stderr]).toEqual([found, ""]);
  });

  test("where nothing is suggested nothing is said of applying it", async () => {
    const none = { items: [], tooLittle: [], observedForSeconds: 0 };
    const { stdout } = await runCli(["policies", "suggest"], suggesting(none));
    expect(stdout).toBe("Nothing is suggested yet.\nObserved for 0 ms.\n");
    const { exit, stderr } = await runCli(
      ["policies", "suggest", "--site", "none"],
      scriptedControl([absent]),
    );
    expect([exit, stderr]).toEqual([4, expect.stringContaining("not-found")]);
  });
});
