// Readers' views of the log: production's own, made immutable, equal ones being one object.

import { type LogView, learn, positionOf, viewOfSnapshot } from "../../shared/core/log-view.ts";
import type { Position } from "../../shared/core/position.ts";
import { instant } from "../../shared/core/units.ts";
import type { LogHead, SinceOutcome, SnapshotOutcome } from "../../shared/ports/mid-tier.ts";

const LIMITS = { selectors: 100, indexSize: 100_000, ahead: 100, recent: 100, heldSize: 100_000 };

export class View {
  readonly log: LogView;
  private readonly index: number;

  constructor(index: number, log: LogView) {
    this.index = index;
    this.log = log;
  }

  get position(): Position {
    return positionOf(this.log);
  }

  get known(): LogHead {
    return { epoch: this.log.epoch, seq: this.log.cursor, hash: this.log.hash };
  }

  toJSON(): number {
    return this.index;
  }
}

export class Views {
  private readonly byText = new Map<string, View>();

  ofSnapshot({ head, configuration }: SnapshotOutcome & { kind: "snapshot" }, now: number): View {
    return this.of(viewOfSnapshot({ ...head, configuration }, instant(now), 0));
  }

  /** Null where the chain does not join the view's. */
  learnt(view: View, { entries }: SinceOutcome & { kind: "entries" }, now: number): View | null {
    const { log } = view;
    const index = new Map(
      [...log.index].map(([selector, { hard, hardBefore, softs }]) => [
        selector,
        { hard, hardBefore, softs: [...softs] },
      ]),
    );
    const next = {
      ...log,
      index,
      recent: new Map(),
      ahead: new Map(log.ahead),
      configuration: new Map(log.configuration),
    };
    const learning = learn(next, entries, { receivedAt: instant(now), surely: instant(now), limits: LIMITS });
    return learning.kind === "broken" ? null : this.of(next);
  }

  private of(log: LogView): View {
    // What changes with every message, or is for peers, and is asked by nobody here, would keep equal views apart.
    const plain = { ...log, generation: 0, knownAt: instant(0), recent: new Map(), heldSize: 0 };
    const { epoch, cursor, hash, floor, index, ahead, configuration } = plain;
    const text = JSON.stringify([epoch, cursor, hash, floor, [...index], [...ahead], [...configuration]]);
    const known = this.byText.get(text);
    if (known !== undefined) return known;
    const view = new View(this.byText.size, plain);
    this.byText.set(text, view);
    return view;
  }
}
