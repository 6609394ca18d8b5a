// Writes whose invalidation the log has not taken yet: kept by what they named, and sent again until it has.

import type { Position } from "../../shared/core/position.ts";
import {
  formatSelector,
  isSearchSelector,
  searchName,
  selectorKind,
  whateverQuery,
} from "../../shared/core/selector.ts";
import { namesOf } from "../../shared/core/spelling.ts";
import { elapsed, type Instant, type Selector } from "../../shared/core/units.ts";
import type { AppendQuery } from "../../shared/ports/mid-tier.ts";
import type { OriginWrite } from "../../shared/wire/told-writes.ts";
import { LIMITS } from "../config.ts";
import type { Route, Router } from "../router.ts";

export interface Naming {
  /** Configured as of that position. */
  readonly router: Router;
  readonly position: Position;
  /** Names what it can without its query: no policy is needed for that. */
  readonly wide: boolean;
  readonly edge: string;
  readonly replicas: number;
}

/**
 * The entry that writes make, by the configuration that the router has; refused by the log where that is outdated. It
 * goes by the operation of the first of them.
 */
export function invalidationOf(writes: readonly OriginWrite[], by: Naming): AppendQuery {
  const named = writes.map((write) => namedBy(write, by));
  const selectors = new Set(named.flatMap((one) => one.selectors));
  const [first] = writes;
  const operationId = first?.operationId ?? "";
  const details = named.slice(0, DETAILED).map(({ detail }) => detail);
  return {
    operationId,
    harmless: true,
    requestDigest: operationId,
    actor: `edge/${by.edge}`,
    action: "invalidate",
    // Where no site serves the target, the log says whether that is so still.
    payload: { kind: "invalidate", mode: "hard", selectors: [...selectors] },
    detail: [...details, ...(named.length > DETAILED ? ["…"] : [])].join(", "),
    replicas: by.replicas,
    expected: {
      position: by.position,
      of: named.some(({ byRecipe }) => byRecipe) ? "configuration" : "sites",
    },
  };
}

/** Writes that an audit record names, and characters of each: it is kept with the receipt too. */
const DETAILED = 4;
const DETAIL = 500;

function namedBy(
  write: OriginWrite,
  by: Naming,
): { readonly selectors: readonly Selector[]; readonly byRecipe: boolean; readonly detail: string } {
  const route = by.router.resolve(write.target, write.target);
  const named = route === null ? [] : [route, ...referredTo(write, route, by)];
  const routes = named.flatMap((one) => [one, ...takenFor(one, by)]);
  const groups = route === null ? [] : groupSelectors(write, route);
  return {
    selectors: [...routes.flatMap(by.wide ? wideSelectors : writtenSelectors), ...groups],
    // The recipes of keys decide on queries alone.
    byRecipe: !by.wide && routes.some(({ href }) => href.includes("?")),
    detail: `${write.method} ${route?.source.pathAndQuery ?? write.target}`.slice(0, DETAIL),
  };
}

/** RFC 9111 §4.4: only what lies on the same origin, or one site could invalidate another's pages. */
const referredTo = (write: OriginWrite, { source }: Route, { router }: Naming): readonly Route[] =>
  write.references.flatMap((reference) => {
    const other = router.resolve(reference, write.target);
    return other?.source.host === source.host ? [other] : [];
  });

/** What origins may take a URL for that they read in several ways: by which names that is known hangs on what governs it. */
function takenFor({ href, rules }: Route, { router }: Naming): readonly Route[] {
  if (rules.kept === "for all") return [];
  const at = href.indexOf("/", href.indexOf("//") + 2);
  const [, ...others] = namesOf(href.slice(at));
  // Not by reference: what a reading begins with may look like another host.
  return others.flatMap((other) => router.resolve(href.slice(0, at) + other, href) ?? []);
}

/** All that the URL is known by: what differs from it in nothing that counts is the same resource. */
export const urlSelectors = ({ selectors }: Route): readonly Selector[] =>
  selectors.filter((one) => selectorKind(one) === "url" && !isSearchSelector(one));

/** Where nothing is known here of which parts of its query make no difference, any may, if its answer says so. */
function writtenSelectors(route: Route): readonly Selector[] {
  if (route.variance !== null) return urlSelectors(route);
  const { site, host, pathAndQuery, alsoAs = [] } = route.source;
  const searches = [pathAndQuery, ...alsoAs].flatMap((name) => searchName(name) ?? []);
  return [
    ...urlSelectors(route),
    ...searches.map((name) => formatSelector(site, { kind: "url", host, pathAndQuery: name })),
  ];
}

function wideSelectors({ source }: Route): readonly Selector[] {
  const { site, host, pathAndQuery, alsoAs = [] } = source;
  return [pathAndQuery, ...alsoAs].map((name) => formatSelector(site, whateverQuery(host, name)));
}

function groupSelectors({ groups }: OriginWrite, { source: { site, host } }: Route): readonly Selector[] {
  if (groups.length > LIMITS.writeGroups) return [formatSelector(site, { kind: "host", host })];
  return groups.map((group) => formatSelector(site, { kind: "group", host, group }));
}

export class UnsentWrites {
  private readonly queue = new Map<string, OriginWrite>();
  /** Characters of what they name. */
  private characters = 0;
  private flushingSince: Instant | null = null;
  /** When peers were last asked to tell the log of a write, and whether none of them could. */
  private peersAskedAt: Instant | null = null;
  private peersFail = false;

  get size(): number {
    return this.queue.size;
  }

  get isFull(): boolean {
    return this.queue.size >= LIMITS.unsentKept || this.characters >= LIMITS.unsentSize;
  }

  /** Whoever may ask them does so now: after they have failed one at a time. */
  mayAskPeers(now: Instant): boolean {
    const { peersAskedAt: last } = this;
    if (this.peersFail && last !== null && elapsed(last, now) < LIMITS.writesPause) return false;
    this.peersAskedAt = now;
    return true;
  }

  peersAnswered(couldTell: boolean): void {
    this.peersFail = !couldTell;
  }

  /** The first time it is named most of what it has done is known. */
  keep(write: OriginWrite): void {
    if (this.queue.has(write.operationId)) return;
    this.queue.set(write.operationId, write);
    this.characters += sizeOf(write);
  }

  /**
   * Offers some of what is kept, oldest first, until one is not taken; the operation's id makes a repeated append one.
   * A flush whose request was cancelled never ends: after a while another one begins regardless.
   */
  async flush(send: (write: OriginWrite) => Promise<boolean>, now: Instant): Promise<void> {
    if (this.queue.size === 0) return;
    if (this.flushingSince !== null && elapsed(this.flushingSince, now) < LIMITS.unsentFlush) return;
    this.flushingSince = now;
    try {
      for (const [id, write] of [...this.queue].slice(0, LIMITS.unsentAtOnce)) {
        if (!(await send(write))) return;
        if (this.queue.delete(id)) this.characters -= sizeOf(write);
      }
    } finally {
      this.flushingSince = null;
    }
  }
}

const sizeOf = ({ target, references, groups }: OriginWrite): number =>
  [target, ...references, ...groups].reduce((sum, text) => sum + text.length, 0);
