// Counts what an outside client was answered, and sets it beside what the control plane says was counted.

import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { classify, type Result } from "./classify.ts";
import { type Asked, asked } from "./mix.ts";

export type Sums = Record<string, Partial<Record<Result, number>>>;

export interface Answered {
  readonly edge: number;
  readonly at: number;
  readonly class: Asked["class"];
  readonly result: Result;
}

export interface Run {
  readonly answers: readonly Answered[];
  /** Requests that nobody answered. */
  readonly unanswered: number;
}

export interface RunPlan {
  readonly edges: readonly string[];
  /** The number of the first one: an edge gets twenty in a row. */
  readonly from: number;
  readonly count: number;
  readonly atOnce: number;
  /** Is told how many have ended. */
  readonly ended?: (count: number) => void;
}

export async function run({ edges, from, count, atOnce, ended }: RunPlan): Promise<Run> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const answers: Answered[] = [];
  let [next, unanswered] = [from, 0];
  const one = async (): Promise<void> => {
    while (next < from + count) {
      const number = next;
      next += 1;
      const what = asked(number);
      const edge = Math.floor(number / 20) % edges.length;
      const cacheStatus = await ask(agent, edges[edge] ?? "", what);
      if (cacheStatus === null) {
        unanswered += 1;
        // An edge that is away must not use up what is to be asked.
        await pause(20);
      } else answers.push({ edge, at: Date.now(), class: what.class, result: classify(cacheStatus) });
      ended?.(answers.length + unanswered);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  agent.destroy();
  return { answers, unanswered };
}

/** Its Cache-Status as soon as the answer begins; null where none came. */
function ask(agent: Agent, edge: string, { method, path, headers }: Asked): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const sent = request(`${edge}${path}`, { agent, method, headers: { ...headers, host: "site.test" } });
  sent.on("error", () => resolve(null));
  sent.on("response", (response) => {
    const status = String(response.headers["cache-status"] ?? "");
    response.on("error", () => resolve(status));
    response.on("close", () => resolve(status));
    response.resume();
  });
  sent.end();
  return promise;
}

export function sumsOf(answers: readonly Answered[]): Sums {
  const sums: Sums = {};
  for (const { class: name, result } of answers) {
    const of = sums[name] ?? {};
    sums[name] = { ...of, [result]: (of[result] ?? 0) + 1 };
  }
  return sums;
}

const RESULTS: readonly Result[] = ["hits", "stale", "misses", "passes", "coalesced", "errors", "refused"];

/** As `/cache-metrics` tells of them, those that are nought left out. */
export function countedIn(classes: Readonly<Record<string, Partial<Record<Result, number>>>>): Sums {
  const sums: Sums = {};
  for (const [name, figures] of Object.entries(classes)) {
    const found = RESULTS.flatMap((result) => {
      const count = figures[result] ?? 0;
      return count > 0 ? [[result, count] as const] : [];
    });
    if (found.length > 0) sums[name] = Object.fromEntries(found);
  }
  return sums;
}

/** By class and result, how many more the client was answered than were counted; empty where they agree. */
export function missing(answered: Sums, counted: Sums): Sums {
  const short: Sums = {};
  for (const name of new Set([...Object.keys(answered), ...Object.keys(counted)])) {
    const differing = RESULTS.flatMap((result) => {
      const by = (answered[name]?.[result] ?? 0) - (counted[name]?.[result] ?? 0);
      return by === 0 ? [] : [[result, by] as const];
    });
    if (differing.length > 0) short[name] = Object.fromEntries(differing);
  }
  return short;
}
