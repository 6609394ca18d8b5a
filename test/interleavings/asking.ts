// How a reader asks L2, and what it makes of an answer that it finds there.

import { coherenceOf, newestOf } from "../../shared/core/log-view.ts";
import { leastPosition } from "../../shared/core/position.ts";
import { allSelectors } from "../../shared/core/selector.ts";
import { answerKey, leaseKey } from "../../shared/mid-tier/keys.ts";
import type { CheckOutcome, L2Answer, ReadOutcome } from "../../shared/ports/mid-tier.ts";
import type { Copy, Fetched } from "./copy.ts";
import type { Content } from "./database.ts";
import { checkCall, readCall, readQuery, variantOf, verifiedCall } from "./exchange.ts";
import { fetched } from "./filling.ts";
import { calling, type Landing, type Move } from "./move.ts";
import { OF_RESOURCE } from "./scenario.ts";
import type { Right, State } from "./state.ts";
import { breach, judgeRead, judgeServed, judgeSoftAge } from "./truth.ts";
import { at, failed, finished, landing, moved, nameOf, type StepOf, type Turn } from "./turn.ts";
import type { View } from "./views.ts";

/** What a waiting reader would be answered by. */
export function saw({ world, reader }: Turn, content: Content): string {
  const { database } = world;
  return [answerKey(reader.key), leaseKey(reader.key)].map((key) => database.valueAt(content, key)).join(" ");
}

export function ask(turn: Turn): Move {
  const { world, state, reader } = turn;
  const { view, key, not } = reader;
  if (view === null) throw new Error("nobody asks without a view");
  const need = newestOf(view.log, OF_RESOURCE, "hard");
  const token = reader.token ?? `token-${state.truth.tokens + 1}`;
  const query = readQuery({ key, token, need, asOf: view.position, not });
  return calling(world, state, {
    call: readCall(query),
    happened: ({ outcome }) => {
      const { truth, breaches } = judgeRead(state.truth, query, { outcome, now: state.now });
      return { state: { ...state, truth }, breaches };
    },
    heard: (after, outcome) => {
      const used = outcome.kind === "leased" && reader.token === null ? withToken(after) : after;
      return answered({ ...turn, state: used }, { view, token, outcome });
    },
    // Production goes on without a right; who would rather ask again does so with the same token.
    unheard: (after) => [
      landing(turn, "asks, goes on alone", { state: finished(turn, withToken(after)) }),
      landing(turn, "asks", { state: moved(turn, withToken(after), { token, step: { kind: "ask" } }) }),
    ],
  });
}

const withToken = (state: State): State => ({
  ...state,
  truth: { ...state.truth, tokens: state.truth.tokens + 1 },
});

function answered(turn: Turn, given: { view: View; token: string; outcome: ReadOutcome }): Landing {
  const { state, spec, reader } = turn;
  const { view, token, outcome } = given;
  switch (outcome.kind) {
    case "hit":
      return hit(turn, view, outcome.found);
    case "varies": {
      const key = variantOf(spec);
      const lost = key === reader.key ? [breach("replies make sense", "a marker below a variant")] : [];
      const to = moved(turn, state, { key, step: { kind: "ask" } });
      return landing(turn, "asks: varies", { state: to, breaches: lost });
    }
    case "leased": {
      const right = { token, leaseKey: reader.key, asOf: view.position, grantedAt: state.now };
      const granted = withRight(turn, state, right);
      if (turn.world.scenario.apart) return landing(turn, "asks: leased", { state: granted });
      return landing(turn, `asks: leased, fetches version ${state.truth.version}`, {
        state: fetched(turn, granted, right),
      });
    }
    case "taken": {
      if (reader.stale === null) {
        const step = { kind: "wait", saw: saw(turn, state.content) } as const;
        return landing(turn, "asks: taken", { state: at(turn, state, step) });
      }
      const breaches = judgeServed(state.truth, reader.stale, { view, as: "stale" });
      return landing(turn, "asks: taken, serves stale", { state: finished(turn, state), breaches });
    }
    case "uncacheable":
    case "large":
    case "validated":
    case "failing":
      return landing(turn, `asks: ${outcome.kind}, fetches for itself`, { state: finished(turn, state) });
    case "absent":
    case "unavailable":
      return failed(turn, state, outcome.kind === "absent" ? "absent" : outcome.reason);
  }
}

