// What a shell is told may come next, and real shells that are given the script.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completionScript } from "../../cli/completion/scripts.ts";
import { runCli, type Seat } from "../support/command-line.ts";
import { type Step, scriptedControl } from "../support/scripted-control.ts";

const SITE = {
  site: { name: "shop", origin: null, hosts: ["shop.test"], aliases: [], canonical_host: "shop.test" },
  version: "1",
  policies: 0,
};
const knowing = () =>
  scriptedControl(({ url }): Step => {
    const { pathname } = new URL(url);
    if (pathname === "/sites")
      return { status: 200, json: { items: [SITE], unreadable: [], nextCursor: null } };
    if (pathname === "/edges")
      return {
        status: 200,
        json: { items: [{ id: "edge-1", state: "live", url: "http://e.test" }], nextCursor: null },
      };
    return { status: 503 };
  });

async function next(words: readonly string[], seat: Seat = knowing()): Promise<string[]> {
  const { stdout, exit } = await runCli(["__complete", "--", ...words], seat);
  expect(exit).toBe(0);
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[0] ?? ""]));
}

describe("what may come next", () => {
  test.each<[string[], string[]]>([
    [["pur"], ["purge"]],
    [["policies", "l"], ["list"]],
    [["purge", "--ta"], ["--tag"]],
    [["--url", "http://x.test", "edg"], ["edges"]],
    [["purge", "--site", ""], ["shop"]],
    [["purge", "--site=s"], ["shop"]],
    [["explain", "http://a.test/", "--edge", "e"], ["edge-1"]],
    [["sites", "get", ""], ["shop"]],
    [["journal", "list", "--state", "d"], ["dead-lettered"]],
    [["tail", "--result", "miss,st"], ["miss,stale"]],
    [["tokens", "create", "x", "--scope", "pu"], ["purge"]],
    [
      ["chaos", "run", "kill-"],
      ["kill-edge", "kill-shard"],
    ],
    [["chaos", "run", "partition", "--from", "re"], ["redis"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["policies", "apply", "-f", ""], [":files"]],
    [["receipts", ""], []],
    [["purge", "--", "--ta"], []],
  ])("%j", async (words, expected) => {
    expect(await next(words)).toEqual(expected);
  });

  test("every command is offered, and none that is not meant for people", async () => {
    const offered = await next([""]);
    expect(offered).toEqual(expect.arrayContaining(["purge", "tail", "doctor", "tokens", "completion"]));
    expect(offered.some((name) => name.startsWith("_"))).toBe(false);
  });

  test("every command tells by an example how it is used", async () => {
    const bare: string[] = [];
    const walk = async (path: readonly string[]): Promise<void> => {
      const { stdout } = await runCli([...path, "--help"]);
      if (!/\nExamples?:\n {2}\$ tidegate |\n {2}\$ source/.test(stdout)) bare.push(path.join(" "));
      // What comes below it, where something does; values are none.
      const below = /\nCommands:\n/.test(stdout) ? await next([...path, ""]) : [];
      for (const name of below) await walk([...path, name]);
    };
    await walk([]);
    expect(bare).toEqual([]);
  });

  test("a flag that was given is not offered again, but for those that may be repeated", async () => {
    const offered = await next(["purge", "--tag", "a", "--soft", "--"]);
    expect([offered.includes("--soft"), offered.includes("--wait")]).toEqual([false, true]);
    expect(await next(["tail", "--class", "hot", "--cl"])).toEqual(["--class"]);
  });

  test("names are left out where the control plane is away, and nothing fails", async () => {
    expect(await next(["purge", "--site", ""], scriptedControl(["refused"]))).toEqual([]);
    expect(await next(["purge", "--class", "h"], scriptedControl(["refused"]))).toEqual(["hot"]);
    const unfinished = { files: { "/project/tidegate.toml": "url = " }, env: {} };
    expect(await next(["pur"], unfinished)).toEqual(["purge"]);
  });

  test("profiles are those of the file", async () => {
    const files = { "/project/tidegate.toml": '[profiles.live]\nurl = "http://a.test"\n[profiles.test]' };
    expect(await next(["edges", "--profile", "l"], { files, env: {} })).toEqual(["live"]);
  });
});

const run = promisify(execFile);
const BASH = ["/bin/bash", "/usr/bin/bash"].find((path) => existsSync(path));
const ZSH = ["/bin/zsh", "/usr/bin/zsh"].find((path) => existsSync(path));
const FISH = ["/usr/bin/fish", "/usr/local/bin/fish"].find((path) => existsSync(path));

describe("real shells", () => {
  let folder: string;
  let self: string[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tidegate-completion-"));
    // It tells what it was asked, and answers as the command line does.
    const program = `const words = process.argv.slice(4);
      const typed = words.at(-1);
      if (words[0] === "apply") console.log(":files");
      else if (typed.startsWith("--site=")) console.log("shop\\tabout it");
      else for (const word of ["purge", "put it", "a:b"]) if (word.startsWith(typed)) console.log(word + "\\tabout it");`;
    await writeFile(join(folder, "it's.mjs"), program);
    self = [process.execPath, join(folder, "it's.mjs")];
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.runIf(BASH !== undefined)("bash completes words, values behind =, and paths", async () => {
    const asks = (...words: string[]) => `COMP_WORDS=(tidegate ${words.map((word) => `'${word}'`).join(" ")})
      COMP_CWORD=${words.length}; COMP_LINE="tidegate ${words.join(" ").replace(/ = ?/g, "=").replace(/ : ?/g, ":")}"
      COMPREPLY=(); compopt() { printf 'compopt %s' "$*"; }; _tidegate; printf '[%s]' "\${COMPREPLY[@]}"; echo`;
    const script = [
      completionScript("bash", self),
      "complete -p tidegate",
      asks("pu"),
      asks("--site", "=", "s"),
      asks("a", ":"),
      asks("apply", "x"),
    ];
    await writeFile(join(folder, "ask.sh"), script.join("\n"));
    const { stdout } = await run(BASH ?? "", [join(folder, "ask.sh")]);
    expect(stdout.split("\n")).toEqual([
      "complete -F _tidegate tidegate",
      "[purge][put it]",
      "[shop]",
      "[b]",
      "compopt -o default[]",
      "",
    ]);
  });

  test.runIf(FISH !== undefined)("fish completes words, values behind =, and paths", async () => {
    const lines = ["tidegate pu", "tidegate --site=s", "tidegate apply as", "tidegate apply --file=as"];
    const asked = lines.map((line) => `complete -C '${line}'; echo .`);
    await writeFile(join(folder, "ask.fish"), [completionScript("fish", self), ...asked].join("\n"));
    const { stdout } = await run(FISH ?? "", ["--no-config", join(folder, "ask.fish")], { cwd: folder });
    expect(stdout.split(".\n")).toEqual([
      "purge\tabout it\nput it\tabout it\n",
      "--site=shop\tabout it\n",
      expect.stringMatching(/^ask\.fish\b/),
      expect.stringMatching(/^--file=ask\.fish\b/),
      "",
    ]);
  });

  test.runIf(ZSH !== undefined)(
    "zsh is told words without their quotes, values behind =, and paths",
    async () => {
      // What its completion system would be told: without a terminal there is none.
      const system = `compdef() { print "compdef $*" }; compset() { print "compset $*" }; _files() { print files }
      _describe() { print -rl -- $1 \${(P)2} }`;
      const asks = (...words: string[]) =>
        `words=(tidegate ${words.map((word) => `'${word}'`).join(" ")}); CURRENT=${words.length + 1}; _tidegate; print .`;
      const script = [
        system,
        completionScript("zsh", self),
        asks("pu"),
        asks("put\\ i"),
        asks("a:"),
        asks("--site=s"),
        asks("apply", "--file=x"),
      ];
      await writeFile(join(folder, "ask.zsh"), script.join("\n"));
      const { stdout } = await run(ZSH ?? "", ["-f", join(folder, "ask.zsh")]);
      expect(stdout.split(".\n")).toEqual([
        "compdef _tidegate tidegate\ntidegate\npurge:about it\nput it:about it\n",
        "tidegate\nput it:about it\n",
        "tidegate\na\\:b:about it\n",
        "compset -P *=\ntidegate\nshop:about it\n",
        "compset -P *=\nfiles\n",
        "",
      ]);
    },
  );

  test("every script runs the command line by the words that it is given, quotes and all", () => {
    for (const shell of ["bash", "zsh", "fish"] as const)
      expect(completionScript(shell, ["/a b/node", "it's"])).toContain(
        `'/a b/node' 'it'\\''s' __complete --`,
      );
  });
});
