// What the judges share: the history, what it tells of one resource, and the list of what was found.

import { LIMITS } from "../../../edge/config.ts";
import type { Position } from "../../../shared/core/position.ts";
import { policyField } from "../../../shared/wire/configuration.ts";
import type { Exchange, Generation, History, Invalidation, ViewAt, Violation } from "../history.ts";
import type { Plan } from "../plan/plan.ts";
import type { PolicyPlan, Resource } from "../plan/resources.ts";
import { SITE } from "../plan/work.ts";
import { UNGOVERNED } from "../small-limits.ts";
import { hits } from "./matching.ts";

/** Processing takes no virtual time, and instants are whole milliseconds: rounding is all that is left. */
export const EPSILON = 1;

/** What a class's `serve-stale` fence adds to its window, in milliseconds. */
const CAPS: Record<PolicyPlan["class"], number> = { hot: 5000, standard: 30_000, session: 0 };

/** A failure's marker lives for a second and takes its time to get to Redis. */
const MARKED = 2000;

/** An origin that goes on failing is left alone in turns: so far back lie the failures that began it, at most. */
const FAILING = 10_000;

export class Scene {
  readonly plan: Plan;
  readonly history: History;
  readonly found: Violation[] = [];
  private readonly resources: ReadonlyMap<string, Resource>;

  constructor(plan: Plan, history: History) {
    this.plan = plan;
    this.history = history;
    this.resources = new Map(plan.resources.map((resource) => [resource.path, resource]));
  }

  report(invariant: string, exchange: Exchange, text: string): void {
    const at = "at" in exchange.outcome ? exchange.outcome.at : exchange.arrivedAt;
    const { number, edge, method, path, variant, arrivedAt } = exchange;
    const who = `#${number} ${method} ${path} ${variant} at ${edge}, arrived ${arrivedAt}`;
    this.found.push({ invariant, at, text: `${who}: ${text}` });
  }

  resource(path: string): Resource {
    const resource = this.resources.get(path);
    if (resource === undefined) throw new Error(`no such resource: ${path}`);
    return resource;
  }

  /** Δ, and the cap where the fence serves stale; for a view whose log has lost the policy, what holds without one. */
  boundOf(path: string, view: ViewAt | null): number {
    const { id, window, fence, class: name } = this.resource(path).governedBy;
    const position = { epoch: view?.epoch ?? 0, seq: view?.cursor ?? 0 };
    if (view !== null && !this.history.configuration.knownAt(position, policyField(SITE, id)))
      return UNGOVERNED;
    return window + (fence === "serve-stale" ? CAPS[name] : 0);
  }

  /** Whether an invalidation names what the origin gave, for somebody with this view or for one who knows all. */
  hits(one: Invalidation, { path, tags }: Pick<Generation, "path" | "tags">, view?: ViewAt | null): boolean {
    const { governedBy } = this.resource(path);
    const subject = {
      path,
      class: governedBy.class,
      tags: [...tags, ...this.policyTags(governedBy, { one, view })],
      orderless: view === undefined || this.isOrderless(governedBy, view),
    };
    return one.selectors.some((selector) => hits(selector, subject));
  }

  /** Whether whoever has the view takes a query in another order for the same URL: else it can't know what else names it. */
  private isOrderless(policy: PolicyPlan, view: ViewAt | null): boolean {
    const known = this.history.orderings.filter(
      ({ policyId, position }) => policyId === policy.id && includes(inOrder(view), position),
    );
    return known.at(-1)?.orderless ?? false;
  }

  /** Tags that the policy gave its resources at the time of the invalidation, whenever their answers were stored. */
  private policyTags(
    policy: PolicyPlan,
    { one, view }: { one: Invalidation; view: ViewAt | null | undefined },
  ): string[] {
    return this.history.policyTags.flatMap(({ policyId, tag, position, takenAt }) => {
      if (policyId !== policy.id || one.position === null) return [];
      const given = isBefore(position, one.position) && (takenAt === null || isBefore(one.position, takenAt));
      return given && (view === undefined || includes(inOrder(view), position)) ? [tag] : [];
    });
  }

  /**
   * Redis has broken its promise that what is acknowledged stays, and the edge that answered did not know of a new epoch
   * yet: until then an edge can't tell what it was never told.
   */
  isLawless({ viewAtArrival, outcome, arrivedAt }: Exchange): boolean {
    const answeredAt = "at" in outcome ? outcome.at : arrivedAt;
    return this.history.losses.some(
      ({ at, highest }) => at <= answeredAt && (viewAtArrival?.epoch ?? 0) <= highest,
    );
  }

  /**
   * The edge's wall clock leapt while the request waited: what a peer then says of the time before the leap is dated as
   * if the leap had passed, and looks younger at the arrival than it is.
   */
  leapt({ edge, arrivedAt, outcome }: Exchange): boolean {
    const until = "at" in outcome ? outcome.at : arrivedAt;
    return this.history.leaps.some((leap) => leap.edge === edge && leap.at >= arrivedAt && leap.at <= until);
  }

  /** Whether the origin failed this edge for the resource between arrival and answer. */
  originFailed(exchange: Exchange, until: number): boolean {
    return this.history.originCalls.some(
      ({ edge, path, failedAt }) =>
        edge === exchange.edge &&
        path === exchange.path &&
        failedAt !== null &&
        // Whoever joins a fetch that asks for a second try is told of the first.
        failedAt >= exchange.arrivedAt - LIMITS.takeDeadline &&
        failedAt <= until,
    );
  }

  /** Whether the edge had a reason to turn a request away: a budget, or an origin that failed it again and again. */
  mayShed({ edge, arrivedAt }: Exchange, until: number): boolean {
    if (this.plan.budget !== null) return true;
    const lately = this.history.originCalls.filter(
      ({ edge: by, failedAt }) =>
        by === edge && failedAt !== null && failedAt >= arrivedAt - FAILING && failedAt <= until,
    );
    return lately.length >= LIMITS.originBreaker.failures;
  }

  /** Whether some edge saw the origin fail so lately that a marker in Redis may still have told another. */
  failedLately(path: string, at: number, until: number): boolean {
    return this.history.originCalls.some(
      (call) =>
        call.path === path &&
        call.failedAt !== null &&
        call.failedAt >= at - MARKED &&
        call.failedAt <= until,
    );
  }

  /** When the origin was last asked for this content, or confirmed it. */
  lastAskedAt(generation: Generation, before: number): number {
    let last = generation.askedAt;
    for (const { path, variant, etag, askedAt } of this.history.confirmations) {
      const same = path === generation.path && variant === generation.variant && etag === generation.etag;
      if (same && askedAt > last && askedAt <= before) last = askedAt;
    }
    return last;
  }
}

/** Configuration counts only in the order of the log: beyond a gap it does not. */
const inOrder = (view: ViewAt | null): ViewAt | null => view && { ...view, beyondGap: [] };

const isBefore = (a: Position, b: Position): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.seq < b.seq);

/** A later epoch includes all that came before it: nothing older is taken for good any more. */
export function includes(view: ViewAt | null, { epoch, seq }: Position): boolean {
  if (view === null || view.epoch < epoch) return false;
  return view.epoch > epoch || view.cursor >= seq || view.beyondGap.includes(seq);
}
