// What a case of the HTTP suite is: a claim, the section it stands on, what the origin says in turn, and what clients then see.

import type { Fields } from "../support/fields.ts";
import type { Asked, Script, Spoken } from "../support/scripted-origin.ts";
import type { Received } from "../support/wire-client.ts";
import type { Prefix } from "./policies.ts";
import type { Stage } from "./stage.ts";

/** What a field must be: equal, matching, absent (null), or as a predicate finds. */
export type Wanted = string | RegExp | null | ((value: string | null) => boolean);

export interface Expected {
  /** 200 unless it is given; one of several where several are right. */
  readonly status?: number | readonly number[];
  readonly body?: string | Buffer | RegExp;
  readonly fields?: Readonly<Record<string, Wanted>>;
  /** Whether the origin was asked before the answer was complete. */
  readonly from?: "cache" | "origin";
  /** Fields of the last request that the origin got. */
  readonly asked?: Readonly<Record<string, Wanted>>;
  /** Whatever else must hold; throws where it does not. */
  readonly also?: (got: Received, asked: readonly Asked[]) => void;
}

export interface Exchange {
  readonly method?: string;
  /** Behind the case's own path. */
  readonly at?: string;
  readonly fields?: Fields;
  readonly body?: string;
  readonly expect: Expected;
  /** Stored behind the client's back: repeated until the expectation holds. */
  readonly eventually?: true;
}

export type Step =
  | Exchange
  /** The origin has been asked so often, and no more often. */
  | { readonly reached: number }
  /** A purge of the case's own URL, as `site.test` or as named. */
  | { readonly purges: (path: string) => Readonly<Record<string, unknown>> };

interface Setting {
  readonly claim: string;
  /** The section that it stands on, or `Tidegate` for a promise of our own. */
  readonly rfc: string;
  /** The policy that its path falls under. */
  readonly under?: Prefix;
  /** In turn, the last one again and again. */
  readonly origin?: readonly Spoken[] | Script;
}

export type HttpCase = Setting &
  ({ readonly steps: readonly Step[] } | { readonly story: (stage: Stage) => Promise<void> });

export const ORIGIN: Expected = { from: "origin" };
export const CACHE: Expected = { from: "cache" };

/** A GET of the case's path, or of something behind it. */
export const get = (expect: Expected = {}, fields: Fields = {}, at = ""): Exchange => ({
  expect,
  fields,
  at,
});

export const head = (expect: Expected = {}, fields: Fields = {}): Exchange => ({
  method: "HEAD",
  expect,
  fields,
});

export const cached = (body: string | Buffer, more: Expected = {}): Expected => ({
  from: "cache",
  body,
  ...more,
});
export const fetched = (body: string | Buffer, more: Expected = {}): Expected => ({
  from: "origin",
  body,
  ...more,
});

/** A date so many seconds from now, as HTTP writes it. */
/** Counted from when the run began: some minutes pass until the last case is played. */
export const dateIn = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString();

export const DAY = 86_400;

/** An answer that is fresh for a minute. */
export const fresh = (fields: Fields = {}, more: Omit<Spoken, "fields"> = {}): Spoken => ({
  fields: { "Cache-Control": "max-age=60", ...fields },
  ...more,
});

/** Stale since some seconds before it arrived, and kept because it can be validated. */
export const stale = (fields: Fields = {}, more: Omit<Spoken, "fields"> = {}): Spoken =>
  fresh({ Age: "70", ETag: '"v1"', ...fields }, more);
