// Requests as they happen: what edges show of them, for as long as the caller listens.

import { queryOf } from "./ask.ts";
import type { Routes } from "./routes.ts";
import type { DroppedRequests, TailRequest } from "./schemas.ts";
import type { CallOptions, Connection } from "./send.ts";
import { isPassing, pauseBetween, streamed } from "./stream.ts";
import type { TidegateError } from "./tidegate-error.ts";

export type TailQuery = Routes["GET /tail"]["query"];

export type TailEvent =
  | { readonly kind: "request"; readonly request: TailRequest }
  /** What was let through by the filter, and is not shown. */
  | { readonly kind: "dropped"; readonly dropped: DroppedRequests }
  /** The stream has broken off, and is begun anew: what happens meanwhile is not shown. */
  | { readonly kind: "interrupted"; readonly error: TidegateError | null };

/** Throws where it can't begin; later it begins anew by itself. Ends only by the caller's leaving or his signal. */
export async function* tailEvents(
  connection: Connection,
  query: TailQuery,
  options: Pick<CallOptions, "signal"> = {},
): AsyncGenerator<TailEvent> {
  let begun = false;
  for (;;) {
    let error: TidegateError | null = null;
    try {
      for await (const { event, data } of streamed(connection, `/tail${queryOf(query)}`, options)) {
        begun = true;
        if (event === "request") yield { kind: "request", request: data as TailRequest };
        if (event === "dropped") yield { kind: "dropped", dropped: data as DroppedRequests };
      }
      begun = true;
    } catch (caught) {
      if (!begun || !isPassing(caught)) throw caught;
      error = caught as TidegateError;
    }
    yield { kind: "interrupted", error };
    await pauseBetween(connection, options);
  }
}
