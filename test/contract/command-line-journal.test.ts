// The journal on the command line, against a scripted control plane: what waits, and what is decided of it.

import { describe, expect, test } from "vitest";
import { runCli } from "../support/command-line.ts";
import { problem, type SentRequest, type Step, scriptedControl } from "../support/scripted-control.ts";

const operation = (id: string, more: object = {}) => ({
  ...{ id, shard: "a", site: "default", method: "PUT", url: `http://s.test/${id}` },
  ...{ acceptedAt: "2026-01-02T03:04:05.678Z", writes: 1, tries: 0, state: "pending", why: null },
  ...more,
});

const figures = (more: object = {}) => ({
  ...{ accepted: 1200, delivered: 1190, pending: 7, deadLettered: 2, dropped: 1, merged: 5 },
  ...{ operations: 9, oldestSeconds: 90, ...more },
});

const refused = { tries: 3, state: "dead-lettered", why: "status 422" };
const page = (more: object = {}) => ({
  ...{ items: [operation("one", refused), operation("two", { state: "behind" })], nextCursor: null },
  ...{ silent: [], shards: { a: figures() }, ...more },
});

const always = (step: Step) => scriptedControl([step]);
const listing = (more?: object) => always({ status: 200, json: page(more) });

/** Of each id one answer, whatever is asked of it; 204 and the operation where it has none. */
const holding = (answers: Readonly<Record<string, Step>> = {}) =>
  scriptedControl(({ url, method }) => {
    const id = new URL(url).pathname.split("/")[2] ?? "";
    const fine: Step = method === "DELETE" ? { status: 204 } : { status: 200, json: operation(id) };
    return answers[id] ?? fine;
  });
const calls = (sent: readonly SentRequest[]) =>
  sent.map(({ method, url }) => `${method} ${url.replace("http://control.test/journal/", "")}`);

describe("journal list", () => {
  test("what waits is a table, and each database's writes are accounted for", async () => {
    const { exit, stdout, stderr } = await runCli(["journal", "list"], listing());
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      [
        "ACCEPTED              STATE          TRIES  METHOD  URL                WHY         ID",
        "2026-01-02 03:04:05Z  dead-lettered      3  PUT     http://s.test/one  status 422  one",
        "2026-01-02 03:04:05Z  behind             0  PUT     http://s.test/two  –           two",
        "",
        "DATABASE  ACCEPTED  DELIVERED  PENDING  DEAD  DROPPED  MERGED   OLDEST",
        "a            1 200      1 190        7     2        1       5  1.5 min",
        "",
      ].join("\n"),
    );
  });

  test("a database that came back without acknowledged writes is told of, by its last loss", async () => {
    const loss = (lacks: number, foundAt: number) => ({ database: "a", lacks, foundAt });
    const losses = [loss(2, 0), loss(1234, Date.UTC(2026, 0, 2, 3, 4, 5))];
    const { exit, stderr } = await runCli(["journal", "list"], listing({ losses }));
    expect(exit).toBe(0);
    expect(stderr).toContain("a came back without 1 234 acknowledged writes: found 2026-01-02 03:04:05Z.");
  });

  test("every flag finds its field, and a page says how to go on", async () => {
    const { fetch, sent } = listing({ nextCursor: "a/5/two" });
    const flags = ["--state", "dead-lettered", "--limit", "2", "--cursor", "a/1/x"];
    const ran = await runCli(["journal", "list", ...flags], { fetch, terminal: {} });
    expect(new URL(sent[0]?.url ?? "").search).toBe("?state=dead-lettered&limit=2&cursor=a%2F1%2Fx");
    expect([ran.exit, ran.stderr]).toEqual([0, expect.stringContaining("more: --cursor a/5/two")]);
  });

  test("a database that is silent is named, and it is partial", async () => {
    const { exit, stderr } = await runCli(["journal", "list"], listing({ silent: ["b"] }));
    expect([exit, stderr]).toEqual([6, "No answer from b: what waits there is not known.\n"]);
    const { exit: again, json } = await runCli(["journal", "list", "--json"], listing({ silent: ["b"] }));
    expect([again, json]).toEqual([6, page({ silent: ["b"] })]);
  });

  test("where nothing waits it says so, and accounts all the same", async () => {
    const shards = { a: figures({ operations: 0, oldestSeconds: 0 }) };
    const { stdout } = await runCli(["journal", "list"], listing({ items: [], shards }));
    expect(stdout).toMatch(/^Nothing waits\.\n\nDATABASE[^\n]*\na .* –\n$/);
    const dead = await runCli(["journal", "list", "--state", "dead-lettered"], listing({ items: [] }));
    expect(dead.stdout).toContain("Nothing is dead-lettered.");
  });

  test("a cursor that is none is told by its flag", async () => {
    const errors = [{ pointer: "/cursor", message: "is not one that a page ended with" }];
    const { exit, stderr } = await runCli(
      ["journal", "list", "--cursor", "x"],
      always(problem(400, "invalid-query", { errors })),
    );
    expect([exit, stderr]).toEqual([2, expect.stringContaining("--cursor: is not one")]);
  });
});

test("one operation is shown, and is not found once the origin has it", async () => {
  const { exit, stdout } = await runCli(["journal", "show", "one"], holding());
  expect([exit, stdout]).toEqual([0, expect.stringMatching(/pending +0 +PUT +http:\/\/s\.test\/one/)]);
  const gone = await runCli(["journal", "show", "one"], always(problem(404, "not-found")));
  expect([gone.exit, gone.stdout]).toEqual([4, ""]);
});

