// What the command line goes by: flag before environment before `tidegate.toml`, and tokens only where they belong.

import { describe, expect, test } from "vitest";
import { runCli, type Seat } from "../support/command-line.ts";
import { scriptedControl } from "../support/scripted-control.ts";

const FILE = "/project/tidegate.toml";
const NO_ENV = { TIDEGATE_URL: "", TIDEGATE_TOKEN: "" };
const toml = (text: string, more: Seat = {}): Seat => ({
  env: NO_ENV,
  ...more,
  files: { [FILE]: text, ...more.files },
});

const EDGES = { items: [], nextCursor: null };

/** To where, and as whom it asks. */
async function asks(args: readonly string[], seat: Seat) {
  const { fetch, sent } = scriptedControl([{ status: 200, json: EDGES }]);
  const { exit, stderr } = await runCli([...args], { ...seat, fetch });
  const [first] = sent;
  return {
    exit,
    stderr,
    asked: first === undefined ? null : [new URL(first.url).origin, first.headers.authorization],
  };
}

const BOTH = `
url = "https://a.example"
token = "top"
profile = "two"

[profiles.two]
url = "https://b.example"
token-file = "secrets/two"

[profiles.three]
site = "shop"
`;
const TWO = { "/project/secrets/two": "from-file\n" };

describe("where a value comes from", () => {
  test("a profile goes before what stands above it; its files are seen from where the file lies", async () => {
    const { asked } = await asks(["edges"], toml(BOTH, { files: TWO }));
    expect(asked).toEqual(["https://b.example", "Bearer from-file"]);
  });

  test("the environment goes before the file, and a flag before both", async () => {
    const env = { TIDEGATE_URL: "https://env.example", TIDEGATE_TOKEN: "env", TIDEGATE_PROFILE: "" };
    expect((await asks(["edges"], toml(BOTH, { files: TWO, env }))).asked).toEqual([
      "https://env.example",
      "Bearer env",
    ]);
    const flags = ["--url", "https://flag.example", "--token", "flag"];
    expect((await asks(["edges", ...flags], toml(BOTH, { files: TWO, env }))).asked).toEqual([
      "https://flag.example",
      "Bearer flag",
    ]);
  });

  test("another profile may be named, and takes from above what it does not say", async () => {
    expect((await asks(["edges", "--profile", "three"], toml(BOTH))).asked).toEqual([
      "https://a.example",
      "Bearer top",
    ]);
    const unknown = await asks(["edges", "--profile", "four"], toml(BOTH));
    expect([unknown.exit, unknown.asked]).toEqual([2, null]);
    expect(unknown.stderr).toContain("has no profile four; it has two, three");
  });

  test("the nearest file counts alone, and one that is named instead of it", async () => {
    const files = {
      "/tidegate.toml": 'url = "https://far.example"',
      "x.toml": 'url = "https://x.example"\ntoken = "x"',
    };
    expect((await asks(["edges"], toml(BOTH, { files: { ...TWO, ...files } }))).asked?.[0]).toBe(
      "https://b.example",
    );
    expect((await asks(["edges", "--config", "x.toml"], toml(BOTH, { files }))).asked).toEqual([
      "https://x.example",
      "Bearer x",
    ]);
    expect((await asks(["edges", "--config", "none.toml"], toml(BOTH))).exit).toBe(2);
  });

  test("a configured site stands in for --site where a command is about one", async () => {
    const seat = toml('url = "http://a.test"\ntoken = "t"\nsite = "shop"');
    const { fetch, sent } = scriptedControl([{ status: 202, json: { id: "r", position: "1-1" } }]);
    await runCli(["purge", "--tag", "a", "--json"], { ...seat, fetch });
    await runCli(["purge", "--tag", "a", "--site", "other", "--json"], { ...seat, fetch });
    await runCli(["metrics"], { ...seat, fetch });
    const posted = sent.filter(({ method }) => method === "POST").map(({ body }) => body.site);
    expect(posted).toEqual(["shop", "other"]);
    expect(sent.some(({ url }) => url.includes("cache-metrics") && url.includes("site="))).toBe(false);
  });
});

