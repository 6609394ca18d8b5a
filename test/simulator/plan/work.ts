// What people do in a world, faults aside: clients ask, the origin's content changes, operators purge and configure.

import type { InvalidationMode, LogPayload } from "../../../shared/core/log-entry.ts";
import { formatSelector, type SelectorSpec } from "../../../shared/core/selector.ts";
import { policyField } from "../../../shared/wire/configuration.ts";
import type { Chance } from "../chance.ts";
import type { Resource } from "./resources.ts";

export const SITE = "shop";
export const HOST = "shop.example";
/** The same text for every order of a query. */
export function inOrder(url: string): string {
  const [path = "", query] = url.split("?");
  return query === undefined ? path : `${path}?${query.split("&").sort().join("&")}`;
}

/** Of content that answers ranges: so many cells of so many octets. */
export const CELLS = 6;
export const CELL = 24;

export type Work = { readonly at: number } & (
  | { readonly kind: "ask"; readonly edge: string; readonly ask: Ask }
  | { readonly kind: "change"; readonly path: string }
  | {
      readonly kind: "purge";
      readonly mode: InvalidationMode;
      readonly selectors: readonly SelectorSpec[];
      /** How long after it was accepted its receipt is looked at. */
      readonly looks: readonly number[];
      /** Who reads what was purged at once, by naming the purge's position. */
      readonly readAt: { readonly edge: string; readonly path: string } | null;
    }
  /** Somebody else appends this to the log, and pushes it to nobody. */
  | { readonly kind: "append"; readonly payload: LogPayload }
  /** The policy gives its resources one more tag, they change, and what bears it is purged; then it may be as before. */
  | { readonly kind: "retag"; readonly policy: string; readonly back: boolean }
  /** From now on the order of a query makes no difference to the policy, or makes one again: URLs are named otherwise. */
  | { readonly kind: "reorder"; readonly policy: string }
);

/** One client's request. */
export interface Ask {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  readonly path: string;
  /** `Accept-Language`, where the resource varies by it. */
  readonly variant: string;
  /** With the validator that was seen last. */
  readonly conditional: boolean;
  readonly authorized: boolean;
  /** Cells, both ends included, of a resource that answers ranges; null = all of it. */
  readonly range: readonly [number, number] | null;
  /** When the client goes away; null waits for everything. */
  readonly leaves: Leaving | null;
}

/** After so many pieces of the body, or after so many milliseconds, wherever the request is then. */
export type Leaving =
  | { readonly kind: "pieces"; readonly count: number }
  | { readonly kind: "time"; readonly after: number };

export interface WorkSetting {
  readonly edges: readonly string[];
  readonly resources: readonly Resource[];
  /** Milliseconds. */
  readonly duration: number;
  /** Mean distances in milliseconds; null = never. */
  readonly every: {
    readonly invalidation: number;
    readonly retag: number | null;
    readonly reorder: number | null;
    readonly writing: number | null;
  };
}

export function drawWork(chance: Chance, setting: WorkSetting): Work[] {
  const work: Work[] = [];
  const kind = (name: string, mean: number | null, make: (one: Chance, at: number) => Work[]): void => {
    const one = chance.fork(name);
    if (mean === null) return;
    for (let at = one.wait(mean); at < setting.duration; at += one.wait(mean)) work.push(...make(one, at));
  };
  kind("request", 38, (one, at) => [request(one, at, setting)]);
  kind("burst", 2500, (one, at) => burst(one, at, setting));
  kind("invalidation", setting.every.invalidation, (one, at) => invalidation(one, at, setting));
  kind("retag", setting.every.retag, (one, at) => [
    { at, kind: "retag", policy: one.pick(setting.resources).governedBy.id, back: one.hit(0.5) },
  ]);
  kind("reorder", setting.every.reorder, (one, at) => reordering(one, at, setting));
  kind("writing", setting.every.writing, (one, at) => writing(one, at, setting));
  return work.filter(({ at }) => at < setting.duration).sort((a, b) => a.at - b.at);
}

/** Edges learn of it at different times; meanwhile what it names otherwise is read and written. */
function reordering(chance: Chance, at: number, { edges, resources }: WorkSetting): Work[] {
  const resource = chance.pick(resources.filter(({ path }) => path.includes("?")));
  const asking = (method: Ask["method"], from: number, to: number): Work => ({
    at: at + chance.between(from, to),
    kind: "ask",
    edge: chance.pick(edges),
    ask: { ...plainAsk(resource, ""), method },
  });
  const reads = Array.from({ length: 6 }, () => asking("GET", 20, 1500));
  const writes = Array.from({ length: 2 }, () => asking("POST", 50, 400));
  return [{ at, kind: "reorder", policy: resource.governedBy.id }, ...reads, ...writes];
}

/** Somebody writes, the content changes on its own or by another's write, and it is read where it was written. */
function writing(chance: Chance, at: number, { edges, resources }: WorkSetting): Work[] {
  const resource = chance.pick(resources.filter(({ echoes }) => echoes));
  const [favourite, other] = [chance.pick(edges), chance.pick(edges)];
  const asking = (method: Ask["method"], edge: string, after: number): Work => ({
    at: at + after,
    kind: "ask",
    edge,
    ask: { ...plainAsk(resource, ""), method },
  });
  const next = chance.between(0, 60);
  const beside: Work = chance.hit(0.5)
    ? asking(chance.pick(["POST", "PUT"]), other, next)
    : { at: at + next, kind: "change", path: resource.path };
  const reads = Array.from({ length: 5 }, () => asking("GET", favourite, chance.between(0, 900)));
  return [asking(chance.pick(["POST", "PUT"]), favourite, 0), beside, ...reads];
}

