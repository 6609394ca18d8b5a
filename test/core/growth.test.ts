// What is done for one hit, counted: as much with a long log, a full index and many tags as the answer itself asks for.

import { describe, expect, test } from "vitest";
import type { LogEntry } from "../../shared/core/log-entry.ts";
import { coherenceOf, type LogView, learn, viewOfSnapshot } from "../../shared/core/log-view.ts";
import { allSelectors, formatSelector, selectorsOf } from "../../shared/core/selector.ts";
import { instant, type Selector } from "../../shared/core/units.ts";

const LIMITS = { selectors: 1600, indexSize: 1 << 20, ahead: 100, recent: 100, heldSize: 1 << 20 };

const urlOf = (text: string): Selector =>
  formatSelector("shop", { kind: "url", host: "shop.test", pathAndQuery: text });

const entryOf = (seq: number): LogEntry => ({
  ...{ epoch: 1, seq, previous: `hash-${seq - 1}`, hash: `hash-${seq}`, age: 0 },
  payload: { kind: "invalidate", mode: "hard", selectors: [urlOf(`/purged/${seq}`)] },
});

function viewAfter(entries: number): LogView {
  const snapshot = { epoch: 1, seq: 0, hash: "hash-0", configuration: new Map() };
  const view = viewOfSnapshot(snapshot, instant(0), 1);
  learnFrom(view, 1, entries);
  return view;
}

function learnFrom(view: LogView, first: number, last: number): void {
  for (let seq = first; seq <= last; seq++)
    learn(view, [entryOf(seq)], { receivedAt: instant(0), surely: instant(0), limits: LIMITS });
}

const selectorsWith = (tags: number): readonly Selector[] =>
  selectorsOf({
    ...{ site: "shop", host: "shop.test", pathAndQuery: "/page", class: "hot" },
    tags: Array.from({ length: tags }, (_, n) => `tag-${n}`),
  });

/** Calls of a map's method while something is done. */
function calls<K, V>(map: Map<K, V>, name: "get" | "keys" | "entries", what: () => void): number {
  let counted = 0;
  const method = map[name].bind(map) as (...args: unknown[]) => unknown;
  Object.defineProperty(map, name, {
    configurable: true,
    value: (...args: unknown[]) => {
      counted += 1;
      return method(...args);
    },
  });
  what();
  Reflect.deleteProperty(map, name);
  return counted;
}

describe("whether an answer is current", () => {
  const looked = (view: LogView, selectors: readonly Selector[]): number =>
    calls(view.index, "get", () => coherenceOf(view, { epoch: 1, seq: view.cursor }, selectors));

  test.each([10, 100, 1000, 10_000])("is one look a selector after %i entries of the log", (entries) => {
    const selectors = selectorsWith(2);
    expect(looked(viewAfter(entries), selectors)).toBe(selectors.length);
  });

  test.each([0, 8, 128, 1000])("is one look a selector with %i tags", (tags) => {
    const selectors = selectorsWith(tags);
    expect(selectors.length).toBe(6 + tags);
    expect(looked(viewAfter(100), selectors)).toBe(selectors.length);
  });
});

test("what the policy in force adds to a thousand tags is found without trying each against each", () => {
  const stored = selectorsWith(1000);
  let compared = 0;
  const counting = new Proxy([...stored], {
    get(target, name, receiver) {
      if (typeof name === "string" && /^\d+$/.test(name)) compared += 1;
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  const added = formatSelector("shop", { kind: "tag", tag: "of-the-policy" });
  expect(allSelectors(stored, [...stored.slice(0, 10), added])).toEqual([...stored, added]);
  allSelectors(counting, stored.slice(0, 10));
  expect(compared).toBe(stored.length);
});

describe("a full index", () => {
  test("holds no more than its limit, and its floor is the newest that it forgot", () => {
    const view = viewAfter(LIMITS.selectors);
    expect([view.index.size, view.floor]).toEqual([LIMITS.selectors, 0]);
    for (let seq = LIMITS.selectors + 1; seq <= 3 * LIMITS.selectors; seq++) {
      learnFrom(view, seq, seq);
      expect(view.index.size).toBeLessThanOrEqual(LIMITS.selectors);
      expect(view.floor).toBe(seq - view.index.size);
    }
  });

  test("is gone through once in a hundred entries, not at each", () => {
    const view = viewAfter(LIMITS.selectors);
    let scans = 0;
    const own = view.index[Symbol.iterator].bind(view.index);
    Object.defineProperty(view.index, Symbol.iterator, {
      value: () => {
        scans += 1;
        return own();
      },
    });
    learnFrom(view, LIMITS.selectors + 1, LIMITS.selectors + 1000);
    expect(scans).toBe(10);
  });
});
