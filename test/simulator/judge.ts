// Judges a history against the invariants, from what happened and never from what the system says of itself.

import type { Position } from "../../shared/core/position.ts";
import { SITE } from "./control-plane.ts";
import type { Exchange, ExchangeOutcome, Generation, History, ViewAt, Violation } from "./history.ts";
import { hits } from "./matching.ts";
import type { Plan, PolicyPlan, Resource } from "./plan.ts";
import { CONVERGED } from "./plan.ts";

/** Processing takes no virtual time, and instants are whole milliseconds: rounding is all that is left. */
const EPSILON = 1;

/** How late the entry of a soft invalidation may be dated: the slowest reply of the log that still counts. */
const SOFT_DATING = 2000;

/** What a class's `serve-stale` fence adds to its window, in milliseconds. */
const CAPS: Record<PolicyPlan["class"], number> = { hot: 5000, standard: 30_000, session: 0 };

type Answered = ExchangeOutcome & { kind: "answered" };

export function judge(plan: Plan, history: History): Violation[] {
  const judges = new Judge(plan, history);
  return [...history.violations, ...judges.all()].sort((a, b) => a.at - b.at);
}

class Judge {
  private readonly plan: Plan;
  private readonly history: History;
  private readonly resources: ReadonlyMap<string, Resource>;
  private readonly found: Violation[] = [];

  constructor(plan: Plan, history: History) {
    this.plan = plan;
    this.history = history;
    this.resources = new Map(plan.resources.map((resource) => [resource.path, resource]));
  }

  all(): Violation[] {
    for (const exchange of this.history.exchanges) this.exchange(exchange);
    if (this.plan.profile === "quiet") this.oneFetch();
    this.named();
    this.forward();
    this.converged();
    return this.found;
  }

  private report(invariant: string, exchange: Exchange, text: string): void {
    const at = "at" in exchange.outcome ? exchange.outcome.at : exchange.arrivedAt;
    const { number, edge, method, path, variant, arrivedAt } = exchange;
    const who = `#${number} ${method} ${path} ${variant} at ${edge}, arrived ${arrivedAt}`;
    this.found.push({ invariant, at, text: `${who}: ${text}` });
  }

  private exchange(exchange: Exchange): void {
    const { outcome } = exchange;
    switch (outcome.kind) {
      case "under-way":
        return this.report("6 every request ends", exchange, "never ended");
      case "answered":
        return this.answered(exchange, outcome);
      case "broken":
        if (!this.originFailed(exchange, outcome.at))
          this.report("5 failure is not an answer", exchange, "broke off, and not because the origin did");
        return;
      case "lost":
      case "left":
        return;
    }
  }

  private answered(exchange: Exchange, outcome: Answered): void {
    if (exchange.method === "POST" && outcome.status < 300) return;
    if (outcome.body === null) return this.bodiless(exchange, outcome);
    const id = Number(/^\d{3} (\d+) /.exec(outcome.body)?.[1]);
    const generation = this.history.generations.get(id);
    if (generation === undefined) return this.ownAnswer(exchange, outcome);
    if (generation.body !== outcome.body || generation.status !== outcome.status)
      return this.report("5 failure is not an answer", exchange, `not what the origin said: ${outcome.body}`);
    if (generation.path !== exchange.path || (generation.variant ?? exchange.variant) !== exchange.variant)
      return this.report("8 no crossing", exchange, `answered with ${generation.body}`);
    // An origin's failure is shared with those who wait for it, and kept by nobody.
    if (generation.status >= 500) return;
    this.bounded(exchange, { ...generation, askedAt: this.lastAskedAt(generation, outcome.at) });
    this.resurrected(exchange, generation);
    this.lived(exchange, outcome, generation);
  }

  /** An answer that no origin gave: only where the origin failed, or where the class would rather refuse. */
  private ownAnswer(exchange: Exchange, outcome: Answered): void {
    const { status } = outcome;
    const refuses = this.resources.get(exchange.path)?.governedBy.fence === "refuse";
    const unnamed = exchange.method === "POST" && exchange.viewAtArrival === null;
    if (status === 503 && (refuses || unnamed) && this.plan.profile !== "quiet") return;
    if ((status === 502 || status === 504) && this.originFailed(exchange, outcome.at)) return;
    const text = `${status} that the origin did not give: ${outcome.body}`;
    this.report("5 failure is not an answer", exchange, text);
  }

  /** Whether the origin failed this edge for the resource between arrival and answer. */
  private originFailed(exchange: Exchange, until: number): boolean {
    return this.history.originCalls.some(
      ({ edge, path, failedAt }) =>
        edge === exchange.edge &&
        path === exchange.path &&
        failedAt !== null &&
        failedAt >= exchange.arrivedAt &&
        failedAt <= until,
    );
  }