function request(chance: Chance, at: number, { edges, resources }: WorkSetting): Work {
  return { at, kind: "ask", edge: chance.pick(edges), ask: oddAsk(chance, chance.zipf(resources)) };
}

/** Mostly a plain GET. */
function oddAsk(chance: Chance, resource: Resource): Ask {
  const roll = chance.unit();
  const leaves = leaving(chance);
  const plain = plainAsk(resource, resource.varies ? chance.pick(["", "en", "de"]) : "");
  const method = methodOf(roll, resource, chance);
  return {
    ...plain,
    method,
    conditional: roll < 0.05,
    authorized: roll > 0.05 && roll < 0.08,
    range: resource.parted && chance.hit(0.75) ? rangeOf(chance) : null,
    leaves: leaves ?? (method === "GET" || method === "HEAD" ? null : impatience(chance.fork(`${roll}`))),
  };
}

/** Writers leave more often: what they have begun goes on without them. */
const impatience = (chance: Chance): Leaving | null =>
  chance.hit(0.3) ? { kind: "time", after: chance.between(0, 150) } : null;

function methodOf(roll: number, { echoes }: Resource, chance: Chance): Ask["method"] {
  if (roll > 0.12 && roll < 0.15) return "HEAD";
  if (echoes && chance.hit(0.3)) return chance.hit(0.7) ? "POST" : "PUT";
  return roll > 0.08 && roll < 0.12 ? "POST" : "GET";
}

function rangeOf(chance: Chance): [number, number] {
  const from = chance.between(0, CELLS - 1);
  return [from, chance.between(from, CELLS - 1)];
}

function leaving(chance: Chance): Leaving | null {
  const roll = chance.unit();
  if (roll < 0.02) return { kind: "pieces", count: chance.between(1, 3) };
  return roll < 0.06 ? { kind: "time", after: chance.between(0, 120) } : null;
}

export const plainAsk = ({ path }: Resource, variant: string): Ask => ({
  method: "GET",
  path,
  variant,
  conditional: false,
  authorized: false,
  range: null,
  leaves: null,
});

/** Many at once for one resource, mostly at one edge. */
function burst(chance: Chance, at: number, { edges, resources }: WorkSetting): Work[] {
  const resource = chance.zipf(resources);
  const favourite = chance.pick(edges);
  return Array.from({ length: chance.between(5, 10) }, () => ({
    at: at + chance.between(0, 30),
    kind: "ask",
    edge: chance.hit(0.7) ? favourite : chance.pick(edges),
    ask: plainAsk(resource, resource.varies ? chance.pick(["", "en", "de"]) : ""),
  }));
}

/** A change of configuration that changes nothing for anybody, but moves the log. */
const IDLE_CONFIGURATION: LogPayload = {
  kind: "config",
  field: policyField(SITE, "unused"),
  value: JSON.stringify({ key_pattern: "/unused/*", class: "hot" }),
  selectors: [],
};

const purgeOfNobodys = (names: readonly number[]): LogPayload => ({
  kind: "invalidate",
  mode: "hard",
  selectors: names.map((name) =>
    formatSelector(SITE, { kind: "url", host: HOST, pathAndQuery: `/nobody/${name}` }),
  ),
});

/** The origin changes first, then it is purged; sometimes several things at once, sometimes without a change. */
function invalidation(chance: Chance, at: number, { edges, resources }: WorkSetting): Work[] {
  const work: Work[] = [];
  for (let times = chance.hit(0.1) ? 5 : 1; times > 0; times--) {
    if (chance.hit(0.15)) work.push({ at, kind: "append", payload: IDLE_CONFIGURATION });
    // What nobody asks for fills views and index all the same, until what they forgot has to be checked.
    const nobodys = Array.from({ length: chance.between(1, 4) }, () => chance.between(1, 1000));
    work.push({ at, kind: "append", payload: purgeOfNobodys(nobodys) });
    const resource = chance.zipf(resources);
    if (chance.hit(0.85)) work.push({ at, kind: "change", path: resource.path });
    const mode = chance.hit(0.65) ? "hard" : "soft";
    const selectors = [specFor(resource, chance)];
    const looks = [
      ...(chance.hit(0.5) ? [chance.between(0, 300)] : []),
      ...(chance.hit(0.2) ? [chance.between(300, 3000), 9000] : []),
    ];
    const readAt = chance.hit(0.3) ? { edge: chance.pick(edges), path: resource.path } : null;
    work.push({ at: at + chance.between(0, 30), kind: "purge", mode, selectors, looks, readAt });
  }
  return work;
}

/** Something that names the resource, narrowly or widely. */
function specFor(resource: Resource, chance: Chance): SelectorSpec {
  const roll = chance.unit();
  const [path = ""] = resource.path.split("?");
  if (roll < 0.45) return { kind: "url", host: HOST, pathAndQuery: resource.path };
  if (roll < 0.65) return { kind: "tag", tag: chance.pick([...resource.tags, "moving0", "moving1"]) };
  if (roll < 0.8)
    return { kind: "prefix", host: HOST, path: chance.hit(0.5) ? path : `/${path.split("/")[1]}` };
  if (roll < 0.88) return { kind: "class", class: resource.governedBy.class };
  return roll < 0.94 ? { kind: "host", host: HOST } : { kind: "everything" };
}
