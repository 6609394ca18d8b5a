// What is stored, for how long and for whom, and what comes of it: all cases of HTTP, on one edge.

import { BODIES } from "./cases/bodies.ts";
import { CACHE_STATUS } from "./cases/cache-status.ts";
import { CODINGS } from "./cases/coded.ts";
import { CONDITIONS } from "./cases/conditions.ts";
import { CROSSINGS } from "./cases/crossings.ts";
import { FRESHNESS } from "./cases/freshness.ts";
import { KEYS } from "./cases/keys.ts";
import { PARTS } from "./cases/parts.ts";
import { PASSED } from "./cases/passed.ts";
import { PURGED } from "./cases/purged.ts";
import { RANGES } from "./cases/ranges.ts";
import { REQUESTS } from "./cases/requests.ts";
import { STALE } from "./cases/stale.ts";
import { TAGS } from "./cases/tags.ts";
import { TARGETED } from "./cases/targeted.ts";
import { UNKEYED } from "./cases/unkeyed.ts";
import { UPLOADS } from "./cases/uploads.ts";
import { AUTHORIZATION, COOKIES } from "./cases/users.ts";
import { VARY } from "./cases/vary.ts";
import { WRITES } from "./cases/writes.ts";
import { playAll } from "./run-cases.ts";

/** Who may be served what another asked for, and what ends what they share. */
const KEYING = { vary: VARY, keys: KEYS, "unkeyed input": UNKEYED, purged: PURGED, crossings: CROSSINGS };

const STORING = {
  freshness: FRESHNESS,
  authorization: AUTHORIZATION,
  "set-cookie": COOKIES,
  "targeted control": TARGETED,
  "request directives": REQUESTS,
  "passed through": PASSED,
  "cache-status": CACHE_STATUS,
};

/** What is served without the whole of the origin's answer. */
const VALIDATING = { conditions: CONDITIONS, ranges: RANGES, parts: PARTS, stale: STALE };

/** What changes what is stored, and whether it arrives whole. */
const WRITING = { writes: WRITES, uploads: UPLOADS, content: BODIES, codings: CODINGS, tags: TAGS };

playAll({ ...KEYING, ...STORING, ...VALIDATING, ...WRITING });
