// The documentation's tables of measured figures are what the results say, and results are all of one shape.

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BENCHMARKS } from "../../bench/benchmarks.ts";
import type { CommandsResult } from "../../bench/commands.ts";
import { commandFor, commandGiven } from "../../bench/result.ts";
import { COMMANDS } from "../../bench/scaling/counting.ts";
import { readResult, withResults } from "../../bench/tables/tables.ts";
import { type AnyFigures, verdictsOf } from "../../bench/verdicts.ts";

const at = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname;
const documents = readdirSync(at("docs/")).filter((name) => name.endsWith(".md"));
const results = readdirSync(at("bench/results/")).map((file) => file.replace(/\.json$/, ""));
const places = documents.flatMap((name) =>
  [...readFileSync(at(`docs/${name}`), "utf8").matchAll(/<!-- results:(\S+) -->/g)].map(
    ([, place = ""]) => place,
  ),
);

test.each(documents)("docs/%s says what the results say", (name) => {
  const text = readFileSync(at(`docs/${name}`), "utf8");
  expect(withResults(text, readResult)).toBe(text);
});

test("a table that differs from its result is told apart", () => {
  const [place = ""] = places;
  const empty = `<!-- results:${place} -->\n<!-- /results -->`;
  const made = withResults(empty, readResult);
  expect(made).toMatch(/\| --- \|[\s\S]*`npm run bench -- --only /);
  const stale = made.replace(/\d(?=[^\d]*\|)/, (digit) => String((Number(digit) + 1) % 10));
  expect(stale).not.toBe(made);
  expect(withResults(stale, readResult)).toBe(made);
});

test("the model of capacity reckons with the commands that were counted", () => {
  const { oneShard } = JSON.parse(readResult("commands") ?? "") as CommandsResult;
  const hit = oneShard["hit in L2"];
  const miss = oneShard["miss, one copy"];
  expect(COMMANDS.l2).toEqual({ sent: hit?.total, called: hit?.called });
  // Each of those took a token of a budget.
  const [take = 0, inside = Number.NaN] = [miss?.take, miss?.inside?.take];
  expect(COMMANDS.miss.sent).toBe((miss?.total ?? 0) - take);
  expect(COMMANDS.miss.called).toBe(Math.round((miss?.called ?? 0) - take * inside));
  for (const name of ["pull", "snapshot"] as const)
    expect(Object.values(oneShard).flatMap((phase) => phase.inside?.[name] ?? [])).toContain(
      COMMANDS[name].called,
    );
});

test("a table that nobody makes is an error", () => {
  expect(() => withResults("<!-- results:no-such -->\n<!-- /results -->", readResult)).toThrow(/no-such/);
});

test("every result is shown somewhere, and every table has its own result", () => {
  const shown = new Set(places.map((place) => place.split("/", 1)[0]));
  expect([...shown].sort()).toEqual(results.sort());
  expect(new Set(places).size).toBe(places.length);
});

/** All that stands in the places of one result. */
const sectionsOf = (document: string, name: string): string =>
  [...document.matchAll(/<!-- results:(\S+) -->([\s\S]*?)<!-- \/results -->/g)]
    .flatMap(([, place = "", text = ""]) => (place.split("/", 1)[0] === name ? [text] : []))
    .join("\n");

const unmetIn = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0;
  const own = "met" in value && value.met === false ? 1 : 0;
  return own + Object.values(value).reduce((sum: number, one) => sum + unmetIn(one), 0);
};

test.each(results)(
  "what %s.json says is not met stands in the documentation, and what is met does",
  (name) => {
    const result = JSON.parse(readResult(name) ?? "") as AnyFigures;
    const verdicts = verdictsOf(result);
    const shown = documents
      .map((document) => sectionsOf(readFileSync(at(`docs/${document}`), "utf8"), name))
      .join("");
    const told = (how: RegExp): number => shown.match(how)?.length ?? 0;
    expect(told(/^- \*\*missed\*\*: |\| missed \|$/gm)).toBe(verdicts.filter(({ met }) => !met).length);
    expect(told(/^- met: |\| met \|$/gm)).toBe(verdicts.filter(({ met }) => met).length);
    if (unmetIn(result) > 0) expect(verdicts.some(({ met }) => !met)).toBe(true);
  },
);

test("a claim that is missed stands below its table, with why", () => {
  const crowd = JSON.parse(readResult("crowd") ?? "") as { verdict: object };
  const missed = { ...crowd, verdict: { ...crowd.verdict, met: false, above: ["a", "b"] } };
  const made = withResults("<!-- results:crowd -->\n<!-- /results -->", () => JSON.stringify(missed));
  expect(made).toMatch(/^- \*\*missed\*\*: 1 origin request .* \(a; b\)$/m);
});

test.each(results)("%s.json says when, where and by which command", (name) => {
  const result = JSON.parse(readResult(name) ?? "") as Record<string, unknown>;
  expect(result).toMatchObject({
    name,
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    rounds: expect.any(Number),
    machine: {
      cores: expect.any(Number),
      cpu: expect.any(String),
      memoryGiB: expect.any(Number),
      node: expect.stringMatching(/^v\d+\./),
      workerd: expect.any(String),
      loadAtStart: expect.any(Number),
    },
  });
  const [base = ""] = name.split("-l2");
  expect(Object.keys(BENCHMARKS)).toContain(base);
  const commands = [true, false].map((quick) => commandFor(base, { quick, l2: name !== base }));
  expect(commands).toContain(result.command);
});

test("the command of a load gives the same load again, wherever its figures go", () => {
  const load = ["--only", "load", "--workload", "mix", "--rate", "500"];
  const expected = "npm run bench -- --only load --workload mix --rate 500";
  for (const place of [[], ["--json", "/tmp/a report.json"], ["--json=x"], ["--save"]])
    expect(commandGiven([...place, ...load, ...place])).toBe(expected);
  expect(commandGiven(["--only", "load", "--url", "http://a/{key}"])).toBe(
    'npm run bench -- --only load --url "http://a/{key}"',
  );
});
