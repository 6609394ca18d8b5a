// How a reader comes by its view of the log.

import { sinceCall, snapshotCall } from "./exchange.ts";
import { calling, type Move } from "./move.ts";
import { judgeSince } from "./store-judge.ts";
import { breach } from "./truth.ts";
import { at, failed, finished, landing, moved, type Turn } from "./turn.ts";
import type { View } from "./views.ts";

export function since(turn: Turn, view: View): Move {
  const { world, state } = turn;
  const { known } = view;
  return calling(world, state, {
    call: sinceCall(known),
    happened: ({ outcome, content }) => ({
      state,
      breaches: judgeSince(world, { known, outcome, before: state.content, after: content }),
    }),
    heard(after, outcome) {
      if (outcome.kind === "unavailable") return failed(turn, after, outcome.reason);
      if (outcome.kind === "unknown")
        return landing(turn, `pulls: unknown ${outcome.reason}`, {
          state: at(turn, after, { kind: "snapshot" }),
        });
      const next = world.views.learnt(view, outcome, after.now);
      if (next === null) {
        const breaches = [breach("losses are noticed", "entries that don't join the view")];
        return landing(turn, "pulls: a broken chain", { state: finished(turn, after), breaches });
      }
      const said = `pulls up to ${outcome.head.seq}`;
      return landing(turn, said, { state: moved(turn, after, { view: next, step: { kind: "ask" } }) });
    },
    unheard: (after) => [landing(turn, "pulls", { state: after })],
  });
}

export function snapshot(turn: Turn): Move {
  const { world, state, reader } = turn;
  const highest = reader.view?.log.epoch ?? 0;
  return calling(world, state, {
    call: snapshotCall(highest),
    heard(after, outcome) {
      if (outcome.kind === "unavailable") return failed(turn, after, outcome.reason);
      const { epoch, seq } = outcome.head;
      // It comes after a position that the log could not place: the epoch has to be another.
      const breaches =
        epoch > highest ? [] : [breach("losses are noticed", `epoch ${epoch} for a view of ${highest}`)];
      const view = world.views.ofSnapshot(outcome, after.now);
      const to = moved(turn, after, { view, step: { kind: "ask" } });
      return landing(turn, `takes a snapshot at ${epoch}-${seq}`, { state: to, breaches });
    },
    unheard: (after) => [landing(turn, "takes a snapshot", { state: after })],
  });
}
