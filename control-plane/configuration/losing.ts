// The selectors that a change of configuration carries: what it takes names from is invalidated by the very entry.

import {
  everythingOf,
  patternsLosing,
  selectorsReached,
  selectorsWithin,
} from "../../shared/core/names-lost.ts";
import { compileRouting, type Site } from "../../shared/core/routing.ts";
import type { Policy } from "../../shared/core/rules.ts";
import { originOf } from "../../shared/core/site-origin.ts";
import type { Selector } from "../../shared/core/units.ts";
import { type ReadField, readField } from "../../shared/wire/configuration.ts";

export interface Change {
  readonly field: string;
  /** Null removes it. */
  readonly value: string | null;
  /** Whoever changes it says that another origin answers as the one before did. */
  readonly sameAnswers?: boolean;
}

/** One field, read once: of a thousand policies brought in one by one each would else be read a thousand times. */
export interface Row {
  readonly text: string;
  readonly read: ReadField;
}

export const rowOf = (field: string, text: string): Row => ({ text, read: readField(field, text) });

export const rowsOf = (configuration: ReadonlyMap<string, string>): Map<string, Row> =>
  new Map([...configuration].map(([field, text]) => [field, rowOf(field, text)]));

export interface From {
  /** As it is before the change. */
  readonly configuration: ReadonlyMap<string, Row>;
  /** Whether nobody has configured this log before. */
  readonly first: boolean;
}

export function selectorsLost({ configuration, first }: From, change: Change): readonly Selector[] {
  const { field, value, sameAnswers = false } = change;
  const row = configuration.get(field) ?? null;
  if ((row?.text ?? null) === value) return [];
  const others = [...configuration].flatMap(([name, { read }]) => (name === field ? [] : [read]));
  const before = row?.read ?? null;
  const after = value === null ? null : readField(field, value);
  // Another release may read it, and name by it what it governs.
  if (before?.kind === "unreadable" || after?.kind === "unreadable")
    return [everythingOf(field.split("/")[1] ?? "")];
  const moved = sameAnswers || first ? [] : movedFrom(before, after);
  const sites = first ? [] : [...moved, ...reachedIn(others, [before, after])];
  const named = namesOf([before, after]).flatMap((site) => lostIn(site, { others, before, after, first }));
  return [...new Set([...sites, ...named])];
}

/** What another origin answered is not this one's answer. */
function movedFrom(before: ReadField | null, after: ReadField | null): readonly Selector[] {
  if (before?.kind !== "site" || after?.kind !== "site") return [];
  return originOf(before.site) === originOf(after.site) ? [] : [everythingOf(after.site.name)];
}

function reachedIn(
  others: readonly ReadField[],
  [before, after]: readonly [ReadField | null, ReadField | null],
) {
  const versions = [before, after].flatMap(siteOf);
  if (versions.length === 0) return [];
  // Where there is no site at all, edges keep nothing.
  const routing = (version: ReadField | null) =>
    compileRouting([...others.flatMap(siteOf), ...siteOf(version)], []);
  return selectorsReached({ before: routing(before), after: routing(after), versions });
}

/** The sites whose policies change: a row may be moved from one to another. */
const namesOf = (versions: readonly (ReadField | null)[]): readonly string[] => [
  ...new Set(versions.flatMap(policyOf).map(({ site }) => site)),
];

function lostIn(
  name: string,
  given: {
    readonly others: readonly ReadField[];
    readonly before: ReadField | null;
    readonly after: ReadField | null;
    readonly first: boolean;
  },
): readonly Selector[] {
  const of = (field: ReadField | null): readonly Policy[] =>
    policyOf(field).filter(({ site }) => site === name);
  const [before = null] = of(given.before);
  const [after = null] = of(given.after);
  const site = given.others.flatMap(siteOf).find((one) => one.name === name) ?? null;
  const others = given.others.flatMap(of);
  return patternsLosing({ before, after, others, first: given.first }).flatMap((pattern) =>
    selectorsWithin(name, site, pattern),
  );
}

const siteOf = (field: ReadField | null): readonly Site[] => (field?.kind === "site" ? [field.site] : []);
const policyOf = (field: ReadField | null): readonly Policy[] =>
  field?.kind === "policy" ? [field.policy] : [];
