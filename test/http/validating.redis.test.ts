// What is served without the whole of the origin's answer: conditions, ranges, and what is stale.

import { CONDITIONS } from "./cases/conditions.ts";
import { PARTS } from "./cases/parts.ts";
import { RANGES } from "./cases/ranges.ts";
import { STALE } from "./cases/stale.ts";
import { playAll } from "./run-cases.ts";

playAll({ conditions: CONDITIONS, ranges: RANGES, parts: PARTS, stale: STALE });
