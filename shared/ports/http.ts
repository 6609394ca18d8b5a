// HTTP calls inside the cluster: a deadline on each, failure as a value.

import type { Millis } from "../core/units.ts";

/** Never rejects, never follows a redirect. */
export interface HttpCalls {
  send(request: HttpRequest, deadline: Millis): Promise<HttpOutcome>;
}

export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

export type HttpOutcome =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly text: string;
      /** Null where it has no such field. */
      readonly header: (name: string) => string | null;
    }
  | { readonly kind: "unreachable"; readonly reason: "refused" | "timeout" | "too-large" };
