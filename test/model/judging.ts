// What an edge makes of an answer, by the edge's own judgement, and whether the invariants allow it.

import { type Judged, type JudgeInput, judgeByView } from "../../edge/judge.ts";
import { DEFAULT_CLASSES } from "../../shared/core/classes.ts";
import { formatPosition, type Position } from "../../shared/core/position.ts";
import { type Rules, rulesOfClass } from "../../shared/core/rules.ts";
import type { StoredAnswer } from "../../shared/core/stored-answer.ts";
import { millis } from "../../shared/core/units.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import { type Chain, goesOnFrom, headOf, KEY, modeOf } from "./entries.ts";
import { ago, NOW, thawed } from "./knowing.ts";
import type { Fate, Held, Log, Request, View } from "./parts.ts";
import { boundOf, fenceOf, type Scope, windowOf } from "./scope.ts";

const LONG = millis(1_000_000);

/** Fresh for longer than any configuration lasts, so that only invalidations make it stale; with a validator. */
const ANSWER: Omit<StoredAnswer, "asOf"> = {
  version: 2,
  id: "",
  key: "",
  status: 200,
  headers: [
    ["etag", '"1"'],
    ["cache-control", "max-age=1000"],
  ],
  class: "standard",
  selectors: [KEY],
  vary: [],
  part: { kind: "whole" },
  length: 0,
  dirty: false,
  fresh: LONG,
  staleWhileRevalidate: millis(0),
  staleIfError: millis(0),
  ageWhenSent: millis(0),
  receivedAtWall: 0,
  lease: "",
};

const BODY = { kind: "bytes", bytes: new Uint8Array(0) } as const;

function rulesOf(scope: Scope): Rules {
  const settings = DEFAULT_CLASSES.get("standard");
  if (settings === undefined) throw new Error("no such class: standard");
  return {
    ...rulesOfClass(settings),
    window: windowOf(scope),
    fence: fenceOf(scope),
    jitter: 0,
    ...staleWindow(scope),
  };
}

const staleWindow = ({ stale }: Scope) => ({ staleWhileRevalidate: stale ? LONG : millis(0) });

type Verdict = Pick<Judged, "step" | "coherence" | "by">;

/** Judging takes longer than looking a verdict up, and there are few of them. */
const verdicts = new WeakMap<Scope, WeakMap<View, Map<string, Verdict>>>();

export function judged(scope: Scope, view: View, of: Subject): Verdict {
  const { answer, verifiedTo, sentFor } = of.held;
  const key = `${formatPosition(answer.asOf)} ${formatPosition(verifiedTo)} ${sentFor} ${of.arrivedFor} ${formatAdmission(of)}`;
  const ofScope = verdicts.get(scope) ?? new WeakMap<View, Map<string, Verdict>>();
  verdicts.set(scope, ofScope);
  const ofView = ofScope.get(view) ?? new Map<string, Verdict>();
  ofScope.set(view, ofView);
  const known = ofView.get(key) ?? judge(scope, view, of);
  ofView.set(key, known);
  return known;
}

export interface Subject {
  readonly held: Held;
  readonly arrivedFor: number;
  readonly admittedBy?: Position | null;
}

const formatAdmission = ({ admittedBy = null }: Subject): string =>
  admittedBy === null ? "" : formatPosition(admittedBy);

/** `judgeByView` of `edge/judge.ts`. */
function judge(scope: Scope, view: View, of: Subject): Judged {
  const { answer, verifiedTo, sentFor } = of.held;
  const { admittedBy = null } = of;
  const sentAt = sentFor === null ? null : ago(sentFor);
  const input: JudgeInput = {
    held: {
      answer: { ...ANSWER, ...staleWindow(scope), asOf: answer.asOf },
      verifiedTo,
      bornAt: NOW,
      sentAt,
    },
    body: BODY,
    rules: rulesOf(scope),
    selectors: [KEY],
    forSeveralUrls: false,
    tier: "l1Memory",
    renewFrom: null,
    admittedBy: admittedBy === null ? null : { position: admittedBy, knownAge: millis(0) },
    arrivedAt: ago(of.arrivedFor),
    stands: () => true,
    background: UNKEPT,
  };
  return judgeByView(thawed(view), input, NOW);
}

/** How an answer is served: fresh, or stale with a refresh behind; null where it isn't. */
export function servedAs(scope: Scope, view: View, of: Subject): ServedAs | null {
  const { kind } = judged(scope, view, of).step;
  if (kind === "serve") return "fresh";
  return kind === "serve-and-refresh" ? "stale" : null;
}

export type ServedAs = "fresh" | "stale";

/** A request that arrives now. */
export const arriving = (view: View, { purges }: Log): Request => ({
  arrivedFor: 0,
  included: purges.reduce((bits, purge, at) => (includes(view, purge) ? bits | (1 << at) : bits), 0),
});

/** By its chain, by what it holds beyond a gap, or by a later epoch, which includes all that came before it. */
function includes(view: View, purge: Chain): boolean {
  const { epoch } = headOf(purge);
  if (view.epoch !== epoch) return view.epoch > epoch;
  return goesOnFrom(view.hash, purge) || view.ahead.some(([chain]) => chain === purge);
}

export interface Served extends Request {
  readonly held: Held;
  readonly as: ServedAs;
  readonly from: string;
}

/** The invariant that serving this breaks, if any. */
export function verdictOn(
  scope: Scope,
  { log, fates }: { readonly log: Log; readonly fates: readonly Fate[] },
  { held: { answer }, as, arrivedFor, included, from }: Served,
): string | null {
  for (const [at, purge] of log.purges.entries()) {
    const fate = fates[at];
    const mode = modeOf(purge, KEY);
    if (mode === null || fate === undefined || (mode === "soft" && as === "stale")) continue;
    const what = `before the ${mode} purge ${formatPosition(headOf(purge))}`;
    const owedFor = fate.lost ? owedAnew(purge, log) : fate.acknowledgedFor;
    const late = owedFor !== null && owedFor - arrivedFor > boundOf(scope);
    if (late && answer.asked <= at) return `1 bounded staleness: serves ${from} what was asked for ${what}`;
    if (mode === "hard" && (included >> at) % 2 === 1 && answer.generated <= at)
      return `2 no resurrection: serves ${from} what was made ${what}, which its view includes`;
  }
  return null;
}

/** What Redis has lost is made up for by the next epoch: nothing older is trusted then. */
const owedAnew = (purge: Chain, { chain, begunFor }: Log): number | null =>
  chain !== null && headOf(chain).epoch > headOf(purge).epoch ? begunFor : null;
