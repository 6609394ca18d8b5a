// A state in numbers, one for each of its parts, and every step that leads on from it.

import { disowned } from "./flights.ts";
import { memoryBroken } from "./near.ts";
import type { Flights, Knowing, Parts, Tiers } from "./parts.ts";
import { always, type Move, type PartName, type Rule } from "./rule.ts";
import type { Scope } from "./scope.ts";
import { Table } from "./table.ts";
import { TupleMap } from "./tuples.ts";
import { Words } from "./words.ts";
import { beginning, EDGE_RULES, LATER, SHARED_RULES } from "./world.ts";

const NAMES = ["knowing", "tiers", "flights", "log", "fates", "shard"] as const;
export const KNOWING = 0;
const TIERS = 1;
const FLIGHTS = 2;
export const LOG = 3;
const FATES = 4;

/** Of each edge the first three parts, then those that are shared. */
const OWN = 3;
export const SHARED_FROM = 2 * OWN;
export const WIDTH = SHARED_FROM + NAMES.length - OWN;

/** Where an edge's part is, or a shared one. */
const cellOf = (edge: number, name: number): number => (name < OWN ? edge * OWN + name : OWN + name);

/** What a move does, in numbers. */
interface Effect {
  readonly cells: readonly number[];
  readonly values: readonly number[];
  readonly voids: boolean;
  readonly disowns: boolean;
  readonly broken: string | null;
  readonly label: string;
}

interface Prepared {
  readonly rule: Rule;
  readonly names: readonly number[];
  readonly effects: TupleMap<readonly Effect[]>;
  readonly key: Int32Array;
}

/** A step in words, and whose it is: `{edge}` stands for that. */
export interface Labelled {
  readonly label: string;
  readonly edge: number;
}

/** A step that breaks an invariant. */
export interface Breaking extends Labelled {
  readonly invariant: string;
}

export class Steps {
  /** Where every step leaves the state that it leads to. */
  readonly next = new Int32Array(WIDTH);
  private readonly scope: Scope;
  private readonly tables = NAMES.map(() => new Table<object>());
  private readonly edgeRules: readonly Prepared[];
  private readonly sharedRules: readonly Prepared[];
  private readonly laters: number[][] = NAMES.map(() => []);
  private readonly voided: number[] = [];
  private readonly disowned: number[] = [];
  private readonly verdicts = new TupleMap<string | null>(4);
  private readonly words: Words;
  private readonly quad = new Int32Array(4);

  constructor(scope: Scope) {
    this.scope = scope;
    this.words = new Words(scope, this.tables[KNOWING] as Table<Knowing>);
    this.edgeRules = together(scope, EDGE_RULES).map(prepared);
    this.sharedRules = together(scope, SHARED_RULES).map(prepared);
  }

  part(name: number, id: number): object {
    return (this.tables[name] as Table<object>).at(id);
  }

  id(name: number, part: object): number {
    return (this.tables[name] as Table<object>).id(part);
  }

  begin(): void {
    const start = beginning(this.scope);
    for (const [name, part] of NAMES.entries())
      for (let edge = 0; edge < 2; edge++) this.next[cellOf(edge, name)] = this.id(name, start[part]);
  }

  /** Edges are alike: which of them is the first makes no difference. True where they change places. */
  normalise(): boolean {
    const { next } = this;
    if (this.scope.edges === 1 || !isBehind(next)) return false;
    for (let i = 0; i < OWN; i++) {
      const first = next[i] ?? 0;
      next[i] = next[OWN + i] ?? 0;
      next[OWN + i] = first;
    }
    return true;
  }

  /** Leaves each following state in `next` by turns; says what the step to it breaks. */
  each(now: Int32Array, visit: (breaking: Breaking | null) => void): void {
    for (const rule of this.sharedRules) this.follow(now, { rule, edge: 0 }, visit);
    for (let edge = 0; edge < this.scope.edges; edge++) {
      // What one can do, the other can.
      if (edge === 1 && areAlike(now)) break;
      for (const rule of this.edgeRules) this.follow(now, { rule, edge }, visit);
      if (this.scope.gossip && this.tells(now, edge)) visit(null);
    }
    this.tick(now);
    visit(null);
  }

