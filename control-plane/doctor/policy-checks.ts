// What smells in the metadata table: rows that do nothing, and rows that do what hardly anybody wants.

import { DEFAULT_CLASSES, STANDARD_CLASS } from "../../shared/core/classes.ts";
import type { Rules } from "../../shared/core/rules.ts";
import { resolveRules } from "../../shared/core/rules.ts";
import type { Table, TableRow } from "../policies/table.ts";
import { warningsOf } from "../policies/warnings.ts";
import { areaOf, type Check } from "./check.ts";

const { ok, warn, fail } = areaOf("policies");

export function policyChecks({ rows, unreadable, sites }: Table): Check[] {
  const smells = rows.flatMap((row) => smellsOf(row, rows, sites));
  const bare = [...sites.keys()].filter((site) => !rows.some((row) => row.site === site));
  const found = [
    ...(sites.size === 0 ? [NO_SITE] : []),
    ...unreadable.map((field) =>
      warn(
        `policy-unreadable-${field}`,
        `${field} can't be read by this release`,
        "Write it anew, or take it out.",
      ),
    ),
    ...smells,
    ...bare.map((site) =>
      warn(
        `policy-none-${site}`,
        `the site ${site} has no policies: the origin's headers decide everything`,
        "`tidegate policies suggest` says what its traffic asks for.",
      ),
    ),
  ];
  return found.length > 0
    ? found
    : [ok("policies", `${rows.length} policies, and nothing about them smells`)];
}

const NO_SITE = fail(
  "site-none",
  "there is no site: edges pass everything on, and keep nothing",
  "Make one: tidegate sites put www --origin zone --host www.example.com (docs/sites.md).",
);

function smellsOf(
  { site, id, row, policy }: TableRow,
  rows: readonly TableRow[],
  sites: Table["sites"],
): Check[] {
  const name = `${site}/${id}`;
  const others = rows.filter((other) => other.site === site).map((other) => other.policy);
  const rules = resolveRules(policy, DEFAULT_CLASSES.get(policy.class) ?? STANDARD_CLASS);
  const change = `Change it: tidegate policies get ${id} --site ${site} > row.json`;
  return [
    ...warningsOf({ row, policy }, { others, site: sites.get(site) }).map(
      ({ pointer, message }) => `${pointer.slice(1)} ${message}`,
    ),
    ...ownSmells(rules),
  ].map((what, index) => warn(`policy-${name}-${index + 1}`, `${name}: ${what}`, change));
}

function ownSmells(rules: Rules): string[] {
  const { ttl, staleWhileRevalidate, staleIfError, refresh, window, key } = rules;
  if (rules.write === "write-back") return [];
  const found: string[] = [];
  const stale = (staleWhileRevalidate ?? 0) + (staleIfError ?? 0);
  if (ttl === 0 && stale > 0)
    found.push(
      "ttl is 0, and yet stale answers are allowed: each is out of date when it comes, and may be served",
    );
  if (rules.name === "hot" && refresh === "none")
    found.push("what is hot is not renewed ahead: at each end of its life everybody waits for the origin");
  if (rules.name === "hot" && key.cookies.length > 0)
    found.push(`what is hot is kept once for each value of the cookies ${key.cookies.join(", ")}`);
  if (ttl !== null && ttl > 0 && window > ttl)
    found.push(`a purge may show later (${window} ms) than the answer expires by itself (${ttl} ms)`);
  if (refresh === "none" && (staleWhileRevalidate ?? 0) > 0)
    found.push("stale_while_revalidate has no effect: refresh_strategy is none");
  return found;
}
