// The user's server, and everything that can go wrong on the way to it.

import type { Changed, HeaderList } from "../core/headers.ts";
import type { SiteOrigin } from "../core/site-origin.ts";
import type { Millis } from "../core/units.ts";
import type { Body } from "./body.ts";

export interface OriginRequest {
  readonly method: string;
  /** Exactly the URL from which the cache key was made. */
  readonly url: string;
  /** Who is to answer. */
  readonly origin: Exclude<SiteOrigin, "none">;
  readonly headers: HeaderList;
  /** The same as those of a request that arrived, but for a change. */
  readonly passed?: Changed | null;
  readonly body: Body;
  /** Until the answer's headers are here. */
  readonly deadline: Millis;
}

export type OriginOutcome =
  /** The body in the octets that were sent, in whatever content coding. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: HeaderList;
      readonly body: Body;
      /** What the runtime itself has of it, where it has it so. */
      readonly native?: object | null;
    }
  | {
      readonly kind: "unreachable";
      readonly reason: Unreachable;
      readonly detail: string;
    };

/** `nowhere`: the site has no origin. */
export type Unreachable = "refused" | "timeout" | "broken" | "nowhere";

/** Never rejects. */
export interface Origin {
  fetch(request: OriginRequest): Promise<OriginOutcome>;
}
