// Gossip, step by step: a question, the peer's word on it, and what the asker makes of that (`shared/view/gossip.ts`).

import type { Telling } from "../../shared/core/gossip.ts";
import type { LogView } from "../../shared/core/log-view.ts";
import { millis } from "../../shared/core/units.ts";
import { tellPeer } from "../../shared/view/gossip.ts";
import type { Knowledge } from "../../shared/view/knowledge.ts";
import { entryOf, headOf } from "./entries.ts";
import { ago, type Known, known, moved, NOW } from "./knowing.ts";
import type { Age, Knowing, Question, Told } from "./parts.ts";
import { placeOf } from "./pulling.ts";
import { type Move, rule } from "./rule.ts";
import { capOf, type Scope, TICK } from "./scope.ts";

export const asking = rule(
  ["knowing"],
  ({ gossip }) => gossip,
  (scope, { knowing }) => {
    const { question } = knowing;
    if (question === null)
      return [
        { label: "{edge} asks its peer", writes: { knowing: { ...knowing, question: asked(knowing) } } },
      ];
    const without = { ...knowing, question: null };
    const moves: Move[] = [];
    if (question.told !== null)
      moves.push(
        moved(knowing, {
          label: `{edge} hears its peer: ${said(question.told)}`,
          ...heard(scope, without, question),
        }),
      );
    if (scope.losses)
      moves.push({ label: "{edge}'s question to its peer is lost", writes: { knowing: without } });
    return moves;
  },
);

/** `standingOf` of `shared/view/gossip.ts`. */
const asked = ({ view }: Knowing): Question => ({
  sentFor: 0,
  standing: view?.hash ?? null,
  replaced: false,
  told: null,
});

function said(told: Told): string {
  if (told.kind !== "telling") return told.kind;
  const { from, entries, cursor, age } = told;
  return `from ${placeOf(from)}, entries [${entries.map(placeOf).join(", ")}], at ${placeOf(cursor)}, age ${age}`;
}

/** A question that has not been answered. */
export const openQuestion = ({ question }: Knowing): Question | null =>
  question?.told === null ? question : null;

/** The peer answers, as of one instant; a fork is one for both. */
export function tell(
  scope: Scope,
  peer: Knowing,
  { standing }: Pick<Question, "standing">,
): { readonly told: Told; readonly teller: Move } {
  const asker = standing === null ? null : headOf(standing);
  const after = known(scope, peer, (knowledge) => tellPeer(knowledge, asker, NOW));
  const { result } = after;
  const word: Told = result.kind === "telling" ? toldOf(result.telling, capOf(scope)) : result;
  return { told: word, teller: moved(peer, { label: `{edge} tells its peer: ${said(word)}`, ...after }) };
}

export const withTold = (asker: Knowing, word: Told): Knowing =>
  asker.question === null ? asker : { ...asker, question: { ...asker.question, told: word } };

const toldOf = ({ fromHash, entries, hash, age, configuration }: Telling, cap: Age): Told => ({
  kind: "telling",
  from: fromHash,
  entries: entries.map((entry) => entry.hash),
  cursor: hash,
  age: Math.min(cap, age / TICK),
  begins: configuration !== null,
});

function tellingOf(word: Told & { readonly kind: "telling" }): Telling {
  const [from, cursor] = [headOf(word.from), headOf(word.cursor)];
  return {
    epoch: cursor.epoch,
    from: from.seq,
    fromHash: from.hash,
    entries: word.entries.map(entryOf),
    cursor: cursor.seq,
    hash: cursor.hash,
    age: millis(word.age * TICK),
    configuration: word.begins ? new Map() : null,
  };
}

const heard = (scope: Scope, knowing: Knowing, question: Question): Known<void> =>
  known(scope, knowing, (knowledge, view) => takeTold(knowledge, view, question));

/** `takeTold` of `shared/view/gossip.ts`. */
function takeTold(
  knowledge: Knowledge,
  view: LogView | null,
  { told: word, sentFor, replaced }: Question,
): void {
  if (word?.kind === "telling") knowledge.hear(tellingOf(word), ago(sentFor));
  if (word?.kind === "fork" && view !== null && !replaced) knowledge.forget(view);
}

/** A round in which nothing is lost and nothing comes between. */
export function askAtOnce(scope: Scope, asker: Knowing, peer: Knowing): Knowing {
  const question = asked(asker);
  const word = tell(scope, peer, question).told;
  return heard(scope, { ...asker, question: null }, { ...question, told: word }).knowing;
}
