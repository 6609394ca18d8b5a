// A row of the metadata table as people write it, and as the core reads it.

import * as z from "zod";
import { DEFAULT_CLASSES } from "../core/classes.ts";
import { parsePattern } from "../core/pattern.ts";
import { DEFAULT_HANDLING, type Handling, type KeyRecipe, type Policy } from "../core/rules.ts";
import { days, type Millis, millis } from "../core/units.ts";
import { parseDuration } from "./duration.ts";
import { faultsIn } from "./faults.ts";
import type { Fault } from "./json.ts";
import { illFormed, tagFault } from "./text.ts";

/** A site's name, or a policy's. */
export const identifier = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be 1 to 64 letters, digits, '.', '_' or '-'");

const NO_DURATION = "must be a duration such as 30s, 5m or 365d, or seconds";
const duration = z
  .union([z.string(), z.number()], NO_DURATION)
  .refine((value) => parseDuration(value) !== null, { message: NO_DURATION });

const answerSchema = z.strictObject({
  tags: z.enum(["strip", "keep"]).optional(),
  targeted: z.enum(["keep", "strip"]).optional(),
  immutable: z.enum(["say", "leave"]).optional(),
});

const names = z.array(z.string().min(1).max(256)).max(64);
const fieldNames = z
  .array(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be a header name"))
  .max(16);

const sort = z.boolean().optional();

const keySchema = z.strictObject({
  query: z
    .union(
      [
        z.enum(["all", "none"]),
        z.strictObject({ include: names, sort }),
        z.strictObject({ exclude: names, sort }),
        z.strictObject({ sort: z.boolean() }),
      ],
      "must be all, none, or an object with include, exclude or sort",
    )
    .optional(),
  headers: fieldNames.optional(),
  cookies: names.optional(),
});

const MOST_WINDOW = days(1);

/** No policy can ask for a longer bound: where nobody knows any more what was in force, it was no more than this. */
export const LONGEST_BOUND: Millis = millis(
  MOST_WINDOW +
    Math.max(
      ...[...DEFAULT_CLASSES.values()].map(({ fence, window }) =>
        fence.kind === "serve-stale" ? fence.cap : window,
      ),
    ),
);

export const policySchema = z.strictObject({
  id: identifier.optional(),
  site: identifier.optional(),
  key_pattern: z.string().superRefine((text, context) => {
    const outcome = parsePattern(text);
    if (outcome.kind === "invalid") context.addIssue({ code: "custom", message: outcome.message });
  }),
  class: z.string().refine((name) => DEFAULT_CLASSES.has(name), {
    message: `must be one of ${[...DEFAULT_CLASSES.keys()].join(", ")}`,
  }),
  ttl: duration.optional(),
  ttl_mode: z.enum(["respect", "override"]).optional(),
  stale_while_revalidate: duration.optional(),
  stale_if_error: duration.optional(),
  eviction_policy: z.enum(["sieve", "s3-fifo", "lru", "gdsf", "ttl"]).optional(),
  refresh_strategy: z.enum(["none", "swr", "refresh-ahead"]).optional(),
  write_policy: z.enum(["write-around", "write-through", "write-back"]).optional(),
  write_back: z
    .strictObject({
      status: z
        .union(
          [z.literal(200), z.literal(201), z.literal(202), z.literal(204)],
          "must be 200, 201, 202 or 204",
        )
        .optional(),
      merge: z.boolean().optional(),
      shared: z.boolean().optional(),
    })
    .optional(),
  window_ms: z.number().int().min(0).max(MOST_WINDOW).optional(),
  fence: z.enum(["revalidate", "serve-stale", "refuse"]).optional(),
  key: keySchema.optional(),
  set_cookie: z.enum(["refuse", "strip", "store"]).optional(),
  request_directives: z.enum(["ignore", "restrict", "honor"]).optional(),
  answer: answerSchema.optional(),
  tags: z.array(z.string().min(1).max(1024)).max(64).optional(),
  priority: z.number().int().min(-1_000_000).max(1_000_000).optional(),
});

export type PolicyRow = z.infer<typeof policySchema>;

export type PolicyOutcome =
  | { readonly kind: "policy"; readonly policy: Policy; readonly row: PolicyRow }
  | { readonly kind: "invalid"; readonly faults: readonly Fault[] };

/** `fallback` names the row where it has no id or site of its own. */
export function readPolicy(value: unknown, fallback: { id: string; site: string }): PolicyOutcome {
  const parsed = policySchema.safeParse(value);
  if (!parsed.success) return { kind: "invalid", faults: faultsIn(parsed.error) };
  const policy = toPolicy(parsed.data, fallback);
  return policy === null
    ? { kind: "invalid", faults: [{ pointer: "/key_pattern", message: "is not a pattern" }] }
    : { kind: "policy", policy, row: parsed.data };
}

/** The last part of a route of its own below `/policies`: a policy of this name could not be read. */
const ROUTE = "suggestions";

/** What a row must not be written with, though one that is there already is read with it. */
export function writingFaults({
  id,
  tags,
  key = {},
}: Pick<PolicyRow, "id" | "tags" | "key">): readonly Fault[] {
  const { query, cookies } = key;
  const chosen = typeof query === "object" ? query : { sort: false };
  return [
    ...(id === ROUTE ? [{ pointer: "/id", message: `must not be ${ROUTE}` }] : []),
    ...faultsAmong(tags, "/tags", tagFault),
    ...faultsAmong("include" in chosen ? chosen.include : [], "/key/query/include", illFormed),
    ...faultsAmong("exclude" in chosen ? chosen.exclude : [], "/key/query/exclude", illFormed),
    ...faultsAmong(cookies, "/key/cookies", cookieFault),
  ];
}

function faultsAmong(
  texts: readonly string[] = [],
  where: string,
  faultOf: (text: string) => string | null,
): Fault[] {
  return texts.flatMap((text, index) => {
    const message = faultOf(text);
    return message === null ? [] : [{ pointer: `${where}/${index}`, message }];
  });
}

/** More than a token (RFC 6265 §4.1.1), since PHP's `a[b]` is none and is sent; but nothing that could not be told from a value. */
const cookieFault = (name: string): string | null =>
  /^[!#-+\--:<>-[\]-~]+$/.test(name)
    ? null
    : 'must be the name of one cookie: visible ASCII characters but for " , ; = and \\';

function toPolicy(row: PolicyRow, fallback: { id: string; site: string }): Policy | null {
  const pattern = parsePattern(row.key_pattern);
  if (pattern.kind === "invalid") return null;
  return {
    id: row.id ?? fallback.id,
    site: row.site ?? fallback.site,
    pattern: pattern.pattern,
    class: row.class,
    ttl: span(row.ttl),
    ttlMode: row.ttl_mode ?? "respect",
    staleWhileRevalidate: span(row.stale_while_revalidate),
    staleIfError: span(row.stale_if_error),
    eviction: row.eviction_policy ?? null,
    refresh: row.refresh_strategy ?? null,
    write: row.write_policy ?? null,
    journal: toJournal(row.write_back),
    window: (row.window_ms as Millis | undefined) ?? null,
    fence: row.fence ?? null,
    ...toHandling(row),
    priority: row.priority ?? 0,
  };
}

const toHandling = (row: PolicyRow): Handling => ({
  key: toRecipe(row.key),
  tags: row.tags ?? DEFAULT_HANDLING.tags,
  setCookie: row.set_cookie ?? DEFAULT_HANDLING.setCookie,
  requestDirectives: row.request_directives ?? DEFAULT_HANDLING.requestDirectives,
  answer: {
    tags: row.answer?.tags ?? DEFAULT_HANDLING.answer.tags,
    targeted: row.answer?.targeted ?? DEFAULT_HANDLING.answer.targeted,
    immutable: row.answer?.immutable ?? DEFAULT_HANDLING.answer.immutable,
  },
});

const toJournal = (use: PolicyRow["write_back"]): Policy["journal"] => ({
  ...(use?.status === undefined ? {} : { status: use.status }),
  ...(use?.merge === undefined ? {} : { merges: use.merge }),
  ...(use?.shared === undefined ? {} : { shared: use.shared }),
});

const span = (value: string | number | undefined): Millis | null =>
  value === undefined ? null : parseDuration(value);

function toRecipe(key: PolicyRow["key"]): KeyRecipe {
  const query = key?.query;
  return {
    query: toQuery(query),
    sort: typeof query === "object" && query.sort === true,
    headers: (key?.headers ?? []).map((name) => name.toLowerCase()),
    cookies: key?.cookies ?? [],
  };
}

function toQuery(query: NonNullable<PolicyRow["key"]>["query"]): KeyRecipe["query"] {
  if (query === "none") return { kind: "none" };
  if (query === undefined || query === "all") return { kind: "all" };
  if ("include" in query) return { kind: "include", names: query.include };
  return "exclude" in query ? { kind: "exclude", names: query.exclude } : { kind: "all" };
}
