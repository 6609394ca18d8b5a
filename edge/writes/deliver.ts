// Brings one operation of the journal to the origin, and reads from its answer what is to become of it.

import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { greatestPosition, type Position } from "../../shared/core/position.ts";
import { retryAfter } from "../../shared/core/retry-after.ts";
import { groupNames } from "../../shared/core/storability.ts";
import { type Millis, millis } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Claimed, Delivery } from "../../shared/ports/journal.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import type { OriginWrite } from "../../shared/wire/told-writes.ts";
import { LIMITS } from "../config.ts";
import { discard } from "../content.ts";
import type { Edge } from "../edge.ts";
import { askOrigin } from "../origin/ask.ts";
import type { Shed } from "../origin/shed.ts";
import type { Route } from "../router.ts";

export type Sent =
  /** `asOf`: noted before it was first sent; null where nothing was known. */
  | {
      readonly kind: "taken";
      readonly write: OriginWrite;
      readonly route: Route;
      readonly asOf: Position | null;
    }
  /** `earlier`: the write, where a try before this one, or what it has taken the place of, may have been taken. */
  | { readonly kind: "refused"; readonly why: string; readonly earlier: OriginWrite | null }
  | Settled;

type Settled = Exclude<Delivery, { kind: "delivered" | "refused" }>;

/**
 * Each claim by which the origin has taken it is told for itself: what came back with an older copy was told of before. What
 * the log could not be told is told again, by the same name.
 */
const tellingOf = ({ id, takenBy }: Claimed): string => `${id}-${takenBy}`;

/** Never rejects. Ends before its claim does. */
export async function deliver(edge: Edge, operation: Claimed): Promise<Sent> {
  const { method, href, tries, maybeTaken } = operation;
  const route = edge.router.resolve(href, href);
  if (route === null || route.site.name !== operation.site)
    return later(edge, operation, {
      after: LIMITS.journalRetryMost,
      why: "no site serves its URL",
      ours: false,
    });
  const write = (headers: HeaderList): OriginWrite => ({
    ...{ operationId: tellingOf(operation), method, target: href },
    references: ["location", "content-location"].flatMap((name) => headerValue(headers, name) ?? []),
    groups: groupNames(headerValue(headers, "cache-group-invalidation")),
  });
  // What it was told then is not known any more, and neither is what else has happened since.
  if (operation.done) return { kind: "taken", write: write([]), route, asOf: null };
  const verdict = verdictOn(operation, await send(edge, operation, route), edge.clock.wall());
  switch (verdict.kind) {
    case "taken":
      return { kind: "taken", write: write(verdict.headers), route, asOf: asOfFirst(operation) };
    case "refused":
      return { ...verdict, earlier: tries > 1 || maybeTaken ? write([]) : null };
    case "again":
      return later(edge, operation, verdict);
  }
}

/**
 * Of the first try, not of this one: the origin may have taken that without saying so, and what has hit the key since then
 * has hit what it took. Before it the log was told of what was delivered before.
 */
const asOfFirst = ({ firstAskedAsOf: known, toldBefore }: Claimed): Position | null =>
  known === null || toldBefore === null ? known : greatestPosition(known, toldBefore);

async function send(edge: Edge, operation: Claimed, route: Route): Promise<OriginOutcome | Shed> {
  const { method, href, fence, body, request } = operation;
  const outcome = await askOrigin(edge, {
    ...{ route, kind: "pass", priority: "background", reason: "write", within: LIMITS.journalDelivery },
    request: {
      ...{ method, url: href },
      headers: [...operation.headers, ["idempotency-key", `"${request}"`], ["tidegate-fence", fence]],
      body: method === "DELETE" && body.length === 0 ? NO_BODY : { kind: "bytes", bytes: body },
    },
  });
  if (outcome.kind === "answer") discard(outcome.body);
  return outcome;
}

interface Again {
  readonly after: Millis;
  readonly why: string;
  /** The origin was not asked. */
  readonly ours: boolean;
}

function later(edge: Edge, { tries, triedFor }: Claimed, { after, why, ours }: Again): Settled {
  if (!ours && triedFor >= LIMITS.journalTriedFor) return { kind: "dead", why };
  return { kind: ours ? "held" : "retry", after: pauseAfter(edge, tries, after), why };
}

type Verdict =
  | { readonly kind: "taken"; readonly headers: HeaderList }
  | ({ readonly kind: "again" } & Again)
  | { readonly kind: "refused"; readonly why: string };

const GONE = new Set([404, 410]);
/** Answers that say nothing of the operation itself, and everything of the moment (RFC 9110 §15.5, draft Idempotency-Key §2.6). */
const PASSING = new Set([408, 409, 421, 425, 429]);

function verdictOn({ kind }: Claimed, outcome: OriginOutcome | Shed, nowMs: number): Verdict {
  switch (outcome.kind) {
    case "shed":
      return { kind: "again", after: outcome.retryAfter, why: `held back: ${outcome.reason}`, ours: true };
    case "unreachable":
      return { kind: "again", after: millis(0), why: `origin ${outcome.reason}`, ours: false };
    case "answer": {
      const { status, headers } = outcome;
      if (status >= 200 && status < 300) return { kind: "taken", headers };
      const why = `status ${status}`;
      // It has been elsewhere that the origin took it; and what is not there need not be deleted.
      if (status === 303 || (kind === "delete" && GONE.has(status))) return { kind: "taken", headers };
      if (status >= 500 || PASSING.has(status))
        return { kind: "again", after: retryAfter(headers, nowMs) ?? millis(0), why, ours: false };
      return { kind: "refused", why };
    }
  }
}

/** Twice as long each time, up to a limit, and never all at one instant. */
function pauseAfter(edge: Edge, tries: number, atLeast: Millis): Millis {
  const { journalRetry: first, journalRetryMost: most } = LIMITS;
  const doubled = Math.min(most, first * 2 ** Math.min(20, tries - 1));
  return millis(Math.max(Math.min(atLeast, most), doubled * (0.5 + edge.random.unit() / 2)));
}
