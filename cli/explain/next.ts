// What the next request gets at an edge, and why: in the order in which its tiers are asked.

import type { Explanation } from "../../client/schemas.ts";
import { comparePositions, parsePosition } from "../../shared/core/position.ts";
import type { Colour } from "../output.ts";
import { selectorText } from "../selector-text.ts";
import { moment, plain, size, span } from "../wording.ts";

export type EdgeView = Explanation["edges"][number];
export type Asked = Extract<EdgeView, { tiers: unknown }>;
type Tiers = NonNullable<Asked["tiers"]>;
export type Holding = Tiers["memory"];
export type Answer = Extract<Holding, { kind: "answer" }>;
export type Purges = Explanation["purges"];

export interface Next {
  readonly word: "hit" | "stale" | "miss" | "pass" | "wait" | "refused" | "unknown";
  readonly colour: Colour;
  readonly why: string;
}

const COLOURS: Readonly<Record<Next["word"], Colour>> = {
  ...{
    hit: "green",
    stale: "yellow",
    miss: "cyan",
    pass: "grey",
    wait: "cyan",
    refused: "red",
    unknown: "red",
  },
};

const next = (word: Next["word"], why: string): Next => ({ word, colour: COLOURS[word], why });

export const TIERS = [
  ["memory", "memory"],
  ["dataCentre", "the data centre"],
  ["l2", "Redis"],
] as const;

export function nextAt(view: EdgeView, purges: Purges): Next {
  if ("unavailable" in view) return next("unknown", `the edge did not tell: ${plain(view.unavailable)}`);
  const { tiers, journal } = view;
  if (tiers === null)
    return next("pass", "it knows nothing of the log yet: the origin is asked, and nothing stored");
  if (journal?.kind === "value") return next("hit", "the journal has the value that was written last");
  if (journal?.kind === "held")
    return next("pass", "what the journal holds came back with an older copy: the origin is asked");
  if (journal?.kind === "unavailable")
    return next("refused", "the journal does not answer: 503, never an older value");
  return nextBy(tiers, purges);
}

function nextBy(tiers: Tiers, purges: Purges): Next {
  let reason: string | null = null;
  for (const [tier, name] of TIERS) {
    const holding = tiers[tier];
    switch (holding.kind) {
      case "answer": {
        const served = servedBy(holding, name);
        if (served !== null) return served;
        reason ??= `${name} holds one, but ${whyNot(holding, purges)}: the origin is asked${holding.step === "revalidate" ? " whether it is still good" : ""}`;
        break;
      }
      case "uncacheable":
        return next("pass", "its last answer was not storable: the origin is asked for each request");
      case "being-fetched":
        return next(
          "wait",
          `somebody asks the origin just now: it is waited for, ${span(holding.forMs)} at most`,
        );
      case "unavailable":
        reason ??= `${name} does not answer (${plain(holding.reason)}): the origin is asked`;
        break;
      case "nothing":
        break;
    }
  }
  return next("miss", reason ?? "no tier holds it: the origin is asked");
}

function servedBy(holding: Answer, name: string): Next | null {
  switch (holding.step) {
    case "serve":
      return holding.freshness === "fresh"
        ? next("hit", `from ${name}, ${freshnessText(holding)}`)
        : next("stale", `from ${name}, by the class's fence: the log is silent`);
    case "serve-and-refresh":
      return next("stale", `from ${name}, ${staleWhy(holding)}; renewed behind it`);
    case "check":
      return next(
        "hit",
        `from ${name}, if the log says that nothing has purged it since ${holding.verifiedTo}`,
      );
    case "refuse":
      return next("refused", "the log is silent, and its class refuses to answer without it: 503");
    default:
      return null;
  }
}

const staleWhy = (holding: Answer): string =>
  holding.coherence === "soft" ? "purged softly" : freshnessText(holding);

/** Why it is not served as it is. */
function whyNot(holding: Answer, purges: Purges): string {
  switch (holding.coherence) {
    case "hard":
    case "soft":
      return purgeText(holding, purges);
    case "other-epoch":
      return "it is of another epoch of the log";
    default:
      return freshnessText(holding);
  }
}

export function freshnessText({ ageMs, lifetimeMs, staleWhileRevalidateMs, staleIfErrorMs }: Answer): string {
  const left = lifetimeMs - ageMs;
  if (left > 0) return `fresh for ${span(left)} more`;
  const over = -left;
  const behind = staleWhileRevalidateMs - over;
  if (behind > 0) return `expired ${span(over)} ago, and served for ${span(behind)} more while it is renewed`;
  const failing = staleIfErrorMs - over;
  return failing > 0
    ? `expired ${span(over)} ago, and served for ${span(failing)} more only if the origin fails`
    : `expired ${span(over)} ago`;
}

type Hit = NonNullable<Answer["newest"]>;

/** Which purge it was, when and whose, as far as that is known. */
function purgeText({ newest, coherence }: Pick<Answer, "newest" | "coherence">, purges: Purges): string {
  const softly = coherence === "soft" ? " softly" : "";
  return newest === null || newest === undefined
    ? `it was purged${softly}`
    : `it was purged${softly} by ${hitText(newest, purges)}`;
}

/** Without its receipt, which is told once. */
export function hitText({ position, selector }: Pick<Hit, "position" | "selector">, purges: Purges): string {
  const what = selectorText(selector);
  const purge = purges.find((each) => each.position === position);
  if (purge === undefined)
    return `${what} at ${position}: by a write, or longer ago than receipts are looked through`;
  const { actor, at, reason } = purge;
  return plain(`${what} at ${moment(at)}, by ${actor}${reason === null ? "" : ` (${reason})`}`);
}

/** The newest invalidation that the edge knows of the URL, and of what is held for it. */
export function newestAt({ newest, tiers }: Pick<Asked, "newest" | "tiers">): Hit | null {
  const held = TIERS.map(([tier]) => tiers?.[tier]).map((one) =>
    one?.kind === "answer" ? one.newest : null,
  );
  let last: Hit | null = null;
  for (const hit of [newest, ...held])
    if (hit !== null && hit !== undefined && (last === null || isLater(hit.position, last.position)))
      last = hit;
  return last;
}

function isLater(a: string, b: string): boolean {
  const [first, second] = [parsePosition(a), parsePosition(b)];
  return first !== null && second !== null && comparePositions(first, second) > 0;
}

export function holdingText(holding: Holding, purges: Purges): string {
  switch (holding.kind) {
    case "nothing":
      return "nothing";
    case "uncacheable":
      return "known not to be storable";
    case "being-fetched":
      return `being fetched, for ${span(holding.forMs)} at most`;
    case "unavailable":
      return `does not answer: ${plain(holding.reason)}`;
    case "answer": {
      const { status, bytes, shard, ageMs, coherence } = holding;
      const where = shard === undefined ? "" : ` on ${plain(shard)}`;
      const about = [`${status}, ${size(bytes)}${where}, ${span(ageMs)} old`, freshnessText(holding)];
      if (coherence === "hard" || coherence === "soft") about.push(purgeText(holding, purges));
      if (coherence === "other-epoch") about.push("of another epoch of the log");
      if (coherence === "unchecked") about.push("the log has to be asked whether it was purged");
      return about.join("; ");
    }
  }
}
