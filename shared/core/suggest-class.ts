// Which class the traffic below a pattern asks for, how sure that is, and why.

import { type Count, type Figures, figureOf, sizeQuantile } from "./traffic-figures.ts";

export type Suggested = "hot" | "session" | "immutable" | "standard";

export interface Suggestion {
  readonly class: Suggested;
  /** From 0 to 1: how clearly the signs point there, and how many requests showed them. */
  readonly confidence: number;
  readonly reasons: readonly string[];
}

export interface Traffic {
  readonly pattern: string;
  readonly figures: Readonly<Figures>;
  readonly requestsPerSecond: number;
  /** Of all requests of its site. */
  readonly share: number;
}

/** With fewer nothing is said: a handful of requests may be anybody's. */
export const LEAST_REQUESTS = 64;
/** A pattern's share of its site's traffic, and its rate, from which on it is worth a place that is reserved for it. */
const HOT_SHARE = 0.05;
const HOT_RATE = 0.5;
const HOT_SIZE = 262_144;
/** Comparisons without which a rate of changes says little. */
const LEAST_COMPARED = 3;

export function suggestClass(traffic: Traffic): Suggestion | "too little" {
  const { figures } = traffic;
  if (figureOf(figures, "requests") < LEAST_REQUESTS) return "too little";
  const found = personal(traffic) ?? unchanging(traffic) ?? busy(traffic) ?? ordinary(traffic);
  const seen = figureOf(figures, "requests");
  // Half as sure with as many requests as are needed at all; nearly as sure as the signs allow with fifty times that.
  const confidence = found.clarity * (seen / (seen + LEAST_REQUESTS));
  return { class: found.class, confidence: Math.round(confidence * 100) / 100, reasons: found.reasons };
}

interface Found {
  readonly class: Suggested;
  readonly clarity: number;
  readonly reasons: readonly string[];
}

const ratio = (figures: Readonly<Figures>, name: Count, of: Count): number => {
  const all = figureOf(figures, of);
  return all === 0 ? 0 : figureOf(figures, name) / all;
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Null where nothing could be compared. */
export function changesPerHour(figures: Readonly<Figures>): number | null {
  if (figureOf(figures, "compared") < LEAST_COMPARED) return null;
  return figureOf(figures, "changed") / (figureOf(figures, "comparedMs") / 3_600_000);
}

/** What belongs to one user: that outweighs everything, since a wrong guess would show it to others. */
function personal({ figures, pattern }: Traffic): Found | null {
  const signs: [share: number, from: number, reason: (share: number) => string][] = [
    [
      ratio(figures, "setCookie", "answers"),
      0.25,
      (share) => `${percent(share)} of the origin's answers set a cookie`,
    ],
    [
      ratio(figures, "private", "answers"),
      0.25,
      (share) => `${percent(share)} of the origin's answers are private`,
    ],
    [
      ratio(figures, "authorized", "requests"),
      0.25,
      (share) => `${percent(share)} of the requests are authorized`,
    ],
  ];
  const shown = signs.filter(([share, from]) => share >= from);
  if (shown.length === 0) return null;
  const own = pattern.includes(":");
  const clarity =
    Math.min(0.95, 0.4 + 0.3 * Math.max(...shown.map(([share]) => share)) + 0.1 * shown.length) +
    (own ? 0.05 : -0.1);
  return {
    class: "session",
    clarity,
    reasons: [
      ...shown.map(([share, , reason]) => reason(share)),
      own
        ? "its URLs name one among many"
        : "its URLs are the same for all users: what differs by cookie is only kept apart if the key says so",
    ],
  };
}

function unchanging({ figures }: Traffic): Found | null {
  const hashed = ratio(figures, "hashed", "requests");
  const [declared, long] = [ratio(figures, "immutable", "answers"), ratio(figures, "lifeLong", "answers")];
  const changed = figureOf(figures, "changed");
  if (changed > 0 || figureOf(figures, "errors") > figureOf(figures, "answers") / 2) return null;
  const reasons: string[] = [];
  if (hashed >= 0.8)
    reasons.push(`${percent(hashed)} of the requests are for names with a digest of the content`);
  if (declared >= 0.8) reasons.push(`${percent(declared)} of the origin's answers say immutable`);
  if (long >= 0.8) reasons.push(`${percent(long)} of the origin's answers may live for a month or longer`);
  // A long life alone is what many give to pages that they purge.
  if (hashed < 0.8 && declared < 0.8) return null;
  const compared = figureOf(figures, "compared");
  if (compared > 0)
    reasons.push(`${Math.round(compared)} answers were compared with the one before, and none had changed`);
  return { class: "immutable", clarity: Math.min(1, 0.7 + 0.1 * reasons.length), reasons };
}

function busy({ figures, requestsPerSecond, share }: Traffic): Found | null {
  if (share < HOT_SHARE || requestsPerSecond < HOT_RATE) return null;
  const size = sizeQuantile(figures, 0.5) ?? 0;
  const changes = changesPerHour(figures);
  const short = ratio(figures, "lifeShort", "answers");
  const useless = ratio(figures, "noStore", "answers") >= 0.5 || ratio(figures, "errors", "answers") >= 0.5;
  if (size > HOT_SIZE || useless) return null;
  const reasons = [
    `${percent(share)} of the site's requests, ${requestsPerSecond.toFixed(1)} a second`,
    `half of the answers have no more than ${size} octets`,
  ];
  if (short >= 0.5)
    reasons.push(`${percent(short)} of the origin's answers may live for five minutes at most`);
  if (changes !== null && changes >= 1)
    reasons.push(`its answers change ${changes.toFixed(1)} times an hour`);
  // Much asked for, and neither short-lived nor changing: the ordinary class keeps it as well.
  return reasons.length === 2 ? null : { class: "hot", clarity: 0.6 + 0.15 * (reasons.length - 2), reasons };
}

function ordinary({ figures, requestsPerSecond, share }: Traffic): Found {
  const reasons = [`${percent(share)} of the site's requests, ${requestsPerSecond.toFixed(1)} a second`];
  const changes = changesPerHour(figures);
  if (changes === null) reasons.push("too few answers could be compared to say how often they change");
  else reasons.push(`its answers change ${changes.toFixed(1)} times an hour`);
  const [noStore, errors] = [ratio(figures, "noStore", "answers"), ratio(figures, "errors", "answers")];
  if (noStore >= 0.25) reasons.push(`${percent(noStore)} of the origin's answers may not be stored at all`);
  if (errors >= 0.25) reasons.push(`${percent(errors)} of the origin's answers are errors`);
  reasons.push("nothing says that it is one user's, never changes, or needs a place of its own");
  return { class: "standard", clarity: changes === null ? 0.6 : 0.75, reasons };
}
