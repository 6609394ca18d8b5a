// Walks all interleavings of a scenario, shortest schedules first, each state once.

import { beginningOf } from "./beginning.ts";
import type { Database, Ran } from "./database.ts";
import { type Identified, Identities } from "./identity.ts";
import type { Move } from "./move.ts";
import { readerMoves } from "./reader.ts";
import type { Scenario } from "./scenario.ts";
import type { State, World } from "./state.ts";
import { surroundingMoves, timeToTheEnd } from "./surroundings.ts";
import { type Breach, breach } from "./truth.ts";
import { writerMoves } from "./writer.ts";

export interface Exploration {
  readonly scenario: string;
  readonly states: number;
  readonly steps: number;
  /** Complete schedules: ways from the beginning to an end. */
  readonly schedules: number;
  /** Of the longest of the shortest ways to a state. */
  readonly depth: number;
  /** The shortest schedule that breaks a property. */
  readonly broken: Broken | null;
}

export interface Broken {
  readonly breaches: readonly Breach[];
  readonly schedule: readonly string[];
}

export async function explore(database: Database, scenario: Scenario): Promise<Exploration> {
  const { world, first } = await beginningOf(database, scenario);
  const map = new StateMap(world);
  map.reach(first, null);
  let depth = 0;
  for (let layer = map.takeNew(); layer.length > 0; layer = map.takeNew()) {
    depth += 1;
    for (const reached of layer) {
      const { index, state } = reached;
      const moves = movesOf(world, state);
      if (moves.length === 0 && !isOver(state)) {
        const stuck = [breach("everybody ends", "nobody can move, and somebody is left")];
        return map.explored(scenario, { depth, broken: { breaches: stuck, schedule: map.wayTo(index) } });
      }
      for (const move of moves) {
        const ran =
          ranWithoutRedis(move, state) ??
          recalled(database, move, state) ??
          (await run(database, move, state));
        for (const landing of move.land(ran)) {
          if (landing.breaches.length > 0) {
            const schedule = [...map.wayTo(index), landing.label];
            return map.explored(scenario, { depth, broken: { breaches: landing.breaches, schedule } });
          }
          map.reach(landing.state, { from: reached, label: landing.label });
        }
      }
    }
  }
  return map.explored(scenario, { depth, broken: null });
}

const ranWithoutRedis = (move: Move, { content }: State): Ran<unknown> | null =>
  move.call === null ? { outcome: undefined, content } : null;
const recalled = (database: Database, { call }: Move, { content, now }: State): Ran<unknown> | null =>
  call === null ? null : database.recall(call, content, now);
const run = (database: Database, { call }: Move, { content, now }: State): Promise<Ran<unknown>> => {
  if (call === null) throw new Error("nothing to run");
  return database.run(call, content, now);
};

const isOver = ({ readers, writers }: State): boolean =>
  readers.every(({ step }) => step.kind === "done") && writers.every(({ step }) => step === "done");

function movesOf(world: World, state: State): Move[] {
  if (isOver(state)) return [];
  const { readers, writers } = state;
  const { scenario } = world;
  const actors = [
    ...readers.flatMap((_, i) => (isTwin(readers, scenario.readers, i) ? [] : readerMoves(world, state, i))),
    ...writers.flatMap((_, i) => (isTwin(writers, scenario.writers, i) ? [] : writerMoves(world, state, i))),
  ];
  const end = actors.length === 0 ? timeToTheEnd(world, state) : null;
  // Without anybody who could see it, nothing needs to happen around the last append.
  const seen =
    readers.some(({ step }) => step.kind !== "done") || writers.some(({ step }) => step === "again");
  const around = seen ? surroundingMoves(world, state) : [];
  return [...actors, ...(end === null ? [] : [end]), ...around];
}

/** One of the same kind stands in the same place: what this one would do is what that one does, but for their names. */
const isTwin = (members: readonly object[], specs: readonly object[], number: number): boolean =>
  members.some((member, i) => i < number && member === members[number] && specs[i] === specs[number]);

type Reached = Identified & { readonly index: number };

/** All states reached, each once, with the shortest way to it and every way on from it. */
class StateMap {
  private readonly identities: Identities;
  private readonly numbers = new Map<string, number>();
  private readonly cameFrom: number[] = [];
  private readonly cameBy: string[] = [];
  private readonly ways: number[][] = [];
  private fresh: Reached[] = [];
  private steps = 0;

  constructor(world: World) {
    this.identities = new Identities(world);
  }

  reach(state: State, by: { from: Reached; label: string } | null): void {
    const identified = this.identities.identify(state, by?.from ?? null);
    const known = this.numbers.get(identified.name);
    const index = known ?? this.numbers.size;
    if (by !== null) {
      this.steps += 1;
      this.ways[by.from.index]?.push(index);
    }
    if (known !== undefined) return;
    this.numbers.set(identified.name, index);
    this.cameFrom.push(by?.from.index ?? -1);
    this.cameBy.push(by?.label ?? "");
    this.ways.push([]);
    this.fresh.push({ ...identified, index });
  }

  takeNew(): Reached[] {
    const { fresh } = this;
    this.fresh = [];
    return fresh;
  }

  wayTo(index: number): string[] {
    const labels: string[] = [];
    for (let i = index; i > 0; i = this.cameFrom[i] ?? 0) labels.unshift(this.cameBy[i] ?? "");
    return labels;
  }

  explored({ name }: Scenario, found: Pick<Exploration, "depth" | "broken">): Exploration {
    const schedules = found.broken === null ? this.countSchedules() : 0;
    return { scenario: name, states: this.numbers.size, steps: this.steps, schedules, ...found };
  }

  /** Every step takes somebody further, so there is no way round in circles to be counted. */
  private countSchedules(): number {
    const counts = new Float64Array(this.ways.length).fill(-1);
    const stack = [0];
    while (stack.length > 0) {
      const at = stack.at(-1) ?? 0;
      const ways = this.ways[at] ?? [];
      const open = ways.filter((next) => (counts[next] ?? -1) < 0);
      if (open.length > 0 && counts[at] === -1) {
        counts[at] = -2;
        stack.push(...open);
        continue;
      }
      if ((counts[at] ?? -1) < 0)
        counts[at] =
          ways.length === 0 ? 1 : ways.reduce((sum, next) => sum + Math.max(0, counts[next] ?? 0), 0);
      stack.pop();
    }
    return counts[0] ?? 0;
  }
}