describe("journal retry", () => {
  test("each is tried again, in the order given, and once", async () => {
    const { fetch, sent } = holding();
    const { exit, stdout } = await runCli(["journal", "retry", "b", "a", "b"], { fetch });
    expect([exit, calls(sent)]).toEqual([0, ["POST b/retry", "POST a/retry"]]);
    expect(stdout).toContain("b is tried again: PUT http://s.test/b");
  });

  test("one that waits for another of its URL is not said to be tried", async () => {
    const behind = { status: 202, json: operation("b", { state: "behind" }) };
    const { stdout } = await runCli(["journal", "retry", "b"], holding({ b: behind }));
    expect(stdout).toBe(
      "b is tried again when what is before it of its URL is delivered or dropped: PUT http://s.test/b\n",
    );
  });

  test("one that is not there does not keep the others from it, and it is partial", async () => {
    const answers = { b: problem(404, "not-found"), c: problem(409, "conflict") };
    const { exit, json, stderr } = await runCli(
      ["journal", "retry", "a", "b", "c", "d", "--json"],
      holding(answers),
    );
    expect(exit).toBe(6);
    expect(json.retried.map(({ id }: { id: string }) => id)).toEqual(["a", "d"]);
    expect(json.failed).toEqual([
      { id: "b", code: "not-found", message: "It is not-found." },
      { id: "c", code: "conflict", message: "It is conflict." },
    ]);
    expect(stderr).toContain("b: It is not-found.");
  });

  test("what all of them meet is its exit code", async () => {
    const { fetch } = always(problem(409, "conflict"));
    const one = await runCli(["journal", "retry", "a", "--json"], { fetch });
    expect([one.exit, one.json.error.code]).toEqual([5, "conflict"]);
    const two = await runCli(["journal", "retry", "a", "b", "--json"], { fetch });
    expect([two.exit, two.json.failed.length]).toEqual([5, 2]);
    const mixed = holding({ a: problem(409, "conflict"), b: problem(404, "not-found") });
    expect((await runCli(["journal", "retry", "a", "b"], mixed)).exit).toBe(6);
  });

  test("what is nobody's fault among them ends it, and the rest is named", async () => {
    const { fetch, sent } = holding({ b: problem(500, "internal") });
    const { exit, json, stderr } = await runCli(["journal", "retry", "a", "b", "c", "--json"], { fetch });
    expect([exit, json.untried, calls(sent).length]).toEqual([6, ["c"], 2]);
    expect(stderr).toContain("Not tried: c");
    const none = await runCli(["journal", "retry", "a", "b"], always(problem(401, "unauthorized")));
    expect(none.exit).toBe(3);
  });
});

describe("journal drop", () => {
  test("a terminal's user sees what it is about, and is asked", async () => {
    const no = holding();
    const declined = await runCli(["journal", "drop", "a", "b"], { fetch: no.fetch, terminal: {} });
    expect(declined.exit).toBe(2);
    expect(declined.asked).toEqual(["Drop 2 operations? They are not sent to the origin any more. [y/N] "]);
    expect(declined.stdout).toMatch(/http:\/\/s\.test\/a[\s\S]*http:\/\/s\.test\/b/);
    expect(calls(no.sent)).toEqual(["GET a", "GET b"]);
    const yes = holding();
    const agreed = await runCli(["journal", "drop", "a"], { fetch: yes.fetch, terminal: { typed: ["y"] } });
    expect([agreed.exit, calls(yes.sent)]).toEqual([0, ["GET a", "DELETE a"]]);
    expect(agreed.stdout).toContain("a is dropped.");
  });

  test("where nobody can be asked it needs --yes, and nothing is sent without it", async () => {
    for (const [args, terminal] of [
      [["journal", "drop", "a"], undefined],
      [["journal", "drop", "a", "--json"], { typed: ["y"] }],
    ] as const) {
      const { fetch, sent } = holding();
      const ran = await runCli(args, { fetch, ...(terminal && { terminal }) });
      expect([ran.exit, sent, ran.asked]).toEqual([2, [], []]);
      expect(ran.stderr).toContain("--yes");
    }
    const { fetch, sent } = holding();
    const { exit, json } = await runCli(["journal", "drop", "a", "b", "--yes", "--json"], { fetch });
    expect([exit, json]).toEqual([0, { dropped: ["a", "b"], failed: [], untried: [] }]);
    expect(calls(sent)).toEqual(["DELETE a", "DELETE b"]);
  });

  test("where one of them is not there any more, nobody is asked and nothing is dropped", async () => {
    const { fetch, sent } = holding({ b: problem(404, "not-found") });
    const ran = await runCli(["journal", "drop", "a", "b"], { fetch, terminal: { typed: ["y"] } });
    expect([ran.exit, ran.asked]).toEqual([4, []]);
    expect(calls(sent).some((call) => call.startsWith("DELETE"))).toBe(false);
  });
});

test.each([
  ["a state is none", ["journal", "list", "--state", "lost"], "Allowed choices"],
  ["nothing is named", ["journal", "retry"], "missing required argument"],
  ["nothing is named", ["journal", "drop", "--yes"], "missing required argument"],
  ["there is nothing to do", ["journal"], "Usage:"],
])("it is wrong usage, and nothing is sent, where %s", async (_, args, said) => {
  const { fetch, sent } = listing();
  const ran = await runCli(args, { fetch });
  expect([ran.exit, sent.length, ran.stdout]).toEqual([2, 0, ""]);
  expect(ran.stderr).toContain(said);
});
