// Checks policies as a whole, without changing anything: every fault of every row, and what they do to each other.

import type { Policy } from "../../shared/core/rules.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { readPolicy, writingFaults } from "../../shared/wire/policy.ts";
import { LIMITS } from "../config.ts";
import type { Table } from "./table.ts";
import { type Judged, warningsOf } from "./warnings.ts";

export interface Verdict {
  readonly errors: readonly Fault[];
  readonly warnings: readonly Fault[];
}

/** Rows stand beside those of the table, or in place of the ones that they name. */
export function validatePolicies(
  values: readonly unknown[],
  table: Table,
  at: (index: number) => string,
): Verdict {
  const errors: Fault[] = [];
  const judged = new Map<number, Judged>();
  const names = new Set<string>();
  for (const [index, value] of values.entries()) {
    const outcome = readPolicy(value, { id: `new-${index + 1}`, site: "default" });
    const placed = (fault: Fault): Fault => ({ ...fault, pointer: at(index) + fault.pointer });
    if (outcome.kind === "invalid") {
      errors.push(...outcome.faults.map(placed));
      continue;
    }
    errors.push(...writingFaults(outcome.row).map(placed));
    const { site, id } = outcome.policy;
    if (!table.sites.has(site)) errors.push(placed({ pointer: "/site", message: noSite(site) }));
    if (names.has(`${site}/${id}`))
      errors.push(placed({ pointer: "/id", message: `repeats ${JSON.stringify(id)}` }));
    names.add(`${site}/${id}`);
    judged.set(index, outcome);
  }
  const kept = table.rows.filter(({ site, id }) => !names.has(`${site}/${id}`));
  if (kept.length + judged.size > LIMITS.policies) errors.push({ pointer: "", message: tooMany });
  const all: Policy[] = [...kept, ...judged.values()].map(({ policy }) => policy);
  const warnings = [...judged].flatMap(([index, one]) =>
    warningsOf(one, {
      others: all.filter(({ site }) => site === one.policy.site),
      site: table.sites.get(one.policy.site),
    }).map((fault) => ({
      ...fault,
      pointer: at(index) + fault.pointer,
    })),
  );
  return { errors: errors.slice(0, LIMITS.faults), warnings: warnings.slice(0, LIMITS.faults) };
}

const noSite = (name: string): string => `there is no site ${JSON.stringify(name)}`;

const tooMany = `there may be ${LIMITS.policies} policies at most`;