  /** 304 and HEAD: the validator says which version is meant, and the newest asking for it counts. */
  private bodiless(exchange: Exchange, outcome: Answered): void {
    if (outcome.etag === null || outcome.status >= 400) return;
    const same = [...this.history.generations.values()].filter(
      (one) =>
        one.path === exchange.path &&
        one.etag === outcome.etag &&
        (one.variant ?? exchange.variant) === exchange.variant,
    );
    const newest = same.sort((a, b) => b.askedAt - a.askedAt)[0];
    if (newest === undefined)
      return this.report("8 no crossing", exchange, `validator ${outcome.etag} is not of this resource`);
    this.bounded(exchange, { ...newest, askedAt: this.lastAskedAt(newest, outcome.at) });
  }

  /** Invariant 1, of what the origin gave or confirmed: how late an acknowledged hard invalidation may show. */
  private bounded(exchange: Exchange, generation: Generation): void {
    const bound = this.boundOf(exchange.path);
    for (const one of this.history.invalidations.values()) {
      if (one.mode !== "hard" || one.acknowledgedAt === null || !this.hits(one.selectors, generation))
        continue;
      const late = exchange.arrivedAt - one.acknowledgedAt - bound;
      if (late <= EPSILON || generation.askedAt >= one.appendedAt) continue;
      const what = `${one.selectors.join(" + ")} appended at ${one.appendedAt}, acknowledged at ${one.acknowledgedAt}`;
      const text = `content asked for at ${generation.askedAt} (generation ${generation.id}), ${late} ms past the bound of ${bound} after ${what}`;
      return this.report("1 bounded staleness", exchange, text);
    }
  }

  /** Invariant 2, of the very octets, which no 304 may bring back: what a view knew when the request arrived, it may not forget. */
  private resurrected(exchange: Exchange, generation: Generation): void {
    const view = exchange.viewAtArrival;
    if (view === null) return;
    for (const one of this.history.invalidations.values()) {
      if (one.mode !== "hard" || one.position === null || generation.askedAt >= one.appendedAt) continue;
      const { epoch, seq } = one.position;
      if (!includes(view, one.position) || !this.hits(one.selectors, generation)) continue;
      const text = `content asked for at ${generation.askedAt} (generation ${generation.id}), though the view knew ${one.selectors.join(" + ")} at ${epoch}-${seq}`;
      return this.report("2 no resurrection", exchange, text);
    }
  }

  /** The second half of invariant 1, and invariant 3: ages and stale windows. */
  private lived(exchange: Exchange, outcome: Answered, generation: Generation): void {
    const askedAt = this.lastAskedAt(generation, outcome.at);
    const age = exchange.arrivedAt - askedAt;
    if (outcome.age !== null && outcome.age < Math.floor(age / 1000))
      this.report("3 age conservation", exchange, `Age ${outcome.age}, but asked for at ${askedAt}`);
    const { fresh, staleWhileRevalidate, staleIfError } = generation;
    const failing = this.originFailed(exchange, outcome.at);
    const window = failing ? Math.max(staleWhileRevalidate, staleIfError) : staleWhileRevalidate;
    if (age > fresh + window + EPSILON && !this.awaited(exchange, askedAt)) {
      const text = `${age} ms old, beyond its life of ${fresh} and window of ${window}`;
      this.report("1 declared life", exchange, text);
    }
    this.softly(exchange, generation, { askedAt, window });
  }

  /** It came while the request waited: whoever waits for an origin may have what it says, however long that took. */
  private awaited(exchange: Exchange, askedAt: number): boolean {
    return this.history.originCalls.some(
      (call) =>
        call.edge === exchange.edge &&
        call.path === exchange.path &&
        call.askedAt === askedAt &&
        (call.endedAt ?? 0) >= exchange.arrivedAt,
    );
  }

  /** A soft invalidation ends freshness: the stale windows count from there. */
  private softly(exchange: Exchange, generation: Generation, by: { askedAt: number; window: number }): void {
    const bound = this.boundOf(exchange.path);
    for (const one of this.history.invalidations.values()) {
      if (one.mode !== "soft" || one.acknowledgedAt === null || by.askedAt >= one.appendedAt) continue;
      if (exchange.arrivedAt - one.acknowledgedAt <= bound + EPSILON || !this.hits(one.selectors, generation))
        continue;
      const staleFor = exchange.arrivedAt - one.appendedAt;
      if (staleFor <= by.window + (by.window > 0 ? SOFT_DATING : 0) + EPSILON) continue;
      const text = `stale since the soft invalidation of ${one.selectors.join(" + ")} at ${one.appendedAt}, window ${by.window}`;
      return this.report("1 declared life", exchange, text);
    }
  }

