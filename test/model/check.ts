// Enumerates configurations, by the rules as they are or with one of them broken, and says what was found.

import { type Fault, loadModel } from "./bundle.ts";
import { BEYOND, CONFIGURATIONS } from "./configurations.ts";
import type { Exploration } from "./explore.ts";
import { MUTANTS } from "./mutants.ts";
import type { Scope } from "./scope.ts";

/** Far more than any configuration has. */
const MOST_STATES = 30_000_000;

/** What `npm run model` may be asked for: a section of docs/model.md each. */
export type Section = "bounded" | "long" | "mutants" | "beyond";

export interface Result {
  readonly name: string;
  /** What it looks at, or where the mutant shows. */
  readonly about: string;
  readonly explored: Exploration;
}

interface Task {
  readonly name: string;
  readonly about: string;
  readonly scope: Scope;
  readonly fault: Fault | null;
}

export const namesOf = (section: Section): string[] =>
  Object.keys(section === "mutants" ? MUTANTS : section === "beyond" ? BEYOND : CONFIGURATIONS);

export async function* results(section: Section, names = namesOf(section)): AsyncGenerator<Result> {
  for (const name of names) {
    for (const task of tasksOf(section, name)) {
      const { explore } = await loadModel(task.scope.limits, task.fault);
      yield { name: task.name, about: task.about, explored: explore(task.scope, MOST_STATES) };
    }
  }
}

function tasksOf(section: Section, name: string): Task[] {
  if (section === "mutants") return [mutantTask(name)];
  const { what, bounded, long } = configuration(section, name);
  if (section !== "long") return [{ name, about: what, scope: bounded, fault: null }];
  const numbered = (at: number): string => (long.length > 1 ? `${name} ${at + 1}` : name);
  return long.map((scope, at) => ({ name: numbered(at), about: what, scope, fault: null }));
}

function mutantTask(name: string): Task {
  const mutant = MUTANTS[name];
  if (mutant === undefined) throw new Error(`no such mutant: ${name}`);
  const { bounded } = configuration("bounded", mutant.configuration);
  return { name, about: mutant.configuration, scope: bounded, fault: mutant.fault };
}

function configuration(section: Section, name: string): (typeof CONFIGURATIONS)[string] {
  const found = section === "beyond" ? BEYOND[name] : CONFIGURATIONS[name];
  if (found === undefined) throw new Error(`no such configuration: ${name}`);
  return found;
}

/** Whether it is as it should be: rules hold in every state, mutants and what is beyond the rules do not. */
export const isGood = (section: Section, { explored: { counterexample, exhausted } }: Result): boolean =>
  section === "bounded" || section === "long"
    ? counterexample === null && exhausted
    : counterexample !== null;

/** "delivery: 13661 states, 75563 transitions, depth 14, ok", and a counterexample's steps. */
export function linesOf({ name, explored }: Result): string[] {
  const { states, transitions, depth, exhausted, counterexample } = explored;
  const verdict = counterexample?.invariant ?? (exhausted ? "ok" : "not exhausted");
  const line = `${name}: ${states} states, ${transitions} transitions, depth ${depth}, ${verdict}`;
  return [line, ...(counterexample?.steps ?? []).map((step, at) => `  ${at + 1}. ${step}`)];
}