  private follow(
    now: Int32Array,
    { rule, edge }: { rule: Prepared; edge: number },
    visit: (breaking: Breaking | null) => void,
  ): void {
    const effects = this.effectsOf(now, rule, edge);
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i] as Effect;
      this.next.set(now);
      this.apply(effect, edge);
      const { label, broken } = effect;
      visit(broken === null ? null : { label, edge, invariant: broken });
    }
  }

  private effectsOf(now: Int32Array, rule: Prepared, edge: number): readonly Effect[] {
    const { names, key } = rule;
    for (let i = 0; i < names.length; i++) key[i] = now[cellOf(edge, names[i] ?? 0)] ?? 0;
    const known = rule.effects.get(key);
    if (known !== undefined) return known;
    return rule.effects.set(
      key,
      this.movesOf(now, rule, edge).map((move) => this.effectOf(move)),
    );
  }

  private movesOf(now: Int32Array, { rule }: Prepared, edge: number): Move[] {
    return rule.moves(this.scope, this.partsOf(now, rule.reads, edge));
  }

  private partsOf(now: Int32Array, names: readonly PartName[], edge: number): Parts {
    const parts: Partial<Record<PartName, object>> = {};
    for (const name of names) {
      const index = NAMES.indexOf(name);
      parts[name] = this.part(index, now[cellOf(edge, index)] ?? 0);
    }
    return parts as Parts;
  }

  private effectOf({ label, writes, voids = false, disowns = false, broken = null }: Move): Effect {
    const parts = Object.entries(writes) as [PartName, object][];
    return {
      cells: parts.map(([name]) => NAMES.indexOf(name)),
      values: parts.map(([name, part]) => this.id(NAMES.indexOf(name), part)),
      voids: voids && this.scope.vouching,
      disowns,
      broken,
      label,
    };
  }

  private apply({ cells, values, voids, disowns }: Effect, edge: number): void {
    const { next } = this;
    for (let i = 0; i < cells.length; i++) next[cellOf(edge, cells[i] ?? 0)] = values[i] ?? 0;
    if (voids) this.void(edge);
    if (!disowns || this.scope.edges === 1) return;
    const cell = cellOf(1 - edge, FLIGHTS);
    const id = next[cell] ?? 0;
    this.disowned[id] ??= this.id(FLIGHTS, disowned(this.part(FLIGHTS, id) as Flights));
    next[cell] = this.disowned[id] ?? 0;
  }

  private void(edge: number): void {
    const { next, voided } = this;
    const cell = cellOf(edge, TIERS);
    const id = next[cell] ?? 0;
    voided[id] ??= this.id(TIERS, unvouched(this.part(TIERS, id) as Tiers));
    next[cell] = voided[id] ?? 0;
  }

  /** The peer answers the edge's question, if there is one that is open. */
  private tells(now: Int32Array, edge: number): boolean {
    const { next } = this;
    const [asker, peer] = [cellOf(edge, KNOWING), cellOf(1 - edge, KNOWING)];
    const question = this.words.questionOf(now[asker] ?? 0);
    if (question === null) return false;
    const [told, teller, voids] = this.words.wordOf(question, now[peer] ?? 0);
    next.set(now);
    next[asker] = this.words.hearingOf(now[asker] ?? 0, told);
    next[peer] = teller;
    if (voids && this.scope.vouching) this.void(1 - edge);
    return true;
  }

  private tick(now: Int32Array): void {
    const { next, scope } = this;
    next.set(now);
    for (let name = 0; name < NAMES.length; name++) {
      for (let edge = 0; edge < (name < OWN ? scope.edges : 1); edge++) {
        const cell = cellOf(edge, name);
        next[cell] = this.laterOf(name, now[cell] ?? 0);
      }
    }
  }

  private laterOf(name: number, id: number): number {
    const known = this.laters[name] as number[];
    known[id] ??= this.id(name, later(this.scope, NAMES[name] as PartName, this.part(name, id)));
    return known[id] as number;
  }

  /** The invariant that a state breaks, without a further step. */
  brokenIn(now: Int32Array): string | null {
    for (let edge = 0; edge < this.scope.edges; edge++) {
      const { quad } = this;
      quad[0] = now[cellOf(edge, KNOWING)] ?? 0;
      quad[1] = now[cellOf(edge, TIERS)] ?? 0;
      quad[2] = now[cellOf(edge, LOG)] ?? 0;
      quad[3] = now[cellOf(edge, FATES)] ?? 0;
      let verdict = this.verdicts.get(quad);
      if (verdict === undefined) {
        const seen = this.partsOf(now, ["knowing", "tiers", "log", "fates"], edge);
        verdict = this.verdicts.set(quad, memoryBroken(this.scope, seen));
      }
      if (verdict !== null) return verdict;
    }
    return null;
  }

  /** As `each`, with the words for every step: slowly. */
  eachLabelled(now: Int32Array, visit: (step: Labelled) => void): void {
    for (const [rules, edges] of [
      [this.sharedRules, 1],
      [this.edgeRules, this.scope.edges],
    ] as const) {
      for (let edge = 0; edge < edges; edge++) {
        for (const rule of rules) {
          for (const move of this.movesOf(now, rule, edge)) {
            this.next.set(now);
            this.apply(this.effectOf(move), edge);
            visit({ label: move.label, edge });
          }
        }
      }
    }
    for (let edge = 0; edge < this.scope.edges && this.scope.gossip; edge++)
      if (this.tells(now, edge)) {
        const [asker, peer] = [now[cellOf(edge, KNOWING)] ?? 0, now[cellOf(1 - edge, KNOWING)] ?? 0];
        visit({ label: this.words.labelOf(asker, peer), edge: 1 - edge });
      }
    this.tick(now);
    visit({ label: "a tick passes", edge: 0 });
  }
}

/** The rules that apply, those that read the same as one: what they say is looked up at once. */
function together(scope: Scope, rules: readonly Rule[]): Rule[] {
  const applying = rules.filter(({ applies }) => applies(scope));
  const groups = Map.groupBy(applying, ({ reads }) => reads.join());
  return [...groups.values()].map((group) => ({
    reads: group[0]?.reads ?? [],
    applies: always,
    moves: (_scope, parts) => group.flatMap(({ moves }) => moves(scope, parts)),
  }));
}

const prepared = (rule: Rule): Prepared => ({
  rule,
  names: rule.reads.map((name) => NAMES.indexOf(name)),
  effects: new TupleMap(rule.reads.length),
  key: new Int32Array(rule.reads.length),
});

const later = (scope: Scope, name: PartName, part: object): object =>
  (LATER[name] as (scope: Scope, part: object) => object)(scope, part);

const unvouched = (tiers: Tiers): Tiers =>
  tiers.memory === null ? tiers : { ...tiers, memory: { ...tiers.memory, vouched: false } };

function areAlike(state: Int32Array): boolean {
  for (let i = 0; i < OWN; i++) if (state[i] !== state[OWN + i]) return false;
  return true;
}

function isBehind(state: Int32Array): boolean {
  for (let i = 0; i < OWN; i++) {
    const difference = (state[i] ?? 0) - (state[OWN + i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
