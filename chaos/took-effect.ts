// Whether a fault shows from outside: an experiment in which nothing was broken has shown nothing.

import type { ChaosVerdict } from "../shared/wire/chaos.ts";
import { LIMITS } from "./config.ts";
import type { Effect, Whom } from "./experiment.ts";
import type { History } from "./history.ts";
import type { Look, Looked, Seen } from "./look.ts";

/** What was seen of it. */
export interface Signs {
  readonly looks: Looks;
  /** Requests that reached the site's origin while it was not well. */
  readonly metOrigin: number;
  /** Purges of everything that were acknowledged since the fault began. */
  readonly purgedAll: number;
}

export interface Looks {
  /** Just before the fault. */
  readonly before: readonly Seen[];
  readonly during: readonly Seen[];
}

export class Watch implements Looks {
  readonly before: Seen[] = [];
  readonly during: Seen[] = [];
  private readonly look: Look;
  private readonly at: readonly Looked[];

  constructor(look: Look, effect: Effect, whom: Whom) {
    this.look = look;
    this.at = "at" in effect ? effect.at(whom) : [];
  }

  async glance(when: keyof Looks): Promise<void> {
    this[when].push(...(await Promise.all(this.at.map(this.look))));
  }
}

type Claim = Omit<ChaosVerdict, "holds">;

export function tookEffect(seen: {
  readonly effect: Effect;
  readonly signs: Signs;
  readonly history: History;
  readonly target: string;
}): Claim {
  const { effect, signs, history, target } = seen;
  const atLeast = (limit: number, unit: string) =>
    ({ name: "took-effect", comparison: "at-least", limit, unit }) as const;
  switch (effect.kind) {
    case "refusals": {
      const measured = refusalsIn(history, target);
      const text = `While the fault lasted: requests that ${target} refused or broke off`;
      return { ...atLeast(1, "requests"), text, measured };
    }
    case "met-origin": {
      const text = "While the fault lasted: requests that came to the origin";
      return { ...atLeast(1, "requests"), text, measured: signs.metOrigin };
    }
    case "purges": {
      const text = "While the fault lasted: purges of everything that were acknowledged";
      return { ...atLeast(effect.least, "purges"), text, measured: signs.purgedAll };
    }
    case "emptied": {
      const text = `Of the keys that ${target} had: gone when it had been emptied`;
      return { ...atLeast(effect.leastShare, "ratio"), text, measured: goneOf(signs.looks) };
    }
    case "looks": {
      const { during } = signs.looks;
      const text = `While the fault lasted, ${effect.text}`;
      return { ...atLeast(effect.leastShare, "ratio"), text, measured: shareOf(during, effect.shows) };
    }
  }
}

/** What was due just before may have met with it as well. */
function refusalsIn(history: History, target: string): number {
  const from = (history.began("fault") ?? Number.POSITIVE_INFINITY) - LIMITS.underWay;
  const to = history.began("recovery") ?? Number.POSITIVE_INFINITY;
  return history.dueBetween(from, to).filter(({ refusedBy }) => refusedBy === target).length;
}

/** Null where nobody said how many there were. */
function goneOf({ before, during }: Looks): number | null {
  const [had] = keysIn(before);
  const left = keysIn(during);
  if (had === undefined || had === 0 || left.length === 0) return null;
  return rounded((had - Math.min(had, ...left)) / had);
}

const keysIn = (looks: readonly Seen[]): number[] =>
  looks.flatMap((seen) => (seen.kind === "answered" && seen.keys !== null ? [seen.keys] : []));

const shareOf = (looks: readonly Seen[], shows: (seen: Seen) => boolean): number | null =>
  looks.length === 0 ? null : rounded(looks.filter(shows).length / looks.length);

const rounded = (ratio: number): number => Math.round(ratio * 10_000) / 10_000;
