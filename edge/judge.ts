// Judges an answer from any tier for one request, asking the log about what the view doesn't reach back to.

import { type Admission, isGoodFor } from "../shared/core/admission.ts";
import type { Freshness } from "../shared/core/freshness.ts";
import { type Coherence, coherenceOf, knownAge, type LogView, positionOf } from "../shared/core/log-view.ts";
import { type Found, nextStep, type Step } from "../shared/core/next-step.ts";
import { searchVariance } from "../shared/core/no-vary-search.ts";
import { greatestPosition, leastPosition } from "../shared/core/position.ts";
import { type RequestDirectives, satisfies } from "../shared/core/request-directives.ts";
import type { Rules } from "../shared/core/rules.ts";
import { allSelectors } from "../shared/core/selector.ts";
import { hasValidator } from "../shared/core/storability.ts";
import { ageOf, freshnessOf, type HeldAnswer, type StoredAnswer } from "../shared/core/stored-answer.ts";
import { earlier, elapsed, type Instant, millis, type Selector } from "../shared/core/units.ts";
import { type Body, NO_BODY, type PlainBody } from "../shared/ports/body.ts";
import type { Background } from "../shared/ports/clock.ts";
import type { ByView } from "./audit/sampler.ts";
import { type Checked, checkTogether } from "./check-together.ts";
import type { TierName } from "./counters.ts";
import type { Edge } from "./edge.ts";
import type { EdgeRequest } from "./request.ts";
import type { Route } from "./router.ts";

/** An answer in hand, and the verdict on it. */
export interface Judged {
  readonly held: HeldAnswer;
  readonly body: Body;
  readonly coherence: Coherence;
  readonly freshness: Freshness;
  readonly step: Step;
  readonly tier: TierName;
  readonly by: ByView;
}

/** What of a verdict serving and revalidating need; `by` is null where no view was asked. */
export interface Served extends Pick<Judged, "held" | "body" | "step" | "tier"> {
  readonly by: ByView | null;
}

/**
 * Not good enough as it is, and to be kept until the origin has answered: by another request too, so without a stream. A
 * body that was one is opened anew by whoever sends it.
 */
export type Candidate = Served & { readonly body: PlainBody };

export const asCandidate = (served: Served): Candidate => ({
  ...served,
  body: served.body.kind === "source" ? NO_BODY : served.body,
});

export interface JudgeInput {
  readonly held: HeldAnswer;
  readonly body: Body;
  readonly rules: Rules;
  /** By which the route says, now, that it can be hit: class and tags may have changed since it was stored. */
  readonly selectors: readonly Selector[];
  /** It stands for other URLs too, which other invalidations hit: what is found for one is not noted for all. */
  readonly forSeveralUrls: boolean;
  readonly arrivedAt: Instant;
  readonly tier: TierName;
  /** By which view the request was let beyond this data centre; null where it is judged by what is known now alone. */
  readonly admittedBy: Admission | null;
  /** From when on it is renewed ahead; null where it is not held so that it would be. */
  readonly renewFrom: Instant | null;
  /** Whether the route still is what the configuration in force makes of the request. */
  readonly stands: () => boolean;
  /** Of the request: what it asks, others may wait for. */
  readonly background: Background;
}

/** An answer says so itself, to isolates too that have not learnt it from the origin. */
export const standsForSeveral = ({ headers }: StoredAnswer, { variance }: Pick<Route, "variance">): boolean =>
  variance !== null || searchVariance(headers) !== null;

/** What a request's route says of an answer found for it. */
export const inputFor = (
  edge: Edge,
  { route, request }: { readonly route: Route; readonly request: EdgeRequest },
  {
    held,
    body,
    tier,
    renewFrom = null,
  }: Pick<JudgeInput, "held" | "body" | "tier"> & Partial<Pick<JudgeInput, "renewFrom">>,
  arrivedAt = request.arrivedAt,
): JudgeInput => ({
  held,
  body,
  tier,
  renewFrom,
  admittedBy: null,
  rules: route.rules,
  selectors: route.selectors,
  forSeveralUrls: standsForSeveral(held.answer, route),
  arrivedAt,
  stands: () => edge.router.stands(route, request),
  background: request.background,
});

/** The verdict as far as the view reaches. */
export function judgeByView(view: LogView, input: JudgeInput, now: Instant): Judged {
  const { held, admittedBy } = input;
  // What was learnt while a tier was read may have brought a tag along, and what was purged by it.
  if (!input.stands()) return verdict(view, input, { coherence: { kind: "hard" }, now });
  if (isGoodFor(admittedBy, held.verifiedTo, view))
    return verdict(view, input, { coherence: { kind: "current" }, now, by: admittedBy });
  return verdict(view, input, { coherence: coherenceOf(view, held.verifiedTo, selectorsFor(input)), now });
}

