// A request and a reply as the edge's logic sees them: plain data and ports, no runtime's objects.

import type { Changed, HeaderList } from "../shared/core/headers.ts";
import type { Instant } from "../shared/core/units.ts";
import type { Body } from "../shared/ports/body.ts";
import type { Background } from "../shared/ports/clock.ts";
import type { Shed } from "./origin/shed.ts";
import type { Shown } from "./shown.ts";
import type { MemoryAnswer } from "./tiers/memory.ts";

export interface EdgeRequest {
  readonly method: string;
  /** As the runtime parsed it. */
  readonly url: string;
  header(name: string): string | null;
  headers(): HeaderList;
  readonly body: Body;
  /** Whether somebody waits for the answer, or only the caches shall have it: all of them, just the mid-tier, or after a write. */
  readonly purpose: "client" | "warm-up" | "refill" | "write-through";
  readonly arrivedAt: Instant;
  readonly background: Background;
}

/** Methods that are registered as safe (RFC 9110 §9.2.1, §16.1.1): they invalidate nothing. */
export const SAFE: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "OPTIONS", "TRACE"],
  // Reads that say in their content what they ask for.
  ...["PROPFIND", "REPORT", "SEARCH", "QUERY"],
]);

export interface Reply {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Body;
  /** Seconds for `Age`; null where the answer brings its own or has none. */
  readonly age: number | null;
  readonly cacheStatus: string;
  /** Where the answer is a memory hit: the entry, so that a runtime can reuse what it prepared for it. */
  readonly memory: MemoryAnswer | null;
  /** Where its headers are those of what the runtime itself has of the answer, but for a change. */
  readonly passed?: Changed | null;
  /** Why the origin was not asked, where it was not and should have been. */
  readonly shed?: Shed["reason"];
  /** Where others get the same headers: for a runtime to keep what it makes of them. */
  readonly shown?: Shown | null;
}
