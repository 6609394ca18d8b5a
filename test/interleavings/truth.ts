// What has truly happened, kept apart from the scripts, and what every one of their replies is held to.

import type { InvalidationMode } from "../../shared/core/log-entry.ts";
import { comparePositions, formatPosition, type Position } from "../../shared/core/position.ts";
import type { Millis, Selector } from "../../shared/core/units.ts";
import type { FillOutcome, LeaseMarker, ReadOutcome, ReadQuery } from "../../shared/ports/mid-tier.ts";
import type { Copy } from "./copy.ts";
import type { View } from "./views.ts";

export interface Truth {
  /** Of what the origin answers. */
  readonly version: number;
  /** Every invalidation ever appended, in order. */
  readonly purges: readonly Purge[];
  /** By lease key, what was last granted or left there. */
  readonly standing: Readonly<Record<string, Standing>>;
  /** How many tokens have been used: each is another. */
  readonly tokens: number;
  /** All epochs that ever began, in order. */
  readonly epochs: readonly number[];
  /** The newest position that there ever was. */
  readonly newest: Position;
  /** The epoch in which the log fell back: what it acknowledged there is lost until another epoch begins. */
  readonly fellBackIn: number | null;
}

export interface Purge {
  readonly operation: string;
  readonly position: Position;
  readonly mode: InvalidationMode;
  readonly selector: Selector;
  readonly at: number;
  /** The store has lost that it was ever asked for. */
  readonly forgotten: boolean;
}

export type Standing =
  | {
      readonly kind: "lease";
      readonly token: string;
      readonly asOf: Position;
      /** Taken over from another: not to be taken over in its turn. */
      readonly overtakes: boolean;
      readonly until: number;
    }
  | { readonly kind: LeaseMarker["kind"]; readonly until: number };

/** A property that does not hold, by its name, and how. */
export interface Breach {
  readonly property: Property;
  readonly how: string;
}

export type Property = keyof typeof PROPERTIES;

export const PROPERTIES = {
  "no resurrection": "a view that includes an invalidation gets nothing asked for before it",
  "as-of is past": "what is stored claims no position newer than the instant its origin request was sent",
  "verified is true": "nothing up to its verified-to has hit a stored answer since it was asked for",
  "no going back": "as-of of a key, verified-to and grant of an answer, and head of the log never regress",
  "one holder": "a lease is granted only where none stands, or one older than the need",
  "no wait for nothing":
    "who waits does so for a lease that stands, is another's and not older than the need",
  "no wait for the unshareable": "a marker is heeded as long as it stands, and no longer",
  "fills need the right": "a fill without the lease, or with an older as-of than what is there, is refused",
  "rightful fills are kept": "a fill with the lease and no older as-of is stored",
  "retries repeat": "a retried fill or append ends as the first did, and changes nothing",
  "no crossing": "an answer is served for its own key alone",
  "ages grow": "an answer is at least as old as its lease",
  "epochs are new":
    "an epoch that begins is none that there was, and greater than all where the clock goes right",
  "losses are noticed": "a position that the log does not hold is told so, and begins an epoch",
  "no false alarm": "a position that the log holds is not thrown away",
  "soft is seen": "an answer softly invalidated is never told fresh, nor stale since later than it is",
  "replies make sense": "scripts don't fail, and answer what was asked",
  "everybody ends": "a state in which somebody is left has a next one",
} as const;

export const breach = (property: Property, how: string): Breach => ({ property, how });

export interface Judged {
  readonly truth: Truth;
  readonly breaches: readonly Breach[];
}

export function standingAt(truth: Truth, leaseKey: string, now: number): Standing | null {
  const standing = truth.standing[leaseKey];
  return standing === undefined || now > standing.until ? null : standing;
}

const withStanding = (truth: Truth, leaseKey: string, standing: Standing | null): Truth => {
  const { [leaseKey]: _, ...others } = truth.standing;
  return { ...truth, standing: standing === null ? others : { ...others, [leaseKey]: standing } };
};

/** What `read-or-lease` answered. */
export function judgeRead(
  truth: Truth,
  query: ReadQuery,
  { outcome, now }: { outcome: ReadOutcome; now: number },
): Judged {
  const standing = standingAt(truth, query.key, now);
  const held = standing?.kind === "lease" ? standing : null;
  const anew = held !== null && held.asOf.epoch < query.need.epoch;
  const old = anew || (held !== null && !held.overtakes && comparePositions(held.asOf, query.need) < 0);
  const token = query.lease?.token ?? "";
  const duration = query.lease?.duration ?? 0;
  const good = { truth, breaches: [] };
  const bad = (property: Property, how: string): Judged => ({ truth, breaches: [breach(property, how)] });
  switch (outcome.kind) {
    case "hit":
      return outcome.found.answer.id === query.not ? bad("replies make sense", "an answer not wanted") : good;
    case "leased": {
      if (held?.token === token) return good;
      if (standing !== null && held === null)
        return bad("no wait for the unshareable", `leased where ${standing.kind} stands`);
      if (held !== null && !old) return bad("one holder", `granted while ${held.token} has it`);
      const granted = { token, asOf: query.asOf, overtakes: held !== null, until: now + duration };
      const lease = { kind: "lease", ...granted } as const;
      return { truth: withStanding(truth, query.key, lease), breaches: [] };
    }
    case "taken":
      if (held === null)
        return bad("no wait for nothing", `told to wait where ${standing?.kind ?? "nothing"} stands`);
      if (held.token === token) return bad("no wait for nothing", "told to wait for itself");
      if (old)
        return bad("no wait for nothing", `told to wait for a lease as of ${formatPosition(held.asOf)}`);
      return outcome.remaining <= held.until - now
        ? good
        : bad("no wait for nothing", "told to wait longer than it lasts");
    case "uncacheable":
    case "large":
    case "validated":
    case "failing":
      return standing?.kind === outcome.kind
        ? good
        : bad(
            "no wait for the unshareable",
            `told ${outcome.kind} where ${standing?.kind ?? "nothing"} stands`,
          );
    case "varies":
    case "absent":
      return good;
    case "unavailable":
      return bad("replies make sense", outcome.reason);
  }
}

