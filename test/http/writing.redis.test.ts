// What changes what is stored, and whether it arrives whole: unsafe methods, content, codings, tags.

import { BODIES } from "./cases/bodies.ts";
import { CODINGS } from "./cases/coded.ts";
import { TAGS } from "./cases/tags.ts";
import { WRITES } from "./cases/writes.ts";
import { playAll } from "./run-cases.ts";

playAll({ writes: WRITES, content: BODIES, codings: CODINGS, tags: TAGS });
