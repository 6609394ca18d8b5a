// What a site says of its origin, as people write it and as edges read it.

import * as z from "zod";
import { DEFAULT_CLASSES } from "../core/classes.ts";
import type { ClassBudget, OriginLimits } from "../core/origin-limits.ts";
import type { BucketTerms } from "../core/token-bucket.ts";
import { readText } from "./faults.ts";
import { type Fault, parseJson } from "./json.ts";

/** Beside the site's own field: limits name nothing, so that no change of them takes names from what is stored. */
export const originField = (site: string): string => `origin/${site}`;

const rate = z.number().positive("must be more than 0").max(1_000_000);
const burst = z.number().min(1).max(1_000_000);
const cost = z.number().positive("must be more than 0").max(1_000_000);

const termsSchema = z.strictObject({ rate, burst: burst.optional() });
const classSchema = z.strictObject({ rate: rate.optional(), burst: burst.optional(), cost: cost.optional() });

const shape = z.strictObject({
  rate: rate.optional(),
  burst: burst.optional(),
  share: termsSchema.optional(),
  concurrency: z.number().int().min(1).max(10_000).optional(),
  retryShare: z.number().min(0).max(1).optional(),
  failureStatuses: z.array(z.number().int().min(500).max(599)).max(100).optional(),
  classes: z.record(z.string(), classSchema).optional(),
});

type Row = z.infer<typeof shape>;

export const originSchema = shape.superRefine((row, context) => {
  for (const { path, message } of contradictions(row)) context.addIssue({ code: "custom", path, message });
});

interface Contradiction {
  readonly path: string[];
  readonly message: string;
}

function contradictions(row: Row): Contradiction[] {
  const faults: Contradiction[] = [];
  const say = (path: string, message: string): void => {
    faults.push({ path: path.split("/"), message });
  };
  if (row.burst !== undefined && row.rate === undefined) say("burst", "needs a rate beside it");
  if (row.share !== undefined && row.rate === undefined) say("share", "needs a rate beside it");
  if (row.rate !== undefined && row.share === undefined)
    say("share", "is needed with a rate: what one edge may ask for while the mid-tier is away");
  for (const [name, of] of Object.entries(row.classes ?? {})) faults.push(...classFaults(row, name, of));
  return faults;
}

function classFaults(row: Row, name: string, of: z.infer<typeof classSchema>): Contradiction[] {
  const path = (field: string): string[] => ["classes", name, field];
  const message = `must be one of ${[...DEFAULT_CLASSES.keys()].join(", ")}`;
  if (!DEFAULT_CLASSES.has(name)) return [{ path: ["classes", name], message }];
  const faults: Contradiction[] = [];
  if (of.burst !== undefined && of.rate === undefined)
    faults.push({ path: path("burst"), message: "needs a rate beside it" });
  const buckets = [row, row.share, of].filter((one) => one?.rate !== undefined);
  const least = Math.min(...buckets.map((one) => termsOf(one)?.burst ?? 1));
  if ((of.cost ?? 1) > least)
    faults.push({ path: path("cost"), message: "must not be more than a bucket holds: the least burst" });
  if (row.rate === undefined)
    faults.push({ path: path("rate"), message: "needs the site's rate beside it, and its share" });
  return faults;
}

export const encodeOrigin = (row: Row): string => JSON.stringify(row);

/** Null where it can't be read: a limit is never guessed at. */
export function decodeOrigin(text: string): OriginLimits | null {
  const parsed = originSchema.safeParse(parseJson(text));
  return parsed.success ? limitsOf(parsed.data) : null;
}

export type ReadShare =
  | { readonly kind: "share"; readonly terms: BucketTerms }
  | { readonly kind: "invalid"; readonly faults: readonly Fault[] };

/** `{"rate": 10, "burst": 20}`, as an edge's environment says its share. */
export function readShare(text: string): ReadShare {
  const read = readText(termsSchema, text);
  return read.kind === "read" ? { kind: "share", terms: bucketOf(read.value.rate, read.value.burst) } : read;
}

function limitsOf(row: Row): OriginLimits {
  const [terms, share] = [termsOf(row), termsOf(row.share)];
  return {
    budget: terms === null || share === null ? null : { ...terms, share },
    classes: new Map(
      Object.entries(row.classes ?? {}).map(([name, of]): [string, ClassBudget] => [
        name,
        { cost: of.cost ?? 1, terms: termsOf(of) },
      ]),
    ),
    concurrency: row.concurrency ?? null,
    retryShare: row.retryShare ?? null,
    failureStatuses: row.failureStatuses ?? null,
  };
}

interface TermsGiven {
  readonly rate?: number | undefined;
  readonly burst?: number | undefined;
}

/** A bucket holds what comes in a second, where nothing else is said. */
function termsOf(given: TermsGiven | undefined): BucketTerms | null {
  return given?.rate === undefined ? null : bucketOf(given.rate, given.burst);
}

const bucketOf = (rate: number, burst = Math.max(1, Math.ceil(rate))): BucketTerms => ({ rate, burst });
