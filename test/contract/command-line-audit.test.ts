// The audit log and deployments on the command line, against a scripted control plane.

import { describe, expect, test } from "vitest";
import { runCli } from "../support/command-line.ts";
import { type Step, scriptedControl } from "../support/scripted-control.ts";

const RECORD = {
  ...{
    seq: 7,
    at: "2026-01-02T03:04:05.678Z",
    actor: "cms",
    token: "t1",
    from: "192.0.2.1",
    action: "policy.put",
  },
  ...{ site: "shop", detail: { id: "a", tags: ["x", "y"], note: null }, result: "done", position: "1-5" },
  ...{ requestId: "r", hash: "h" },
};
const VERDICT = { holds: true, from: 1, to: 1200, records: 1200, earlier: 0, breaches: [] };
const always = (step: Step) => scriptedControl([step]);

describe("audit", () => {
  test("who did what is a table, by the flags' fields", async () => {
    const control = always({ status: 200, json: { items: [RECORD], nextCursor: null } });
    const flags = [
      "--actor",
      "cms",
      "--action",
      "policy",
      "--result",
      "done",
      "--since",
      "24h",
      "--site",
      "shop",
    ];
    const { stdout } = await runCli(["audit", ...flags], control);
    expect(new URL(control.sent[0]?.url ?? "").search).toBe(
      "?actor=cms&action=policy&site=shop&result=done&since=24h",
    );
    expect(stdout.split("\n")[1]).toBe(
      "2026-01-02 03:04:05Z  cms  192.0.2.1  policy.put  done    shop  id=a tags=x,y",
    );
  });

  test("what lies behind all that one request looks at is found, and not said to be missing", async () => {
    const control = scriptedControl([
      { status: 200, json: { items: [], nextCursor: "5000" } },
      { status: 200, json: { items: [RECORD], nextCursor: "7" } },
    ]);
    const { stdout, stderr } = await runCli(["audit", "--action", "policy"], { ...control, terminal: {} });
    expect(control.sent.map(({ url }) => new URL(url).search)).toEqual([
      "?action=policy",
      "?action=policy&cursor=5000",
    ]);
    expect(stdout).toContain("2026-01-02 03:04:05Z  cms  192.0.2.1  policy.put");
    expect(stderr).toContain("more: --cursor 7");
  });

  test("pages without end are given up, with where to go on", async () => {
    const control = always({ status: 200, json: { items: [], nextCursor: "9" } });
    const { stdout, exit } = await runCli(["audit"], control);
    expect([exit, control.sent.length]).toEqual([0, 20]);
    expect(stdout).toBe("Nothing that fits is found among the newest; further back: --cursor 9\n");
  });

  test("CSV is every page under one head", async () => {
    const csv = (text: string, link = {}): Step => ({
      status: 200,
      text,
      headers: { "content-type": "text/csv", ...link },
    });
    const control = scriptedControl([
      csv("seq,at\r\n2,b\r\n", { link: '</audit?format=csv&cursor=2>; rel="next"' }),
      csv("seq,at\r\n1,a\r\n"),
    ]);
    const { stdout, exit } = await runCli(["audit", "--csv"], control);
    expect([exit, stdout]).toEqual([0, "seq,at\r\n2,b\r\n1,a\r\n"]);
    expect(control.sent.map(({ url }) => new URL(url).search)).toEqual([
      "?format=csv",
      "?cursor=2&format=csv",
    ]);
  });

  test("a chain that holds is 0, one that does not is 6, with its first bad record", async () => {
    const well = await runCli(["audit", "--verify"], always({ status: 200, json: VERDICT }));
    expect([well.exit, well.stdout]).toEqual([0, "The chain holds: 1 200 records, 1 to 1 200.\n"]);
    const bad = { ...VERDICT, holds: false, firstBad: { seq: 9, reason: "its hash is another" } };
    const ran = await runCli(["audit", "--verify"], always({ status: 200, json: bad }));
    expect([ran.exit, ran.stdout]).toEqual([6, "The chain does not hold: record 9, its hash is another.\n"]);
    expect((await runCli(["audit", "--verify", "--actor", "x"])).exit).toBe(2);
  });
});

test("a deployment is noted by its version, and said to be", async () => {
  const noted = { id: "d", at: RECORD.at, version: "v1", site: null, note: "n", url: null, actor: "ci" };
  const control = always({ status: 201, json: noted });
  const { stdout } = await runCli(
    ["deployments", "note", "v1", "--note", "n", "--link", "https://ci.test/1"],
    control,
  );
  expect(control.sent[0]?.body).toEqual({ version: "v1", note: "n", url: "https://ci.test/1" });
  expect(stdout).toBe("v1 is noted at 2026-01-02 03:04:05Z.\n");
});

test("deployments behind much else are found, and more of them are named", async () => {
  const item = { id: "d", at: RECORD.at, version: "v1", site: null, note: "n", url: null, actor: "ci" };
  const control = scriptedControl([
    { status: 200, json: { items: [], nextCursor: "5000" } },
    { status: 200, json: { items: [item], nextCursor: "7" } },
  ]);
  const args = ["deployments", "list", "--limit", "1", "--cursor", "9000"];
  const { stdout, stderr } = await runCli(args, { ...control, terminal: {} });
  expect(control.sent.map(({ url }) => new URL(url).search)).toEqual([
    "?limit=1&cursor=9000",
    "?limit=1&cursor=5000",
  ]);
  expect(stdout).toContain("2026-01-02 03:04:05Z  v1");
  expect(stderr).toContain("more: --cursor 7");
});
