// What may happen next in a state: one call of a script, or one step outside of Redis, and where it leads.

import type { Call, Ran } from "./database.ts";
import type { State, World } from "./state.ts";
import { judgeStore } from "./store-judge.ts";
import type { Breach } from "./truth.ts";

export interface Move {
  /** Null where nothing is asked of Redis. */
  readonly call: Call<unknown> | null;
  readonly land: (ran: Ran<unknown>) => readonly Landing[];
}

export interface Landing {
  readonly label: string;
  readonly state: State;
  readonly breaches: readonly Breach[];
}

/** A call whose caller hears the reply, or, where that may be, does not. */
export function calling<T>(
  world: World,
  state: State,
  move: {
    readonly call: Call<T>;
    /** The script has run: what is true now, whoever hears of it. */
    readonly happened?: (ran: Ran<T>) => Pick<Landing, "state" | "breaches">;
    readonly heard: (after: State, outcome: T) => Landing;
    /** What whoever gets no reply may do. */
    readonly unheard: (after: State, outcome: T) => readonly Landing[];
  },
): Move {
  const land = (ran: Ran<T>): Landing[] => {
    const content = ran.content;
    const happened = move.happened?.(ran) ?? { state, breaches: [] };
    const store = judgeStore(world, happened.state, content);
    const breaches = [...happened.breaches, ...store.breaches];
    const after = { ...happened.state, content, truth: store.truth };
    const found = (landing: Landing): Landing => ({
      ...landing,
      breaches: [...breaches, ...landing.breaches],
    });
    const landings = [found(move.heard(after, ran.outcome))];
    if (state.left.lostReplies > 0) {
      const left = { ...state.left, lostReplies: state.left.lostReplies - 1 };
      for (const lost of move.unheard({ ...after, left }, ran.outcome))
        landings.push(found({ ...lost, label: `${lost.label}, its reply lost` }));
    }
    return landings;
  };
  return { call: move.call, land: land as Move["land"] };
}

/** Something that needs no reply. */
export const doing = (label: string, state: State): Move => ({
  call: null,
  land: () => [{ label, state, breaches: [] }],
});
