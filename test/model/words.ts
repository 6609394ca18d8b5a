// What edges tell each other, in numbers: a word depends on the question and the teller, not on who asked.

import { openQuestion, tell, withTold } from "./asking-peers.ts";
import type { Knowing, Question, Told } from "./parts.ts";
import type { Scope } from "./scope.ts";
import { Table } from "./table.ts";
import { TupleMap } from "./tuples.ts";

/** What is told, what the teller knows after that, and whether its view is another. */
type Word = readonly [told: number, teller: number, voids: boolean];

export class Words {
  private readonly scope: Scope;
  private readonly knowings: Table<Knowing>;
  private readonly standings = new Table<Pick<Question, "standing">>();
  private readonly words = new Table<Told>();
  private readonly tellings = new TupleMap<Word>(2);
  private readonly hearings = new TupleMap<number>(2);
  private readonly questions: (number | null)[] = [];
  private readonly pair = new Int32Array(2);

  constructor(scope: Scope, knowings: Table<Knowing>) {
    this.scope = scope;
    this.knowings = knowings;
  }

  /** Null where nothing is asked, or all is answered. */
  questionOf(asker: number): number | null {
    const known = this.questions[asker];
    if (known !== undefined) return known;
    const question = openQuestion(this.knowings.at(asker));
    const id = question === null ? null : this.standings.id({ standing: question.standing });
    this.questions[asker] = id;
    return id;
  }

  wordOf(question: number, peer: number): Word {
    this.pair[0] = question;
    this.pair[1] = peer;
    const known = this.tellings.get(this.pair);
    if (known !== undefined) return known;
    const { told, teller } = tell(this.scope, this.knowings.at(peer), this.standings.at(question));
    const after = teller.writes.knowing ?? this.knowings.at(peer);
    return this.tellings.set(this.pair, [
      this.words.id(told),
      this.knowings.id(after),
      teller.voids === true,
    ]);
  }

  /** The asker with the word on its way to it. */
  hearingOf(asker: number, told: number): number {
    this.pair[0] = asker;
    this.pair[1] = told;
    const known = this.hearings.get(this.pair);
    if (known !== undefined) return known;
    return this.hearings.set(
      this.pair,
      this.knowings.id(withTold(this.knowings.at(asker), this.words.at(told))),
    );
  }

  labelOf(asker: number, peer: number): string {
    const question = openQuestion(this.knowings.at(asker));
    return question === null ? "" : tell(this.scope, this.knowings.at(peer), question).teller.label;
  }
}