const selectorsFor = ({ held, selectors }: JudgeInput): readonly Selector[] =>
  allSelectors(held.answer.selectors, selectors);

function verdict(
  view: LogView,
  input: JudgeInput,
  known: { readonly coherence: Coherence; readonly now: Instant; readonly by?: ByView | null },
): Judged {
  const { held, rules, arrivedAt } = input;
  const { coherence, now } = known;
  const softSince = coherence.kind === "soft" ? coherence.since : null;
  const freshness = freshnessOf(held, rules, { now, softSince });
  const found: Found = {
    kind: "answer",
    coherence,
    freshness,
    hasValidator: hasValidator(held.answer.headers),
    renewalDue: input.renewFrom !== null && now >= input.renewFrom,
    madeWithinWindow: held.sentAt !== null && elapsed(held.sentAt, arrivedAt) <= rules.window,
  };
  const by = known.by ?? { position: positionOf(view), knownAge: knownAge(view, arrivedAt) };
  const step = nextStep({ found, knownAge: by.knownAge, window: rules.window, fence: rules.fence });
  return { held, body: input.body, coherence, freshness, step, tier: input.tier, by };
}

/**
 * The answer with what its verdict has shown of it: an isolate that has begun since knows nothing from before then, and
 * would have to ask the log about what is older.
 */
export const asVerified = <Held extends Pick<HeldAnswer, "verifiedTo">>({
  held,
  coherence,
  by,
}: Pick<Judged, "coherence" | "by"> & { readonly held: Held }): Held =>
  coherence.kind === "current"
    ? { ...held, verifiedTo: greatestPosition(held.verifiedTo, by.position) }
    : held;

/** Whether a client who wants that may be served it. */
export function isUsable(
  { wants, takesStale }: { readonly wants: RequestDirectives; readonly takesStale: boolean },
  { step, held, freshness }: Judged,
  now: Instant,
): boolean {
  const remaining = freshness.kind === "fresh" ? freshness.remaining : millis(0);
  if (!satisfies(wants, { age: ageOf(held, now), remaining })) return false;
  return step.kind === "serve" || (step.kind === "serve-and-refresh" && takesStale);
}

/** The same by the view that is current; null where there is none. */
export function judgeNow(edge: Edge, input: JudgeInput): Judged | null {
  const view = edge.view.current();
  return view === null ? null : judgeByView(view, input, edge.clock.now());
}

/**
 * The full verdict: where the view doesn't reach back far enough, the log's full index is asked, once for all who would ask
 * the same meanwhile. Each judges what it says for himself, by the view that is current then.
 */
export async function judge(
  edge: Edge,
  input: JudgeInput,
  recordVerified: ((held: HeldAnswer) => void) | null,
): Promise<Judged | null> {
  const view = edge.view.current();
  if (view === null) return null;
  const first = judgeByView(view, input, edge.clock.now());
  if (first.step.kind !== "check") return first;
  const askedFrom = first.by.position;
  const checked = await checkTogether(edge, {
    ...{ id: input.held.answer.id, selectors: selectorsFor(input), verifiedTo: input.held.verifiedTo },
    ...{ floor: view.floor, background: input.background },
  });
  const { outcome, askedAt } = checked;
  const now = edge.clock.now();
  const current = edge.view.current();
  if (current === null) return null;
  switch (outcome.kind) {
    case "ok": {
      // Up to where the log was asked, and no further than the configuration reached that named the selectors.
      const held = { ...input.held, verifiedTo: leastPosition(outcome.position, askedFrom) };
      if (!input.forSeveralUrls && recordVerified !== null && isFirstOf(checked, input.tier))
        recordVerified(held);
      const again = judgeByView(current, { ...input, held }, now);
      if (again.step.kind === "check") return null;
      return input.forSeveralUrls ? { ...again, held: input.held } : again;
    }
    case "soft": {
      // In between something may have hit it of which neither knows.
      if (outcome.position.epoch === current.epoch && outcome.position.seq < current.floor) return null;
      const { coherence: byView } = judgeByView(current, input, now);
      const worse = byView.kind === "hard" || byView.kind === "other-epoch";
      const coherence: Coherence = worse ? byView : { kind: "soft", since: earlier(askedAt, outcome.age) };
      return verdict(current, input, { coherence, now });
    }
    case "hit":
    case "unknown":
    case "unavailable":
      // What can't be shown to be good is neither served nor used as a validator.
      return verdict(current, input, { coherence: { kind: "hard" }, now });
  }
}

/** One note a tier is enough for all who are handed the outcome. */
function isFirstOf({ notedIn }: Checked, tier: TierName): boolean {
  if (notedIn.has(tier)) return false;
  notedIn.add(tier);
  return true;
}
