// Which part of a seed's plan is played: all of it, or what a shrunk failure still needs, as a person can pass it on.

import { type Fault, isTimed } from "./faults.ts";
import type { Plan } from "./plan.ts";

/** A fault by its place in the seed's list, and for how long where that is not what the seed says. */
export interface KeptFault {
  readonly index: number;
  readonly for: number | null;
}

export interface Reduction {
  readonly faults: readonly KeptFault[];
  /** Places in the seed's list. */
  readonly work: readonly number[];
}

export const wholeOf = (plan: Plan): Reduction => ({
  faults: plan.faults.map((_, index) => ({ index, for: null })),
  work: plan.work.map((_, index) => index),
});

export const reduced = (plan: Plan, { faults, work }: Reduction): Plan => ({
  ...plan,
  faults: faults.flatMap((kept) => faultOf(plan, kept) ?? []),
  work: work.flatMap((index) => plan.work[index] ?? []),
});

export function faultOf(plan: Plan, kept: KeptFault): Fault | null {
  const fault = plan.faults[kept.index];
  if (fault === undefined) return null;
  return kept.for !== null && isTimed(fault) && "for" in fault ? { ...fault, for: kept.for } : fault;
}

/** `3,17/250`: the fault at 3 as it is, the one at 17 for 250 ms. */
export const formatFaults = (faults: readonly KeptFault[]): string =>
  faults.length === 0
    ? "none"
    : faults.map(({ index, for: span }) => (span === null ? index : `${index}/${span}`)).join(",");

/** `1-40,77` */
export function formatWork(work: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const index of work) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs.length === 0
    ? "none"
    : runs.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(",");
}

/** Null where the text is no such list. */
export function parseFaults(text: string): KeptFault[] | null {
  if (text === "none") return [];
  const items = text.split(",").map((item) => /^(\d{1,6})(?:\/(\d{1,6}))?$/.exec(item));
  return items.every((item) => item !== null)
    ? items.map((item) => ({
        index: Number(item[1]),
        for: item[2] === undefined ? null : Number(item[2]),
      }))
    : null;
}

export function parseWork(text: string): number[] | null {
  if (text === "none") return [];
  const items = text.split(",").map((item) => /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(item));
  if (!items.every((item) => item !== null)) return null;
  return items.flatMap(([, from, to = from]) =>
    Array.from({ length: Math.max(0, Number(to) - Number(from) + 1) }, (_, i) => Number(from) + i),
  );
}
