// Lets the auditor see a read of a stored answer; a few of them are compared with the origin, behind the client's back.

import { sameByValidators } from "../../shared/core/conditional.ts";
import { headerValue } from "../../shared/core/headers.ts";
import { coherenceOf } from "../../shared/core/log-view.ts";
import { allSelectors } from "../../shared/core/selector.ts";
import { canBeValidated } from "../../shared/core/storability.ts";
import type { Body } from "../../shared/ports/body.ts";
import { LIMITS } from "../config.ts";
import { discard } from "../content.ts";
import type { Edge } from "../edge.ts";
import { type Asked, askForAll } from "../origin/ask.ts";
import { sharedRequestHeaders } from "../origin-request.ts";
import type { EdgeRequest } from "../request.ts";
import type { Route } from "../router.ts";
import { readWhole, sourceOf } from "../share-body.ts";
import type { Comparison } from "./origin-checks.ts";
import type { StoredRead } from "./sampler.ts";

export interface Seen extends Omit<StoredRead, "rules" | "inForce" | "arrivedAt"> {
  readonly route: Route;
  readonly body: Body;
}

/** A read from anywhere else than memory, of which every one is looked at. */
export function auditRead(edge: Edge, request: EdgeRequest, seen: Seen): void {
  if (request.purpose !== "client") return;
  const read = readOf(request, seen);
  if (edge.sampler.see(read) === "random") compareIfDue(edge, request, { seen, read });
}

/** A hit in memory that is due. */
export function auditDue(edge: Edge, request: EdgeRequest, seen: Seen): void {
  if (request.purpose !== "client") return;
  const read = readOf(request, seen);
  if (edge.sampler.take(read) === "random") compareIfDue(edge, request, { seen, read });
}

const readOf = ({ arrivedAt }: EdgeRequest, { route, held, tier, result, by }: Seen): StoredRead => ({
  held,
  tier,
  result,
  by,
  arrivedAt,
  rules: route.rules,
  inForce: route.selectors,
});

type Compared = { readonly seen: Seen; readonly read: StoredRead };

function compareIfDue(edge: Edge, request: EdgeRequest, compared: Compared): void {
  const of = {
    site: compared.seen.route.site.name,
    errors: compared.seen.route.counters.tiers.origin.errors,
  };
  if (edge.originChecks.isDue(compared.read, request, of))
    request.background.keep(compareWithOrigin(edge, request, compared.seen));
}

/** Nothing of it is stored or sent to anybody. */
async function compareWithOrigin(edge: Edge, request: EdgeRequest, seen: Seen): Promise<void> {
  const { route, held } = seen;
  const { answer } = held;
  const asking = canBeValidated(answer) ? ({ kind: "validate", answer } as const) : WHOLE;
  const headers = sharedRequestHeaders({ request, route }, asking);
  const outcome = await askForAll(edge, route, {
    headers,
    kind: "fill",
    priority: "background",
    reason: "audit",
  });
  const comparison = await compared(seen, outcome);
  if (outcome.kind !== "answer" || outcome.status >= 500)
    edge.originChecks.rest(route.site.name, edge.clock.now());
  // What was invalidated meanwhile may well differ.
  const view = edge.view.current();
  const selectors = allSelectors(answer.selectors, route.selectors);
  const stands =
    view !== null &&
    edge.router.stands(route, request) &&
    coherenceOf(view, held.verifiedTo, selectors).kind === "current";
  edge.originChecks.count(route.rules.name, stands ? comparison : "unknown");
}

const WHOLE = { kind: "whole" } as const;

async function compared({ held, body }: Seen, outcome: Asked): Promise<Comparison> {
  if (outcome.kind !== "answer") return "unknown";
  const { answer } = held;
  const { headers, status } = outcome;
  const byBody = status === answer.status && !canBeValidated(answer) && body.kind === "bytes";
  if (byBody && sameField("content-encoding", headers, answer.headers)) {
    const bytes = await readWhole(sourceOf(outcome.body), LIMITS.auditOriginBody);
    return bytes === null ? "unknown" : sameBytes(bytes, body.bytes) ? "same" : "differs";
  }
  discard(outcome.body);
  const same = sameByValidators(headers, answer.headers);
  if (status === 304) return same === false ? "differs" : "same";
  if (status !== answer.status) return status >= 500 ? "unknown" : "differs";
  return same === null ? "unknown" : same ? "same" : "differs";
}

type Headers = Parameters<typeof headerValue>[0];

const sameField = (name: string, a: Headers, b: Headers): boolean =>
  headerValue(a, name) === headerValue(b, name);

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((octet, index) => octet === b[index]);
