// Who may be served what another asked for: Vary, cache keys, input that is in none, and what ends what they share.

import { CROSSINGS } from "./cases/crossings.ts";
import { KEYS } from "./cases/keys.ts";
import { PURGED } from "./cases/purged.ts";
import { UNKEYED } from "./cases/unkeyed.ts";
import { VARY } from "./cases/vary.ts";
import { playAll } from "./run-cases.ts";

playAll({ vary: VARY, keys: KEYS, "unkeyed input": UNKEYED, purged: PURGED, crossings: CROSSINGS });
