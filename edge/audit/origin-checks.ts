// Decides which few of the sampled hits are compared with the origin, and counts what came of it.

import { elapsed, type Instant, later, type Millis, millis } from "../../shared/core/units.ts";
import type { EdgeRequest } from "../request.ts";
import type { StoredRead } from "./sampler.ts";

/** `differs`: the origin has another answer by now, though nothing has invalidated ours. `unknown`: it did not tell. */
export type Comparison = "same" | "differs" | "unknown";

export interface OriginCheckLimits {
  readonly auditOriginEvery: number;
  readonly auditOriginPause: Millis;
  readonly auditOriginLives: number;
  readonly auditOriginAge: Millis;
  readonly auditOriginRest: Millis;
}

export class OriginChecks {
  /** By class. */
  readonly counts = new Map<string, Record<Comparison, number>>();
  private readonly limits: OriginCheckLimits;
  private samples = 0;
  private lastAt: Instant | null = null;
  private readonly resting = new Map<string, Instant>();
  /** Classes of which an answer that is renewed ahead was compared, until when no other is. */
  private readonly renewed = new Map<string, Instant>();
  private errorsSeen = 0;

  constructor(limits: OriginCheckLimits) {
    this.limits = limits;
  }

  /** Asked of every sample taken at random. `errors` counts the origin's failures, whoever met them. */
  isDue(
    read: StoredRead,
    request: EdgeRequest,
    of: { readonly site: string; readonly errors: number },
  ): boolean {
    this.samples += 1;
    const { auditOriginEvery, auditOriginPause } = this.limits;
    const now = read.arrivedAt;
    if (this.samples < auditOriginEvery) return false;
    if (this.lastAt !== null && elapsed(this.lastAt, now) < auditOriginPause) return false;
    if (!this.isComparable(read, request)) return false;
    // An origin that has just failed somebody has other cares.
    const failing = of.errors > this.errorsSeen;
    this.errorsSeen = of.errors;
    if (failing) this.rest(of.site, now);
    if (now < (this.resting.get(of.site) ?? now)) return false;
    this.samples = 0;
    this.lastAt = now;
    this.noteRenewed(read);
    return true;
  }

  /** Only what anybody would be sent, and what was asked for long enough ago that the comparison can tell something. */
  private isComparable({ held, rules, result, arrivedAt }: StoredRead, request: EdgeRequest): boolean {
    const { answer } = held;
    if (arrivedAt < (this.renewed.get(rules.name) ?? arrivedAt)) return false;
    const anybody = request.header("authorization") === null && request.header("cookie") === null;
    if (request.method !== "GET" || !anybody || result !== "hit") return false;
    if (answer.status !== 200 || answer.part.kind !== "whole") return false;
    return arrivedAt - held.bornAt - answer.ageWhenSent >= this.limits.auditOriginAge;
  }

  /** The origin is asked for it once a life anyway, and is to be asked hardly more often, however hot it is. */
  private noteRenewed({ held, rules, arrivedAt }: StoredRead): void {
    if (rules.refresh !== "refresh-ahead") return;
    this.renewed.set(rules.name, later(arrivedAt, millis(this.limits.auditOriginLives * held.answer.fresh)));
  }

  /** Leaves a site's origin alone for a while. */
  rest(site: string, now: Instant): void {
    this.resting.set(site, later(now, this.limits.auditOriginRest));
  }

  count(className: string, comparison: Comparison): void {
    const counts = this.counts.get(className) ?? { same: 0, differs: 0, unknown: 0 };
    counts[comparison] += 1;
    this.counts.set(className, counts);
  }
}
