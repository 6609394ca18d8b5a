// What clients see of an answer's headers: made once for all who are given it, a crowd that waited for it above all.

import type { HeaderList } from "../shared/core/headers.ts";
import type { Rules } from "../shared/core/rules.ts";

export interface Shown {
  readonly headers: HeaderList;
  /** The `Cache-Status` of caches nearer to the origin, to stand before ours. */
  readonly upstream: string;
  /** The rules by which it was made. */
  readonly rules: Rules;
  /** What a runtime made of it once. */
  prepared: unknown;
}
