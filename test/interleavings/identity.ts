// When two states count as one: equal but for names, and for what nobody will ever look at again.

import {
  AUDIT_HEAD,
  AUDIT_RECORDS,
  LOG_INDEX_ORDER,
  operationKey,
  RECEIPTS,
  RECEIPTS_OF_PURGES,
  RECEIPTS_OF_WRITES,
  receiptKey,
} from "../../shared/mid-tier/keys.ts";
import type { Content } from "./database.ts";
import type { State, World } from "./state.ts";

/** A state with the numbers of its parts: equal parts have equal numbers. */
export interface Identified {
  readonly state: State;
  readonly name: string;
  readonly readers: readonly number[];
  readonly writers: readonly number[];
  readonly left: number;
  readonly truth: number;
}

export class Identities {
  private readonly world: World;
  private readonly byText = new Map<string, number>();
  private readonly contents = new Map<number, { withOperations: number; without: number }>();
  /** Of readers and of writers, which are of one kind. */
  private readonly kinds: { readonly readers: readonly number[][]; readonly writers: readonly number[][] };

  constructor(world: World) {
    this.world = world;
    const { readers, writers } = world.scenario;
    this.kinds = { readers: kindsOf(readers), writers: kindsOf(writers) };
  }

  /** What has not changed since the state before keeps its number, and need not be looked at. */
  identify(state: State, before: Identified | null): Identified {
    const all = (members: readonly object[], known: readonly number[], then: readonly object[] | undefined) =>
      members.map((member, i) => (member === then?.[i] ? (known[i] ?? 0) : this.of(member)));
    const readers = all(state.readers, before?.readers ?? [], before?.state.readers);
    const writers = all(state.writers, before?.writers ?? [], before?.state.writers);
    const left = before !== null && state.left === before.state.left ? before.left : this.of(state.left);
    const truth = before !== null && state.truth === before.state.truth ? before.truth : this.of(state.truth);
    const retrying = state.writers.some(({ step }) => step === "again");
    const content = this.contentOf(state.content)[retrying ? "withOperations" : "without"];
    const stand = `${sorted(readers, this.kinds.readers)};${sorted(writers, this.kinds.writers)}`;
    return {
      state,
      name: `${state.now} ${content} ${stand} ${left} ${truth}`,
      readers,
      writers,
      left,
      truth,
    };
  }

  /** A number for equal values. */
  private of(value: object): number {
    const text = JSON.stringify(value);
    const known = this.byText.get(text);
    if (known !== undefined) return known;
    this.byText.set(text, this.byText.size);
    return this.byText.size - 1;
  }

  /**
   * Without audit, receipts and the order of the index: scripts write them, and of those run here none reads them, or
   * lets them change anything else (nothing is pruned). Without the marks of operations where nobody will repeat one.
   */
  private contentOf(content: Content): { withOperations: number; without: number } {
    const known = this.contents.get(content.index);
    if (known !== undefined) return known;
    const { database } = this.world;
    const lean = database.replaced(content, database.empty, isUnread);
    const leaner = database.replaced(lean, database.empty, (key) => key.startsWith(OPERATIONS));
    const found = { withOperations: lean.index, without: leaner.index };
    this.contents.set(content.index, found);
    return found;
  }
}

/**
 * Those of one kind can be exchanged: tokens and operations are named in the order in which they are used, so nothing
 * outside of a reader or a writer says which one it is. Sorted, all exchanges of them have one name.
 */
function sorted(numbers: readonly number[], kinds: readonly number[][]): string {
  let text = "";
  for (const members of kinds) {
    if (members.length === 1) text += `${numbers[members[0] ?? 0]},`;
    else text += `${members.map((i) => numbers[i] ?? 0).sort((a, b) => a - b)},`;
  }
  return text;
}

function kindsOf(specs: readonly object[]): number[][] {
  const bySpec = new Map<object, number[]>();
  for (const [i, spec] of specs.entries()) bySpec.set(spec, [...(bySpec.get(spec) ?? []), i]);
  return [...bySpec.values()];
}

const OPERATIONS = operationKey("");
const RECEIPT = receiptKey("");
const isUnread = (key: string): boolean =>
  key === AUDIT_RECORDS ||
  key === AUDIT_HEAD ||
  key === RECEIPTS ||
  key === RECEIPTS_OF_PURGES ||
  key === RECEIPTS_OF_WRITES ||
  key === LOG_INDEX_ORDER ||
  key.startsWith(RECEIPT);
