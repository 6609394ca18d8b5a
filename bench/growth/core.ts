// Growth in the core, in this process: sizes beyond what a system takes in a minute, each step alone and nothing else.

import { BoundedCache } from "../../shared/core/eviction/bounded-cache.ts";
import { Sieve } from "../../shared/core/eviction/sieve.ts";
import type { LogEntry } from "../../shared/core/log-entry.ts";
import { coherenceOf, type LogView, learn, viewOfSnapshot } from "../../shared/core/log-view.ts";
import { mixUnit } from "../../shared/core/mix.ts";
import { compileRouting, rulesFor } from "../../shared/core/routing.ts";
import { formatSelector, selectorsOf } from "../../shared/core/selector.ts";
import { bytes, instant, type Selector } from "../../shared/core/units.ts";
import { readPolicy } from "../../shared/wire/policy.ts";
import type { Axis, Measured } from "./axis.ts";

const SITE = { name: "shop", hosts: ["*"], aliases: [], canonicalHost: "shop.test" };
const HOST = "shop.test";
const PATH = "/section-5/page/of/products";
const VIEW_LIMITS = {
  ...{ selectors: 50_000, indexSize: 8 << 20 },
  ...{ ahead: 1000, recent: 1000, heldSize: 1 << 20 },
};

export const CORE_AXES: readonly Axis[] = [
  {
    ...{ name: "policies", what: "which of them governs a URL that is not remembered", unit: "ns" },
    ...{ when: "hit", where: "core", sizes: [10, 100, 1000, 10_000] },
    prepare: policies,
  },
  {
    ...{ name: "log", what: "entries learnt before: is an answer still current?", unit: "ns" },
    ...{ when: "hit", where: "core", sizes: [100, 1000, 10_000, 100_000] },
    prepare: (size) => check(viewAfter(size, 1), selectorsWith(2)),
  },
  {
    ...{ name: "index", what: "selectors that a view holds: is an answer still current?", unit: "ns" },
    ...{ when: "hit", where: "core", sizes: [100, 1000, 10_000, 50_000] },
    prepare: (size) => check(viewAfter(Math.ceil(size / 100), 100), selectorsWith(2)),
  },
  {
    ...{ name: "keys", what: "in memory (SIEVE): a look-up by Zipf, over a `Map`'s", unit: "ratio" },
    ...{ when: "hit", where: "core", sizes: [1000, 10_000, 100_000, 1_000_000] },
    prepare: keys,
  },
  {
    ...{ name: "tags", what: "on an answer: its first hit after the log has changed", unit: "ns" },
    ...{ when: "change", where: "core", sizes: [0, 8, 32, 128] },
    prepare: (size) => check(viewAfter(1000, 1), selectorsWith(size)),
  },
  {
    ...{ name: "log", what: "entries learnt before: one more is learnt", unit: "ns" },
    ...{ when: "change", where: "core", sizes: [100, 1000, 10_000, 100_000] },
    ...{ batch: 50, prepare: learning },
  },
];

function policies(size: number): Measured {
  const rows = Array.from({ length: size }, (_, n) => {
    const row = { key_pattern: `/section-${n}/*`, class: "hot" };
    const outcome = readPolicy(row, { id: `policy-${n}`, site: SITE.name });
    if (outcome.kind === "invalid") throw new Error("a policy of the bench is none");
    return outcome.policy;
  });
  const routing = compileRouting([SITE], rows);
  const url = { scheme: "http", host: HOST, path: PATH, query: "", hasQuery: false };
  return { step: () => rulesFor(routing, { site: SITE, url }) };
}

const selectorsWith = (tags: number): readonly Selector[] =>
  selectorsOf({
    ...{ site: SITE.name, host: HOST, pathAndQuery: PATH, class: "hot" },
    tags: Array.from({ length: tags }, (_, n) => `tag-${n}`),
  });

const check = (view: LogView, selectors: readonly Selector[]): Measured => ({
  step: () => coherenceOf(view, { epoch: 1, seq: view.cursor }, selectors),
});

function entryOf(seq: number, selectors: number): LogEntry {
  const url = (n: number): Selector =>
    formatSelector(SITE.name, { kind: "url", host: HOST, pathAndQuery: `/purged/${seq}-${n}` });
  const named = Array.from({ length: selectors }, (_, n) => url(n));
  return {
    ...{ epoch: 1, seq, previous: `hash-${seq - 1}`, hash: `hash-${seq}`, age: 0 },
    payload: { kind: "invalidate", mode: "hard", selectors: named },
  } as LogEntry;
}

function viewAfter(entries: number, selectorsEach: number): LogView {
  const snapshot = { epoch: 1, seq: 0, hash: "hash-0", configuration: new Map() };
  const view = viewOfSnapshot(snapshot, instant(0), 1);
  const at = { receivedAt: instant(0), surely: instant(0), limits: VIEW_LIMITS };
  for (let seq = 1; seq <= entries; seq++) learn(view, [entryOf(seq, selectorsEach)], at);
  return view;
}

function learning(size: number): Measured {
  const view = viewAfter(size, 1);
  const at = { receivedAt: instant(0), surely: instant(0), limits: VIEW_LIMITS };
  return { step: () => learn(view, [entryOf(view.cursor + 1, 1)], at) };
}

/** Both in the same order of keys: what the machine's own caches make of more memory is in both. */
function keys(size: number): Measured {
  const names = Array.from({ length: size }, (_, n) => `shop https://shop.test/page/${n}`);
  const cache = new BoundedCache({ budget: bytes(2 * size), replacement: () => new Sieve(), seed: 1 });
  const map = new Map<string, number>();
  for (const [n, name] of names.entries()) {
    cache.set(name, n, 1);
    map.set(name, n);
  }
  // By Zipf: the logarithm of the rank is spread evenly.
  const rank = (n: number): number => Math.floor(size ** mixUnit(String(n), 1)) - 1;
  const asked = Array.from({ length: 50_000 }, (_, n) => names[rank(n)] ?? "");
  let [at, other] = [0, 0];
  return {
    step: () => cache.get(asked[at++ % asked.length] ?? ""),
    over: () => map.get(asked[other++ % asked.length] ?? ""),
  };
}
