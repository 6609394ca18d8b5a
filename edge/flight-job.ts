// What one request wants of a flight.

import type { Admission } from "../shared/core/admission.ts";
import type { RequestDirectives } from "../shared/core/request-directives.ts";
import type { Instant } from "../shared/core/units.ts";
import type { Priority } from "../shared/core/waiting-line.ts";
import type { Flight } from "./coalesce.ts";
import type { Candidate } from "./judge.ts";
import type { EdgeRequest } from "./request.ts";
import type { Route } from "./router.ts";

export interface FlightJob {
  readonly route: Route;
  readonly request: EdgeRequest;
  readonly arrivedAt: Instant;
  /** What a client who waits is owed: nothing that is invalidated later. Null where nobody waits, or no view is young enough. */
  readonly admittedBy: Admission | null;
  /** A stored answer that is not good enough as it is, but may serve as validator. */
  readonly candidate: Candidate | null;
  /** Whether a stale answer in its window is good enough: not for a refresh, whose very aim is a newer one. */
  readonly takesStale: boolean;
  /** A flight that has already brought this request nothing that it could use. */
  readonly not: Flight | null;
  /** What the client asks of a stored answer beyond what everybody does. */
  readonly wants: RequestDirectives;
  /**
   * How it comes by the right to ask the origin: waits for the lease, takes it only where it is free (somebody's
   * credentials: nobody else may be served by them before the answer says so), or goes without.
   */
  readonly lease: "wait" | "try" | "none";
  /** The `Range` to ask the origin for instead of the whole answer. */
  readonly range: string | null;
}

/** What a job has in common that nobody waits for: it wants nothing that is stale, and is owed nothing. */
export const FOR_NOBODY = { takesStale: false, admittedBy: null, not: null } as const;

/** A refresh and a warm-up have nobody who waits for them. */
export const priorityOf = ({ request, takesStale }: FlightJob): Priority =>
  takesStale && request.purpose === "client" ? "user" : "background";
