// Calls that may hang, few at a time: a worker's runtime lets six out at once, and the beat needs some of them.

import type { CallEdge } from "../../shared/wire/call-edge.ts";
import { DOCUMENT_PATH } from "../../shared/wire/document.ts";
import { WARM_PATH } from "../../shared/wire/internal.ts";
import { RENEW_PATH } from "../../shared/wire/renewal.ts";
import { LIMITS } from "../config.ts";

/** Messages that share one line, and how many of them may be under way. */
export interface Line {
  readonly paths: readonly string[];
  readonly atOnce: number;
}

/** What the beat has edges do at an origin. */
const AT_ORIGINS: readonly Line[] = [
  { paths: [WARM_PATH, DOCUMENT_PATH], atOnce: LIMITS.warmCallsAtOnce },
  { paths: [RENEW_PATH], atOnce: LIMITS.renewCallsAtOnce },
];

/** Of everything that may hang: what waits for origins, and whoever asks edges that are silent. */
export const slowTurns = (): Turns => new Turns(LIMITS.slowCallsAtOnce);

/** What the beat has edges do, within the turns of all that may hang. */
export const fewAtOrigins = (callEdge: CallEdge, slow: Turns): CallEdge =>
  fewAtOnce(callEdge, AT_ORIGINS, [new Turns(LIMITS.originCallsAtOnce), slow]);

/**
 * The others wait in their order, outside their deadlines; messages of no line go at once. `within`: whose turns they take
 * as well. For one object's own calls: a request that waited for another's promise would be cancelled, and its turn lost
 * with it.
 */
export function fewAtOnce(
  callEdge: CallEdge,
  lines: readonly Line[],
  within: readonly Turns[] = [],
): CallEdge {
  const turns = new Map<string, Turns>();
  for (const { paths, atOnce } of lines) {
    const shared = new Turns(atOnce);
    for (const path of paths) turns.set(path, shared);
  }
  return async (edge, message, deadline) => {
    const line = turns.get(message.path);
    if (line === undefined) return callEdge(edge, message, deadline);
    const taken: Turns[] = [];
    try {
      // Always in this order, so that nobody waits for somebody who waits for him.
      for (const turns of [line, ...within]) {
        await turns.take();
        taken.push(turns);
      }
      return await callEdge(edge, message, deadline);
    } finally {
      for (const turns of taken) turns.giveBack();
    }
  };
}

export class Turns {
  private readonly waiting: (() => void)[] = [];
  private free: number;

  constructor(atOnce: number) {
    this.free = atOnce;
  }

  /** That nobody has, or waits for. */
  get left(): number {
    return this.free;
  }

  /** False where there is none left. */
  takeNow(): boolean {
    if (this.free === 0) return false;
    this.free -= 1;
    return true;
  }

  async take(): Promise<void> {
    if (this.takeNow()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.push(resolve);
    await promise;
  }

  /** Handed on where somebody waits, so that nobody comes between. */
  giveBack(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}
