// Answers in the data centre: memory, the Cache API, and what the log's full index says of them.

import { comparePositions, leastPosition, type Position } from "../../shared/core/position.ts";
import { KEY } from "./entries.ts";
import { arriving, judged, servedAs, verdictOn } from "./judging.ts";
import { type Check, type Held, type Parts, sameAnswer, type Tiers, type View } from "./parts.ts";
import { check } from "./redis-log.ts";
import { type Move, rule } from "./rule.ts";
import type { Scope } from "./scope.ts";

type Seen = Pick<Parts, "knowing" | "tiers" | "log" | "fates">;

/**
 * What a hit in memory would serve now (`fromMemory` of `edge/handle-request.ts`, `lookNear` of `edge/near.ts`): it
 * changes nothing, so it is no step, but holds in every state.
 */
export function memoryBroken(
  scope: Scope,
  { knowing: { view }, tiers: { memory }, log, fates }: Seen,
): string | null {
  if (memory === null || view === null) return null;
  for (let arrivedFor = 0; arrivedFor <= scope.delay; arrivedFor++) {
    const atOnce = arrivedFor === 0 && memory.vouched && view.knownFor <= scope.window;
    const as = atOnce ? "fresh" : servedAs(scope, view, { held: memory, arrivedFor });
    if (as === null) continue;
    const included = arrivedFor === 0 ? arriving(view, log).included : 0;
    const broken = verdictOn(
      scope,
      { log, fates },
      { held: memory, as, arrivedFor, included, from: "from memory" },
    );
    if (broken !== null) return broken;
  }
  return null;
}

/** A hit remembers under which generation of the view it was judged (`isCurrent` of `edge/handle-request.ts`). */
export const hitting = rule(
  ["knowing", "tiers"],
  ({ vouching }) => vouching,
  (scope, { knowing: { view }, tiers }) => {
    const { memory } = tiers;
    if (memory === null || memory.vouched || view === null || view.knownFor > scope.window) return [];
    if (judged(scope, view, { held: memory, arrivedFor: 0 }).coherence.kind !== "current") return [];
    return [
      {
        label: "{edge} serves from memory",
        writes: { tiers: { ...tiers, memory: { ...memory, vouched: true } } },
      },
    ];
  },
);

/** The second half of `lookNear` of `edge/near.ts`. */
export const servingBlob = rule(
  ["knowing", "tiers", "log", "fates"],
  ({ blob }) => blob,
  (scope, { knowing: { view }, tiers, log, fates }) => {
    const held = blobHeld(tiers);
    if (held === null || view === null) return [];
    const as = servedAs(scope, view, { held, arrivedFor: 0 });
    if (as === null) return [];
    const served = { held, as, ...arriving(view, log), from: "from the Cache API" };
    return [
      {
        label: "{edge} serves from the Cache API, and keeps it in memory",
        writes: { tiers: promoted(tiers, held) },
        broken: verdictOn(scope, { log, fates }, served),
      },
    ];
  },
);

/** What is near, as far as it is of use to a request that arrives now. */
export function nearby(scope: Scope, view: View, tiers: Tiers): { serves: boolean; candidate: Held | null } {
  for (const held of [tiers.memory, blobHeld(tiers)]) {
    if (held === null) continue;
    const { step } = judged(scope, view, { held, arrivedFor: 0 });
    if (step.kind === "serve" || step.kind === "serve-and-refresh") return { serves: true, candidate: null };
    if (step.kind === "revalidate") return { serves: false, candidate: { ...plain(held), sentFor: null } };
  }
  return { serves: false, candidate: null };
}

const plain = ({ answer, verifiedTo, sentFor }: Held): Held => ({ answer, verifiedTo, sentFor });

/** `find` of `edge/tiers/data-centre.ts`. */
const blobHeld = ({ blob, noted }: Tiers): Held | null =>
  blob === null ? null : { answer: blob, verifiedTo: noted ?? blob.asOf, sentFor: null };

/** `promote` of `edge/tiers/store-everywhere.ts`. */
export function promoted(tiers: Tiers, held: Held): Tiers {
  const there = tiers.memory?.answer.asOf;
  if (there !== undefined && comparePositions(there, held.answer.asOf) > 0) return tiers;
  return { ...tiers, memory: { ...plain(held), vouched: false } };
}

