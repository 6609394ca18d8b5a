// What an edge says of a write that is the journal's: that it has it, or why not.

import { isWriteRefusal } from "../../shared/mid-tier/script.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { JournalAccepted } from "../../shared/ports/journal.ts";
import { problemReply } from "../reply.ts";
import type { Reply } from "../request.ts";
import type { Route } from "../router.ts";

export function acknowledged(route: Route, { id, etag }: JournalAccepted & { kind: "accepted" }): Reply {
  return {
    status: route.rules.journal.status,
    headers: [
      ["tidegate-journal", id],
      ["etag", etag],
      ["cache-control", "no-store"],
    ],
    body: NO_BODY,
    age: null,
    cacheStatus: "tidegate-l2; fwd=method; stored; detail=journal, tidegate-l1; fwd=method",
    memory: null,
  };
}

export const unreachable = (): Reply =>
  problemReply({
    status: 503,
    code: "journal-unreachable",
    title: "Service Unavailable",
    detail:
      "The journal that this URL's newest value may be in can't be reached; what the origin has may be older.",
    retryAfter: 1,
  });

/** One that the origin refuses waits until it is given up, or somebody drops it (`tidegate journal`). */
export const stillWaits = (): Reply =>
  problemReply({
    status: 503,
    code: "write-waits",
    title: "Service Unavailable",
    detail: "An earlier write of this URL has not reached the origin yet, and nothing may overtake it.",
    retryAfter: 5,
  });

export const tooLarge = (): Reply =>
  problemReply({
    status: 413,
    code: "too-large-to-journal",
    title: "Content Too Large",
    detail: "The content has no announced length, and is larger than what this URL's class may keep.",
  });

export function refusalReply(
  outcome: Exclude<JournalAccepted, { kind: "accepted" | "unknown" | "through" }>,
): Reply {
  switch (outcome.kind) {
    case "failed": {
      const reply = problemReply({
        status: 412,
        code: "precondition-failed",
        title: "Precondition Failed",
        detail: "The value that was last written is another one than the request's condition names.",
      });
      return outcome.etag === null
        ? reply
        : { ...reply, headers: [...reply.headers, ["etag", outcome.etag]] };
    }
    case "conflict":
      return problemReply({
        status: 422,
        code: "idempotency-conflict",
        title: "Unprocessable Content",
        detail: "Another request for this URL had the same Idempotency-Key.",
      });
    case "full":
      return problemReply({
        status: 503,
        code: "journal-full",
        title: "Service Unavailable",
        detail: "Too many writes wait for the origin already.",
        retryAfter: 1,
      });
    case "unavailable":
      return problemReply({
        status: 503,
        code: "journal-unreachable",
        title: "Service Unavailable",
        detail: isWriteRefusal(outcome.reason)
          ? "The journal takes no writes at the moment: it has not taken this one."
          : "The journal can't be reached: whether it has taken the write is not known.",
        retryAfter: 1,
      });
  }
}
