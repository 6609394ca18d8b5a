// What a policy says that can be said, but will not do what its author may think.

import { DEFAULT_CLASSES, STANDARD_CLASS } from "../../shared/core/classes.ts";
import { covers } from "../../shared/core/pattern-covers.ts";
import { hostPatterns, inForceOrder, type Site, withLowerCaseHosts } from "../../shared/core/routing.ts";
import { type Policy, resolveRules } from "../../shared/core/rules.ts";
import { readingsOf } from "../../shared/core/spelling.ts";
import { VALUE_SCHEME } from "../../shared/core/value-key.ts";
import type { Fault } from "../../shared/wire/json.ts";
import type { PolicyRow } from "../../shared/wire/policy.ts";

export interface Judged {
  readonly row: PolicyRow;
  readonly policy: Policy;
}

interface Around {
  /** All that apply beside it, of its own site. */
  readonly others: readonly Policy[];
  /** Its own; nothing is said of one that is not known. */
  readonly site: Site | undefined;
}

export function warningsOf({ row, policy }: Judged, { others, site }: Around): Fault[] {
  const elsewhere = site === undefined ? [] : ofNoHost(policy, withLowerCaseHosts(site));
  return [...elsewhere, ...readTwoWays(policy), ...shadowedBy(policy, others), ...idle(row, policy)];
}

/** What it matches origins may take for what another policy governs (docs/adr/0080). */
function readTwoWays({ pattern }: Policy): Fault[] {
  if (pattern.text.startsWith(VALUE_SCHEME)) return [];
  const sample = pattern.path.map((token) => (token.kind === "text" ? token.text : "x")).join("");
  const other = readingsOf(sample)?.at(-1) ?? "another path";
  const message = `keeps nothing of what origins may read as ${other}, unless it matches that as well`;
  return other === sample ? [] : [{ pointer: "/key_pattern", message }];
}

/** A pattern of a host by which the site has no URLs. */
function ofNoHost({ pattern }: Policy, { name, hosts, aliases, canonicalHost }: Site): Fault[] {
  const [token, ...more] = pattern.host ?? [];
  if (token?.kind !== "text" || more.length > 0 || pattern.text.startsWith(VALUE_SCHEME)) return [];
  const host = token.text;
  if (host === canonicalHost) return [];
  const say = (message: string): Fault[] => [{ pointer: "/key_pattern", message }];
  if (aliases.includes(host))
    return say(
      `never applies: ${host} is another name of ${canonicalHost}, by which the policies of ${name} go`,
    );
  const served = hostPatterns(host).find((one) => hosts.includes(one));
  if (served !== undefined && served !== "*") return [];
  if (served === undefined) return say(`never applies: the site ${name} has no host ${host}`);
  // A path that lacks its slash looks like a host of one word.
  return /[.:]/.test(host) || host === "localhost"
    ? []
    : say(`is for the host ${host} alone; a pattern of paths begins with /`);
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