/** From here on only the right counts, unless it reads once more. */
function withRight(turn: Turn, state: State, right: Right): State {
  const view = turn.reader.readsLeft > 1 ? turn.reader.view : null;
  return moved(turn, state, { step: { kind: "fetch", right }, view, not: null, stale: null, token: null });
}

function hit(turn: Turn, view: View, { answer, body, verifiedTo, residence }: L2Answer): Landing {
  const { state, spec, reader } = turn;
  const { now } = state;
  const fetched = JSON.parse(new TextDecoder().decode(body)) as Fetched;
  const copy: Copy = { id: answer.id, verifiedTo, selectors: answer.selectors, fetched };
  const age = now - fetched.grantedAt;
  const crossed = answer.key === reader.key ? [] : [breach("no crossing", `${answer.key} for ${reader.key}`)];
  const young = residence < age ? [breach("ages grow", `${copy.id} is ${residence} ms old, not ${age}`)] : [];
  const refreshes = spec.wants === "newer" && reader.not === null;
  const to = refreshes ? { ...unwanted(turn, copy, null), label: "not wanted" } : weighed(turn, view, copy);
  const label = `${nameOf(turn)} asks: hit, ${to.label}`;
  return { ...to, label, breaches: [...crossed, ...young, ...to.breaches] };
}

/** Production's comparison at read time, and what a reader makes of it. */
function weighed(turn: Turn, view: View, copy: Copy): Landing {
  const { state } = turn;
  const coherence = coherenceOf(view.log, copy.verifiedTo, allSelectors(copy.selectors, OF_RESOURCE));
  switch (coherence.kind) {
    case "current": {
      const breaches = judgeServed(state.truth, copy, { view, as: "fresh" });
      return { label: `serves ${copy.id}`, state: finished(turn, state), breaches };
    }
    case "unchecked":
      return { label: "unchecked", state: at(turn, state, { kind: "check", copy }), breaches: [] };
    case "soft":
      return { ...unwanted(turn, copy, copy), label: "soft" };
    case "hard":
    case "other-epoch":
      return { ...unwanted(turn, copy, null), label: coherence.kind };
  }
}

function unwanted(turn: Turn, copy: Copy, stale: Copy | null): Landing {
  const state = moved(turn, turn.state, { not: copy.id, stale, step: { kind: "ask" } });
  return { label: "", state, breaches: [] };
}

export function check(turn: Turn, copy: Copy): Move {
  const { world, state, reader } = turn;
  const { view } = reader;
  if (view === null) throw new Error("nobody checks without a view");
  return calling(world, state, {
    call: checkCall(allSelectors(copy.selectors, OF_RESOURCE), copy.verifiedTo),
    heard: (after, outcome) => {
      const to = checked({ ...turn, state: after }, { view, copy, outcome });
      return { ...to, label: `${nameOf(turn)} checks: ${to.label}` };
    },
    unheard: (after) => [
      { ...unwanted({ ...turn, state: after }, copy, null), label: `${nameOf(turn)} checks` },
    ],
  });
}

function checked(turn: Turn, given: { view: View; copy: Copy; outcome: CheckOutcome }): Landing {
  const { view, copy, outcome } = given;
  const { truth, now } = turn.state;
  switch (outcome.kind) {
    case "ok": {
      const verifiedTo = leastPosition(outcome.position, view.position);
      const breaches = judgeServed(truth, { ...copy, verifiedTo }, { view, as: "fresh" });
      // Served at once, for all that the view knows lies before its own position; recorded whenever it comes to it.
      const step = { kind: "record", id: copy.id, position: verifiedTo } as const;
      return { label: `ok, serves ${copy.id}`, state: at(turn, turn.state, step), breaches };
    }
    case "soft": {
      const { position, age } = outcome;
      const breaches = judgeSoftAge(truth, copy, { position, age, now });
      return { ...unwanted(turn, copy, copy), label: "soft", breaches };
    }
    case "hit":
    case "unknown":
      return { ...unwanted(turn, copy, null), label: outcome.kind };
    case "unavailable":
      return failed(turn, turn.state, outcome.reason);
  }
}

export function record(turn: Turn, { id, position }: StepOf<"record">): Move {
  const { world, state, reader } = turn;
  const done = (after: State): Landing =>
    landing(turn, "records what it checked", { state: finished(turn, after) });
  return calling(world, state, {
    call: verifiedCall({ key: reader.key, id, position }),
    heard: done,
    unheard: (after) => [done(after)],
  });
}