  /** When the origin was last asked for this content, or confirmed it. */
  private lastAskedAt(generation: Generation, before: number): number {
    let last = generation.askedAt;
    for (const { path, variant, etag, askedAt } of this.history.confirmations) {
      const same = path === generation.path && variant === generation.variant && etag === generation.etag;
      if (same && askedAt > last && askedAt <= before) last = askedAt;
    }
    return last;
  }

  private boundOf(path: string): number {
    const policy = this.resources.get(path)?.governedBy;
    if (policy === undefined) return 0;
    return policy.window + (policy.fence === "serve-stale" ? CAPS[policy.class] : 0);
  }

  private hits(selectors: readonly string[], generation: Generation): boolean {
    const subject = {
      path: generation.path,
      class: this.resources.get(generation.path)?.governedBy.class ?? "",
      tags: generation.tags,
    };
    return selectors.some((selector) => hits(selector, subject));
  }

  /** Invariant 7: what is appended names something that exists, or it is as good as lost. */
  private named(): void {
    for (const one of this.history.invalidations.values()) {
      if (one.acknowledgedAt === null || one.selectors.every((selector) => selector.startsWith(`${SITE} `)))
        continue;
      const text = `nobody's resources are named ${one.selectors.join(" + ")}`;
      this.found.push({ invariant: "7 nothing acknowledged is lost", at: one.acknowledgedAt, text });
    }
  }

  /** Invariant 12: what one isolate knows of the log only grows. */
  private forward(): void {
    const last = new Map<string, ViewAt>();
    for (const exchange of this.history.exchanges) {
      const view = exchange.viewAtArrival;
      if (view === null) continue;
      const who = `${exchange.edge}/${exchange.life}`;
      const before = last.get(who);
      last.set(who, view);
      if (before === undefined || before.epoch < view.epoch) continue;
      if (before.epoch === view.epoch && before.cursor <= view.cursor) continue;
      const text = `the view fell back from ${before.epoch}-${before.cursor} to ${view.epoch}-${view.cursor}`;
      this.report("12 no going back", exchange, text);
    }
  }

  /** Invariant 9: after everything has healed and everybody was asked once, nobody lacks what was acknowledged before. */
  private converged(): void {
    const { exchanges, healedAt, invalidations } = this.history;
    const asked = healedAt + CONVERGED;
    const known = [...invalidations.values()].filter(
      ({ acknowledgedAt }) => acknowledgedAt !== null && acknowledgedAt < asked,
    );
    for (const exchange of exchanges.filter(({ arrivedAt }) => arrivedAt >= asked + CONVERGED)) {
      const lacking = known.find(
        ({ position }) => position !== null && !includes(exchange.viewAtArrival, position),
      );
      if (lacking === undefined) continue;
      this.report(
        "9 convergence",
        exchange,
        `the view lacks ${lacking.position?.epoch}-${lacking.position?.seq}`,
      );
    }
  }

  /** Invariant 4, where nothing fails: no two requests for one key at a time, unless it was invalidated between them. */
  private oneFetch(): void {
    const calls = this.history.originCalls.filter(({ method, alone }) => method === "GET" && !alone);
    for (const [index, call] of calls.entries()) {
      const resource = this.resources.get(call.path);
      if (resource === undefined || resource.sharing !== "always" || call.endedAt === null) continue;
      const other = calls.slice(index + 1).find((later) => this.overlap(call, later));
      if (other === undefined) continue;
      const text = `${call.path} ${call.variant} asked for by ${call.edge} at ${call.askedAt} and, before that ended at ${call.endedAt}, by ${other.edge} at ${other.askedAt}`;
      this.found.push({ invariant: "4 one fetch", at: other.askedAt, text });
    }
  }

  private overlap(call: History["originCalls"][number], later: History["originCalls"][number]): boolean {
    if (later.path !== call.path || later.variant !== call.variant || call.endedAt === null) return false;
    if (later.askedAt >= call.endedAt) return false;
    // An invalidation that the first request's edge may not have known yet: within its window, and its pull.
    const from = call.askedAt - this.boundOf(call.path) - 50;
    return ![...this.history.invalidations.values()].some(
      (one) => one.appendedAt >= from && one.appendedAt <= later.askedAt,
    );
  }
}

/** A later epoch includes all that came before it: nothing older is taken for good any more. */
function includes(view: ViewAt | null, { epoch, seq }: Position): boolean {
  if (view === null || view.epoch < epoch) return false;
  return view.epoch > epoch || view.cursor >= seq || view.beyondGap.includes(seq);
}