/** The first half of `judge` of `edge/judge.ts`: what the view doesn't reach back to, the log is asked about. */
export const sendingCheck = rule(
  ["knowing", "tiers", "log"],
  ({ checks }) => checks,
  (scope, { knowing: { view }, tiers, log }) => {
    if (tiers.check !== null || view === null) return [];
    const found = [
      { tier: "memory" as const, held: tiers.memory },
      { tier: "blob" as const, held: blobHeld(tiers) },
    ];
    return found.flatMap(({ tier, held }) => {
      if (held === null || judged(scope, view, { held, arrivedFor: 0 }).step.kind !== "check") return [];
      const askedFrom = { epoch: view.epoch, seq: view.cursor };
      const question = { tier, held: plain(held), askedFrom, ...arriving(view, log), reply: null };
      return [
        {
          label: `{edge} sends a check of what is in ${nameOf(tier)}`,
          writes: { tiers: { ...tiers, check: question } },
        },
      ];
    });
  },
);

const nameOf = (tier: Check["tier"]): string => (tier === "memory" ? "memory" : "the Cache API");

export const answeringCheck = rule(
  ["tiers", "log"],
  ({ checks }) => checks,
  (scope, { tiers, log }) => {
    const { check: asked } = tiers;
    if (asked === null) return [];
    const moves: Move[] = [];
    if (asked.reply === null) {
      const reply = check(log, { selectors: [KEY], position: asked.held.verifiedTo }, scope.log);
      const upTo = reply.kind === "hit" ? "" : ` up to ${reply.position.epoch}-${reply.position.seq}`;
      moves.push({
        label: `Redis answers {edge}'s check: ${reply.kind}${upTo}`,
        writes: { tiers: { ...tiers, check: { ...asked, reply } } },
      });
    }
    if (scope.losses)
      moves.push({ label: "{edge}'s check is lost", writes: { tiers: { ...tiers, check: null } } });
    return moves;
  },
);

/** The second half of `judge`. What is not shown to be good is not served. */
export const takingCheck = rule(
  ["knowing", "tiers", "log", "fates"],
  ({ checks }) => checks,
  (scope, { knowing: { view }, tiers, log, fates }) => {
    const { check: asked } = tiers;
    if (asked === null || asked.reply === null) return [];
    const label = "{edge} takes the reply to its check";
    const without = { ...tiers, check: null };
    const { reply, tier } = asked;
    if (view === null || reply.kind !== "ok") return [{ label, writes: { tiers: without } }];
    const held = verified(asked.held, { position: reply.position, askedFrom: asked.askedFrom });
    const recorded = record(without, asked, held);
    const as = servedAs(scope, view, { held, arrivedFor: asked.arrivedFor });
    if (as === null) return [{ label, writes: { tiers: recorded } }];
    const served = { ...asked, held, as, from: `from ${nameOf(tier)}, checked,` };
    return [
      {
        label: `${label} and serves`,
        writes: { tiers: tier === "blob" ? promoted(recorded, held) : recorded },
        broken: verdictOn(scope, { log, fates }, served),
      },
    ];
  },
);

/** Up to where the log was asked, and no further than the configuration reached that named the selectors. */
export const verified = (
  held: Held,
  { position, askedFrom }: { readonly position: Position; readonly askedFrom: Position },
): Held => ({ ...held, verifiedTo: leastPosition(position, askedFrom) });

/** Noted for the very answer that was asked about, if it is still there. */
function record(tiers: Tiers, { tier, held: { answer } }: Check, { verifiedTo }: Held): Tiers {
  const { memory, blob } = tiers;
  if (tier === "blob") return sameAnswer(blob, answer) ? { ...tiers, noted: verifiedTo } : tiers;
  return memory !== null && sameAnswer(memory.answer, answer)
    ? { ...tiers, memory: { ...memory, verifiedTo } }
    : tiers;
}

/** `dropOlder` of `edge/tiers/memory.ts`. */
export function withoutOlder(tiers: Tiers, { answer }: Held): Tiers {
  const { memory } = tiers;
  return memory !== null && comparePositions(memory.answer.asOf, answer.asOf) <= 0
    ? { ...tiers, memory: null }
    : tiers;
}
