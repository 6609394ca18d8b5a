// Enumerates every state that a configuration can reach, breadth first, so that a counterexample is as short as can be.

import { askAtOnce } from "./asking-peers.ts";
import type { Knowing, Log } from "./parts.ts";
import { healed, isAtHead } from "./pulling.ts";
import type { Scope } from "./scope.ts";
import { KNOWING, LOG, SHARED_FROM, Steps, WIDTH } from "./steps.ts";
import { type Counterexample, type Found, traceOf } from "./trace.ts";
import { TupleMap, TupleSet } from "./tuples.ts";
import { FIRST_EPOCH } from "./world.ts";

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Steps to the state that is farthest from the beginning. */
  readonly depth: number;
  /** Whether all that can be reached has been. */
  readonly exhausted: boolean;
  readonly counterexample: Counterexample | null;
}

export function explore(scope: Scope, most: number): Exploration {
  return new Explorer(scope).run(most);
}

class Explorer {
  private readonly scope: Scope;
  private readonly steps: Steps;
  private readonly states = new TupleSet(WIDTH);
  private parents = new Int32Array(1 << 16);
  private readonly convergence: Convergence;
  private readonly now = new Int32Array(WIDTH);
  private transitions = -1;
  private found: Found | null = null;

  constructor(scope: Scope) {
    this.scope = scope;
    this.steps = new Steps(scope);
    this.convergence = new Convergence(scope, this.steps);
  }

  run(most: number): Exploration {
    const { states, steps } = this;
    steps.begin();
    this.reach(-1);
    let depth = 0;
    let levelEnd = 1;
    let at = 0;
    for (; at < states.size && this.found === null && states.size < most; at++) {
      if (at === levelEnd) {
        depth += 1;
        levelEnd = states.size;
      }
      this.expand(at);
    }
    const { scope, found, parents } = this;
    return {
      states: states.size,
      transitions: this.transitions,
      depth,
      exhausted: at === states.size,
      counterexample: found === null ? null : traceOf(scope, { found, states, parents, steps }),
    };
  }

  private expand(at: number): void {
    const { now, steps } = this;
    this.states.read(at, now);
    const broken = steps.brokenIn(now) ?? this.convergence.brokenIn(now);
    if (broken !== null) this.found ??= { at, invariant: broken, last: null };
    steps.each(now, (breaking) => {
      if (breaking !== null) this.found ??= { at, invariant: breaking.invariant, last: breaking };
      this.reach(at);
    });
  }

  /** What `steps` holds as the next state. */
  private reach(from: number): void {
    this.transitions += 1;
    this.steps.normalise();
    if (!this.states.add(this.steps.next)) return;
    const index = this.states.size - 1;
    if (index === this.parents.length) {
      const more = new Int32Array(this.parents.length * 2);
      more.set(this.parents);
      this.parents = more;
    }
    this.parents[index] = from;
  }
}

/** Invariant 9: once everything arrives, every edge reaches the head, and with all of them there no further epoch begins. */
class Convergence {
  private readonly scope: Scope;
  private readonly steps: Steps;
  private readonly heals = new TupleMap<readonly [number, number]>(2);
  private readonly verdicts = new TupleMap<boolean>(3);
  private readonly pair = new Int32Array(2);
  private readonly triple = new Int32Array(3);

  constructor(scope: Scope, steps: Steps) {
    this.scope = scope;
    this.steps = steps;
  }

  brokenIn(now: Int32Array): string | null {
    const two = this.scope.edges === 2;
    const other = now[SHARED_FROM / 2 + KNOWING] ?? 0;
    const first = this.healedOf(now[KNOWING] ?? 0, now[SHARED_FROM] ?? 0);
    const second = two ? this.healedOf(other, first[1]) : first;
    const again = this.healedOf(first[0], second[1]);
    if (again[1] !== second[1] || !this.arePulled(again, second)) return NOT_AT_HEAD;
    if (begunForNothing(this.scope, this.steps.part(LOG, again[1]) as Log)) return BEGUN_FOR_NOTHING;
    return this.scope.gossip && !this.isTold(again, other) ? NOT_TOLD : null;
  }

  private arePulled(first: readonly [number, number], second: readonly [number, number]): boolean {
    return this.verdict([first[0], second[0], first[1]], (log) =>
      [first, second].every(([knowing]) => isAtHead(this.knowing(knowing), log)),
    );
  }

  /** Cut off from the log, the other edge learns all of it from the first. */
  private isTold(first: readonly [number, number], other: number): boolean {
    return this.verdict([first[0], -1 - other, first[1]], (log) =>
      isAtHead(askAtOnce(this.scope, this.knowing(other), this.knowing(first[0])), log),
    );
  }

  private verdict(key: readonly [number, number, number], judge: (log: Log) => boolean): boolean {
    this.triple.set(key);
    return (
      this.verdicts.get(this.triple) ??
      this.verdicts.set(Int32Array.from(key), judge(this.steps.part(LOG, key[2]) as Log))
    );
  }

  private healedOf(knowing: number, log: number): readonly [number, number] {
    this.pair[0] = knowing;
    this.pair[1] = log;
    const known = this.heals.get(this.pair);
    if (known !== undefined) return known;
    const before = { knowing: this.knowing(knowing), log: this.steps.part(LOG, log) as Log };
    const after = healed(this.scope, before);
    return this.heals.set(Int32Array.of(knowing, log), [
      this.steps.id(KNOWING, after.knowing),
      this.steps.id(LOG, after.log),
    ]);
  }

  private knowing(id: number): Knowing {
    return this.steps.part(KNOWING, id) as Knowing;
  }
}

/**
 * What is lost of it by a failover nobody has been told of, where replicas are waited for. But a peer may take that for a
 * loss which the log does not know yet that it may tell.
 */
const begunForNothing = ({ replicas, gossip, outages }: Scope, log: Log): boolean =>
  (log.outages === 0 || (replicas && !gossip && !outages.includes("flush"))) && log.lastEpoch > FIRST_EPOCH;

const BEGUN_FOR_NOTHING = "9 convergence: an epoch begins though Redis has lost nothing that it had told";
const NOT_AT_HEAD = "9 convergence: with everything delivered an edge is not at the head";
const NOT_TOLD = "9 convergence: an edge that has asked a peer at the head is not there";
