// All alert rules, in the order in which they are listed.

import type { Rule, Targets } from "./rule.ts";
import { ACCESS_RULES } from "./rules/access.ts";
import { EDGE_RULES } from "./rules/edges.ts";
import { MID_TIER_RULES } from "./rules/mid-tier.ts";
import { ORIGIN_RULES } from "./rules/origin.ts";
import { PURGE_RULES } from "./rules/purges.ts";

export const RULES: readonly Rule[] = [
  ...[...ORIGIN_RULES, ...MID_TIER_RULES, ...PURGE_RULES],
  ...[...EDGE_RULES, ...ACCESS_RULES],
];

/** Only for classes whose answers are meant to be kept whatever their origin says: of others nobody knows what to expect. */
export const TARGETS: Targets = { hot: 0.9, immutable: 0.9 };
