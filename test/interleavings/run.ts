// All interleavings of the real Lua scripts, from the command line: scenarios that have to hold, or a mutant that must not.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Database } from "./database.ts";
import { type Broken, type Exploration, explore } from "./explore.ts";
import { MUTANTS, rewriteOf } from "./mutants.ts";
import { LONG_SCENARIOS, SCENARIOS, type Scenario } from "./scenario.ts";

const usage =
  "usage: npx node --import ./scripts/lua-loader.mjs test/interleavings/run.ts [--long] [--scenario NAME] [--mutant NAME|all] [--table]";

interface Request {
  readonly scenarios: readonly Scenario[];
  /** Empty: the scripts as they are. */
  readonly mutants: readonly string[];
  /** Rows of a table for the docs, instead of lines. */
  readonly table: boolean;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));

/** 0 where all holds that has to, or every mutant asked for is caught; 1 otherwise; 2 for a request that is none. */
export async function main(argv: readonly string[]): Promise<number> {
  const request = parse(argv);
  if (typeof request === "string") {
    console.error(`interleavings: ${request}; ${usage}`);
    return 2;
  }
  return request.mutants.length > 0 ? hunt(request) : walk(request);
}

function parse(argv: readonly string[]): Request | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        long: { type: "boolean" },
        scenario: { type: "string" },
        mutant: { type: "string" },
        table: { type: "boolean" },
      },
    });
    const all = values.long === true ? [...SCENARIOS, ...LONG_SCENARIOS] : SCENARIOS;
    const scenarios = all.filter(({ name }) => values.scenario === undefined || name === values.scenario);
    const { mutant, table = false } = values;
    if (scenarios.length === 0)
      return `no such scenario: ${values.scenario}; there are ${all.map(({ name }) => name).join(", ")}`;
    if (mutant === undefined) return { scenarios, mutants: [], table };
    if (mutant === "all") return { scenarios, mutants: Object.keys(MUTANTS), table };
    if (mutant in MUTANTS) return { scenarios, mutants: [mutant], table };
    return `no such mutant: ${mutant}; there are ${Object.keys(MUTANTS).join(", ")}`;
  } catch (error) {
    return error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error);
  }
}

async function walk({ scenarios, table }: Request): Promise<number> {
  let states = 0;
  let failed = 0;
  for (const scenario of scenarios) {
    // A database each: what one remembers is of little use to another, and long ones remember much.
    const exploration = await explore(await Database.create(), scenario);
    console.log(table ? scenarioRow(scenario, exploration) : describeExploration(exploration));
    states += exploration.states;
    if (exploration.broken === null) continue;
    failed += 1;
    console.log(describeBroken(exploration.broken));
  }
  console.log(`${states} states; ${scenarios.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Good when each is found out, by the property that it is known to break. */
async function hunt({ mutants, scenarios, table }: Request): Promise<number> {
  const database = await Database.create();
  let escaped = 0;
  for (const name of mutants) {
    const broken = await caught(database, name, scenarios);
    if (broken === null) escaped += 1;
    if (broken === null) console.log(`${name}: not caught`);
    else console.log(table ? mutantRow(name, broken) : `${name}: caught\n${describeBroken(broken)}`);
  }
  console.log(`${mutants.length - escaped} caught, ${escaped} not`);
  return escaped === 0 ? 0 : 1;
}

/** The shortest schedule that shows the mutant; null where it is not found out as it should be. */
export async function caught(
  database: Database,
  name: string,
  scenarios: readonly Scenario[] = SCENARIOS,
): Promise<Broken | null> {
  const mutant = MUTANTS[name];
  const scenario = scenarios.find((one) => one.name === mutant?.scenario);
  if (mutant === undefined || scenario === undefined) return null;
  database.mutate(name, rewriteOf(name));
  const { broken } = await explore(database, scenario);
  return broken?.breaches.some(({ property }) => property === mutant.breaks) ? broken : null;
}

export function describeExploration({ scenario, states, steps, schedules }: Exploration): string {
  return `${scenario}: ${states} states, ${steps} steps, ${schedules.toPrecision(3)} schedules`;
}

export function describeBroken({ breaches, schedule }: Broken): string {
  return [
    ...schedule.map((step, i) => `  ${i + 1}. ${step}`),
    ...breaches.map(({ property, how }) => `  breaks "${property}": ${how}`),
  ].join("\n");
}

function scenarioRow({ name, about }: Scenario, { states, steps, schedules }: Exploration): string {
  return `| ${name} | ${about} | ${states} | ${steps} | ${schedules.toPrecision(3)} |`;
}

function mutantRow(name: string, { schedule }: Broken): string {
  return `| \`${name}\` | ${MUTANTS[name]?.breaks} | ${schedule.join("; ")} |`;
}