export interface FillJudged {
  readonly leaseKey: string;
  readonly token: string;
  readonly asOf: Position;
  readonly outcome: FillOutcome;
  /** Whether the answer was there already, from an equal fill. */
  readonly repeated: boolean;
  /** Whether it is there now. */
  readonly kept: boolean;
  /** As-of of the answer that was there. */
  readonly there: Position | null;
  readonly now: number;
}

/** What `fill` answered. */
export function judgeFill(truth: Truth, fill: FillJudged): Judged {
  const { outcome, repeated } = fill;
  const standing = standingAt(truth, fill.leaseKey, fill.now);
  const holds = standing?.kind === "lease" && standing.token === fill.token;
  const newer = fill.there !== null && comparePositions(fill.there, fill.asOf) > 0;
  const breaches: Breach[] = [];
  if (outcome.kind === "unavailable") breaches.push(breach("replies make sense", outcome.reason));
  if (outcome.kind === "stored" && !repeated) {
    if (!holds) breaches.push(breach("fills need the right", "stored without the lease"));
    if (newer) breaches.push(breach("fills need the right", "stored over a newer as-of"));
  }
  if (outcome.kind === "stored" && !fill.kept)
    breaches.push(breach("rightful fills are kept", "stored, and not there"));
  if (outcome.kind === "refused") {
    if (repeated) breaches.push(breach("retries repeat", "refused what is stored"));
    else if (holds && !newer) breaches.push(breach("rightful fills are kept", outcome.reason));
  }
  return { truth: holds && !repeated ? withStanding(truth, fill.leaseKey, null) : truth, breaches };
}

/** `release` has run: whoever doesn't hold the lease leaves what stands there, but may say what it found. */
export function released(
  truth: Truth,
  by: { leaseKey: string; token: string; marker: LeaseMarker | null; now: number },
): Truth {
  const { leaseKey, token, marker, now } = by;
  const standing = standingAt(truth, leaseKey, now);
  const holds = standing?.kind === "lease" && standing.token === token;
  if (standing !== null && !holds) return truth;
  return withStanding(
    truth,
    leaseKey,
    marker === null ? null : { kind: marker.kind, until: now + marker.for },
  );
}

/** Epochs in the order in which they began: where the clock goes wrong their numbers don't tell. */
function isWithin({ epochs }: Truth, position: Position, upTo: Position): boolean {
  if (position.epoch === upTo.epoch) return position.seq <= upTo.seq;
  return epochs.indexOf(position.epoch) < epochs.indexOf(upTo.epoch);
}

/** What of the invalidations a copy was asked for before, of those that a view includes. */
function missed(truth: Truth, copy: Copy, upTo: Position): Purge[] {
  if (upTo.epoch === truth.fellBackIn) return [];
  return truth.purges.filter(
    ({ position, selector }, i) =>
      isWithin(truth, position, upTo) && copy.fetched.purgesBefore <= i && copy.selectors.includes(selector),
  );
}

/** A stored answer is served, as fresh or as stale, to a reader with that view. */
export function judgeServed(
  truth: Truth,
  copy: Copy,
  { view, as }: { view: View; as: "fresh" | "stale" },
): Breach[] {
  const breaches: Breach[] = [];
  for (const { mode, operation } of missed(truth, copy, view.position)) {
    if (mode === "hard")
      breaches.push(breach("no resurrection", `${copy.id} served ${as} after ${operation}`));
    else if (as === "fresh")
      breaches.push(breach("soft is seen", `${copy.id} served fresh after ${operation}`));
  }
  return breaches;
}

/** `check` told an answer stale for so long. */
export function judgeSoftAge(
  truth: Truth,
  copy: Copy,
  told: { position: Position; age: Millis; now: number },
): Breach[] {
  const since = missed(truth, copy, told.position).filter(({ mode }) => mode === "soft");
  const first = Math.min(...since.map(({ at }) => at));
  if (since.length > 0 && told.now - told.age > first)
    return [breach("soft is seen", `stale for ${told.age} ms, not ${told.now - first}`)];
  return [];
}

/** An answer that stands in L2. */
export function judgeStored(truth: Truth, copy: Copy, asOf: Position): Breach[] {
  const breaches: Breach[] = [];
  if (comparePositions(asOf, copy.fetched.newest) > 0)
    breaches.push(breach("as-of is past", `${copy.id} is as of ${formatPosition(asOf)}`));
  const { epoch } = copy.verifiedTo;
  // Another epoch's invalidations make it unusable by their epoch alone.
  for (const { operation, position } of missed(truth, copy, copy.verifiedTo))
    if (position.epoch === epoch)
      breaches.push(
        breach("verified is true", `${copy.id} claims to have been checked against ${operation}`),
      );
  return breaches;
}