describe("tokens", () => {
  test("a file's token is shown to the control plane that the file names, and to no other", async () => {
    const elsewhere = await asks(["edges", "--url", "https://elsewhere.example"], toml(BOTH, { files: TWO }));
    expect([elsewhere.exit, elsewhere.asked]).toEqual([3, null]);
    const same = await asks(["edges", "--url", "https://b.example"], toml(BOTH, { files: TWO }));
    expect(same.asked).toEqual(["https://b.example", "Bearer from-file"]);
    const env = { ...NO_ENV, TIDEGATE_URL: "https://elsewhere.example" };
    expect((await asks(["edges"], toml(BOTH, { files: TWO, env }))).asked).toBeNull();
  });

  test("one that others may read in the file is warned of; one in a file of its own is not", async () => {
    const warned = await asks(["edges", "--profile", "three"], toml(BOTH, { open: [FILE] }));
    expect(warned.stderr).toContain("chmod 600");
    expect((await asks(["edges"], toml(BOTH, { files: TWO, open: [FILE] }))).stderr).not.toContain("chmod");
  });
});

describe("mistakes in the file are named by key and line", () => {
  test.each([
    ['url = "http://a.test"\nulr = "x"', "tidegate.toml:2: ulr is not known"],
    [
      '[profiles.x]\nurl = "http://a.test"\ncolour = "red"',
      "tidegate.toml:3: profiles.x.colour is not known",
    ],
    ["url = 5", "tidegate.toml:1: url must be text"],
    ['color = "red"', "tidegate.toml:1: color must be one of auto, always, never"],
    ['profile = "x"', 'tidegate.toml:1: profile names "x"'],
    ['token = "a"\ntoken-file = "b"', "tidegate.toml:2: token-file and token exclude"],
    ['url = "http://a.test', "tidegate.toml:1:"],
    ["[profiles]\nx = 1", "tidegate.toml:2: profiles.x must be a table"],
    ["[unknown]\na = 1", "tidegate.toml:1: unknown is not known"],
  ])("%j", async (text, said) => {
    const ran = await asks(["edges"], toml(text));
    expect([ran.exit, ran.asked]).toEqual([2, null]);
    expect(ran.stderr).toContain(said);
  });
});

describe("config", () => {
  test("shows what holds and where it comes from, and no token", async () => {
    const { stdout, exit } = await runCli(["config", "--color", "never"], toml(BOTH, { files: TWO }));
    expect(exit).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/\s{2,}/))).toEqual([
      ["SETTING", "VALUE", "FROM"],
      ["file", FILE, "–"],
      ["profile", "two", FILE],
      ["url", "https://b.example", `${FILE} [profiles.two]`],
      ["token", "•••••• (9 characters)", `${FILE} [profiles.two] /project/secrets/two`],
      ["site", "–", "–"],
      ["output", "text", "the default"],
      ["color", "never", "--color"],
      [""],
    ]);
  });

  test("says what to do where there is no token, and asks nobody", async () => {
    const { json, exit } = await runCli(["config", "--json"], toml('url = "https://a.example"'));
    const token = json.settings.find(({ name }: { name: string }) => name === "token");
    expect([exit, token.value, token.from]).toEqual([0, null, expect.stringContaining("token-file")]);
  });
});

describe("colours", () => {
  const RED = "\u001b[";
  const coloured = async (seat: Seat, ...flags: string[]) => {
    const { fetch } = scriptedControl([{ status: 200, json: { items: [], nextCursor: null } }]);
    return (await runCli(["edges", ...flags], { ...seat, fetch })).stdout.includes(RED);
  };
  test.each<[string, Seat, string[], boolean]>([
    ["on a terminal", { terminal: {} }, [], true],
    ["elsewhere", {}, [], false],
    ["NO_COLOR", { terminal: {}, env: { NO_COLOR: "1" } }, [], false],
    ["an empty NO_COLOR", { terminal: {}, env: { NO_COLOR: "" } }, [], true],
    ["FORCE_COLOR", { env: { FORCE_COLOR: "1" } }, [], true],
    ["FORCE_COLOR=0", { terminal: {}, env: { FORCE_COLOR: "0" } }, [], false],
    ["NO_COLOR before FORCE_COLOR", { env: { FORCE_COLOR: "1", NO_COLOR: "1" } }, [], false],
    ["a dumb terminal", { terminal: {}, env: { TERM: "dumb" } }, [], false],
    ["--color always", { env: { NO_COLOR: "1" } }, ["--color", "always"], true],
    ["--color never", { terminal: {} }, ["--color", "never"], false],
    ["TIDEGATE_COLOR", { env: { TIDEGATE_COLOR: "always" } }, [], true],
  ])("%s", async (_, seat, flags, expected) => {
    expect(await coloured(seat, ...flags)).toBe(expected);
  });
});
