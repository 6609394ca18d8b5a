// What a policy says that can be said, but will not do what its author may think.

import { DEFAULT_CLASSES, STANDARD_CLASS } from "../../shared/core/classes.ts";
import { covers } from "../../shared/core/pattern-covers.ts";
import { inForceOrder } from "../../shared/core/routing.ts";
import { type Policy, resolveRules } from "../../shared/core/rules.ts";
import type { Fault } from "../../shared/wire/json.ts";
import type { PolicyRow } from "../../shared/wire/policy.ts";

export interface Judged {
  readonly row: PolicyRow;
  readonly policy: Policy;
}

/** `others`: all that apply beside it, of its own site. */
export function warningsOf({ row, policy }: Judged, others: readonly Policy[]): Fault[] {
  return [...shadowedBy(policy, others), ...idle(row, policy)];
}

/** By the first that takes all of its URLs; and what it takes all of itself. */
function shadowedBy(policy: Policy, others: readonly Policy[]): Fault[] {
  const pointer = "/key_pattern";
  const before = others.filter((other) => other.id !== policy.id && inForceOrder(other, policy) < 0);
  const shadow = before.find((other) => covers(other.pattern, policy.pattern));
  if (shadow !== undefined)
    return [{ pointer, message: `never applies: ${shadow.id} comes first and matches all that it does` }];
  return others
    .filter((other) => other.id !== policy.id && inForceOrder(policy, other) < 0)
    .filter((other) => covers(policy.pattern, other.pattern))
    .map(({ id }) => ({ pointer, message: `leaves nothing to ${id}, which comes later and matches less` }));
}

/** Fields that have no effect beside others. */
function idle(row: PolicyRow, policy: Policy): Fault[] {
  const found: Fault[] = [];
  const settings = DEFAULT_CLASSES.get(policy.class) ?? STANDARD_CLASS;
  const { ttl, memoryBudget, write } = resolveRules(policy, settings);
  if (row.ttl_mode === "override" && ttl === null)
    found.push({
      pointer: "/ttl_mode",
      message: "has no effect: neither the policy nor its class has a ttl",
    });
  if (row.eviction_policy !== undefined && memoryBudget === 0)
    found.push({
      pointer: "/eviction_policy",
      message: `has no effect in memory: the class ${policy.class} is not held there`,
    });
  if (row.write_back !== undefined && write !== "write-back")
    found.push({ pointer: "/write_back", message: `has no effect: the write policy is ${write}` });
  if (row.fence === "serve-stale" && policy.window === 0)
    found.push({ pointer: "/fence", message: "serves what is stale though the window is 0" });
  return found;
}
