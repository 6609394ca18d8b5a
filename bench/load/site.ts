// The site that workloads ask for: its parts, what the origin says of them, and which policies they get.

import type { CheckedGroup } from "../outside/checker.ts";

/** The first segment of a path. */
export const PARTS = ["hot", "standard", "immutable", "expiry", "replay", "session"] as const;
export type PartName = (typeof PARTS)[number];

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** All of `expiry` is over at each multiple of this, whenever it was asked for. */
export const EXPIRES_EVERY_S = 15;

/** Left to a life at the instant of the origin's answer; whole seconds, one at least. */
const untilExpiry = (nowMs: number): number => {
  const left = EXPIRES_EVERY_S - ((nowMs / SECOND) % EXPIRES_EVERY_S);
  return Math.max(1, Math.round(left));
};

type PartRules = Omit<CheckedGroup, "below" | "tags">;

/** By the defaults of the classes: the bound is Δ, and the cap where the fence serves stale. */
const RULES: Readonly<Record<PartName, PartRules>> = {
  hot: {
    class: "hot",
    headers: { "cache-control": "max-age=60" },
    ...{ boundMs: 5 * SECOND, freshMs: MINUTE, octets: 1024 },
    ...{ staleMs: 30 * SECOND, staleIfErrorMs: 10 * MINUTE },
  },
  standard: {
    class: "standard",
    headers: { "cache-control": "max-age=60, stale-while-revalidate=10" },
    ...{ boundMs: 30 * SECOND, freshMs: MINUTE, staleMs: 10 * SECOND, octets: 1024 },
  },
  immutable: {
    class: "immutable",
    headers: { "cache-control": "max-age=31536000, immutable" },
    ...{ boundMs: 70 * MINUTE, freshMs: 365 * DAY, octets: 8192 },
    ...{ staleMs: 0, staleIfErrorMs: 7 * DAY },
  },
  expiry: {
    class: "standard",
    headers: () => ({ "cache-control": `max-age=${untilExpiry(performance.now())}` }),
    ...{ boundMs: 30 * SECOND, freshMs: (EXPIRES_EVERY_S + 1) * SECOND, staleMs: 0, octets: 1024 },
  },
  replay: {
    class: "standard",
    headers: { "cache-control": "max-age=600" },
    ...{ boundMs: 30 * SECOND, freshMs: 10 * MINUTE, staleMs: 0 },
    octets: (path) => Number(path.split("/")[2]),
  },
  session: {
    class: "session",
    headers: { "cache-control": "no-store" },
    ...{ boundMs: 0, freshMs: 30 * MINUTE, staleMs: 0, octets: 0, values: true },
  },
};

export const groupsOf = (parts: Iterable<PartName>): CheckedGroup[] =>
  [...parts].map((part) => ({ below: `/${part}/`, tags: [], ...RULES[part] }));

/** Rows of the metadata table; TTLs are the classes' own. */
export const policiesOf = (parts: Iterable<PartName>): Record<string, unknown>[] =>
  [...parts].map((part) => ({ id: part, key_pattern: `/${part}/*`, class: RULES[part].class }));
