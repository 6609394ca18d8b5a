// Tokens and shards on the command line, against a scripted control plane.

import { describe, expect, test } from "vitest";
import { runCli } from "../support/command-line.ts";
import { type Step, scriptedControl } from "../support/scripted-control.ts";

const TOKEN = {
  ...{ id: "t1", name: "cms", scopes: ["purge"], sites: ["shop"], patterns: null, createdBy: "admin" },
  ...{ createdAt: "2026-01-02T03:04:05.678Z", expiresAt: null, lastUsedAt: null },
};
const MAP = { version: 3, items: [{ id: "eu", weight: 2, state: "serving", life: 1 }], nextCursor: null };
const always = (step: Step) => scriptedControl([step]);

describe("tokens", () => {
  test("a token's text is all that is on stdout, so that it can go into a file", async () => {
    const { fetch, sent } = always({ status: 201, json: { ...TOKEN, token: "tgt_x" } });
    const flags = ["--scope", "purge,warm", "--scope", "read", "--site", "shop", "--pattern", "tag:a-*"];
    const ran = await runCli(["tokens", "create", "cms", ...flags], { fetch });
    expect([ran.exit, ran.stdout, ran.stderr]).toEqual([0, "tgt_x\n", ""]);
    expect(sent[0]?.body).toEqual({
      name: "cms",
      scopes: ["purge", "warm", "read"],
      sites: ["shop"],
      patterns: ["tag:a-*"],
    });
  });

  test("a scope that there is not is wrong usage; so is none", async () => {
    expect((await runCli(["tokens", "create", "x", "--scope", "root"])).stderr).toContain(
      "Allowed choices are read",
    );
    expect((await runCli(["tokens", "create", "x"])).exit).toBe(2);
  });

  test("the list says who may do what, where, and since when nobody did", async () => {
    const { stdout } = await runCli(
      ["tokens", "list"],
      always({ status: 200, json: { items: [TOKEN], nextCursor: null } }),
    );
    expect(stdout.split("\n")[1]).toBe(
      "cms   purge   shop   all       2026-01-02 03:04:05Z  never  never    t1",
    );
  });

  test("revoking asks first, with whose it is; where nobody can be asked it needs --yes", async () => {
    const control = () =>
      scriptedControl(
        ({ method }): Step => (method === "DELETE" ? { status: 204 } : { status: 200, json: TOKEN }),
      );
    expect((await runCli(["tokens", "revoke", "t1"], control())).exit).toBe(2);
    const no = control();
    const refused = await runCli(["tokens", "revoke", "t1"], { ...no, terminal: { typed: ["n"] } });
    expect([
      refused.exit,
      refused.stdout.includes("cms"),
      no.sent.some(({ method }) => method === "DELETE"),
    ]).toEqual([2, true, false]);
    expect((await runCli(["tokens", "revoke", "t1", "--yes"], control())).stdout).toBe("t1 is revoked.\n");
  });
});

describe("shards", () => {
  test("are listed, given weight, and taken out only if somebody agrees", async () => {
    const { stdout } = await runCli(["shards", "list"], always({ status: 200, json: MAP }));
    expect(stdout).toBe("SHARD  STATE    WEIGHT\neu     serving       2\n");
    const weighed = always({ status: 200, json: MAP });
    await runCli(["shards", "put", "eu", "--weight", "2"], weighed);
    expect(weighed.sent[0]?.body).toEqual({ weight: 2 });
    const out = always({ status: 200, json: MAP });
    expect((await runCli(["shards", "put", "eu", "--out"], out)).exit).toBe(2);
    await runCli(["shards", "put", "eu", "--out", "--yes"], out);
    expect(out.sent.map(({ body }) => body)).toEqual([{ out: true }]);
    expect((await runCli(["shards", "put", "eu"], out)).stderr).toContain("Nothing is to change");
  });
});
