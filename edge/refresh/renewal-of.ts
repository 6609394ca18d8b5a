// When the answer that an edge's memory has for a target is due to be renewed, where it is one to be renewed at all.

import { coherenceOf } from "../../shared/core/log-view.ts";
import type { Rules } from "../../shared/core/rules.ts";
import { allSelectors } from "../../shared/core/selector.ts";
import { ageOf, currentLifetime, type HeldAnswer } from "../../shared/core/stored-answer.ts";
import type { Instant } from "../../shared/core/units.ts";
import type { Renewal } from "../../shared/wire/renewal.ts";
import type { WarmTarget } from "../../shared/wire/warm-target.ts";
import type { Edge } from "../edge.ts";

export function renewalOf(edge: Edge, { url, headers }: WarmTarget): Renewal | null {
  const request = { url, header: (name: string) => headers.find(([key]) => key === name)?.[1] ?? null };
  const [route, view] = [edge.router.route(request), edge.view.current()];
  if (route === null || view === null || !isRenewed(route.rules)) return null;
  const entry = edge.memory.peek(route.rules, edge.memory.variantKey(route.key, request));
  if (entry === undefined || entry.held.answer.part.kind !== "whole") return null;
  const { answer, verifiedTo } = entry.held;
  // What was invalidated is nothing to hold on to: its next reader fetches it.
  if (coherenceOf(view, verifiedTo, allSelectors(answer.selectors, route.selectors)).kind !== "current")
    return null;
  return renewalAt(entry.held, route.rules, edge.clock.now());
}

/** What the journal has a say in is read from nowhere nearer, and fetched by nobody beside it. */
export const isRenewed = ({ refresh, write }: Rules): boolean => refresh !== "none" && write !== "write-back";

/** Null where it has expired. */
export function renewalAt(held: HeldAnswer, rules: Rules, now: Instant): Renewal | null {
  const { fresh } = currentLifetime(held.answer, rules);
  const left = fresh - ageOf(held, now);
  if (left <= 0) return null;
  const [inMs, lifeMs, tookMs] = [left, fresh, held.answer.fetchedIn ?? 0].map(Math.round);
  return { inMs: inMs ?? 0, lifeMs: lifeMs ?? 0, tookMs: tookMs ?? 0 };
}
