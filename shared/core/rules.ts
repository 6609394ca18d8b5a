// What governs one URL: a policy's own words over the defaults of its class.

import type { PathPattern } from "./pattern.ts";
import type { RequestDirectivesPolicy } from "./request-directives.ts";
import { type Bytes, bytes, type Millis, millis } from "./units.ts";

export type EvictionPolicy = "sieve" | "s3-fifo" | "lru" | "gdsf" | "ttl";
export type RefreshStrategy = "none" | "swr" | "refresh-ahead";
export type WritePolicy = "write-around" | "write-through" | "write-back";

/** What happens when the class's window can't be met. */
export type Fence =
  | { readonly kind: "revalidate" }
  | { readonly kind: "serve-stale"; readonly cap: Millis }
  | { readonly kind: "refuse" };

/** Which answers of a class the data centre's Cache API takes: all, none, or those too large for memory. */
export type CacheApiUse = "all" | "large" | "none";

export interface ClassSettings {
  readonly name: string;
  /** Lifetime where the origin states none; null = only the origin's own. */
  readonly ttl: Millis | null;
  readonly staleWhileRevalidate: Millis | null;
  readonly staleIfError: Millis | null;
  /** The consistency window Δ. */
  readonly window: Millis;
  readonly fence: Fence;
  /** Bytes of L1 memory; 0 = none. */
  readonly memoryBudget: Bytes;
  readonly eviction: EvictionPolicy;
  readonly cacheApi: CacheApiUse;
  /** Largest body that L2 takes; 0 = none. */
  readonly l2MaxBody: Bytes;
  /** Bytes of each shard, records and overhead included; 0 = none. */
  readonly l2Budget: Bytes;
  readonly replicas: number;
  readonly refresh: RefreshStrategy;
  readonly write: WritePolicy;
  readonly journal: JournalUse;
  /** Largest fraction of the lifetime that jitter takes away. */
  readonly jitter: number;
  /** Whether what stands at a URL never changes, so that browsers need not ask again (RFC 8246). */
  readonly content: "changing" | "immutable";
}

/** What an acknowledgement by the journal looks like, and whether a write may take the place of one before it. */
export interface JournalUse {
  readonly status: 200 | 201 | 202 | 204;
  readonly merges: boolean;
  /** Whether a URL has one value for all, whatever credentials they show. */
  readonly shared: boolean;
}

/** What a class may take up of a shard, and who gives way where that is full: sieve's choice, or what expires first. */
export interface L2Budget {
  readonly class: string;
  readonly eviction: "sieve" | "ttl";
  readonly bytes: Bytes;
}

export const l2BudgetOf = (rules: Pick<ClassSettings, "name" | "eviction" | "l2Budget">): L2Budget => ({
  class: rules.name,
  eviction: rules.eviction === "ttl" ? "ttl" : "sieve",
  bytes: rules.l2Budget,
});

/** Which parts of a request make the cache key beside host and path. */
export interface KeyRecipe {
  readonly query:
    | { readonly kind: "all" }
    | { readonly kind: "none" }
    | { readonly kind: "include"; readonly names: readonly string[] }
    | { readonly kind: "exclude"; readonly names: readonly string[] };
  /** Whether the order of query parameters makes no difference. */
  readonly sort: boolean;
  readonly headers: readonly string[];
  readonly cookies: readonly string[];
}

export const WHOLE_URL: KeyRecipe = { query: { kind: "all" }, sort: false, headers: [], cookies: [] };

/** What becomes of an answer with cookies: not stored, stored without them, or stored with them for everybody. */
export type SetCookiePolicy = "refuse" | "strip" | "store";

/** What of the origin's words to caches a client gets to see. */
export interface AnswerFields {
  readonly tags: "strip" | "keep";
  readonly targeted: "keep" | "strip";
  /** Whether browsers are told of content that never changes, in classes that have such. */
  readonly immutable: "say" | "leave";
}

/** How a policy's URLs deal with what stands in requests and answers. */
export interface Handling {
  readonly key: KeyRecipe;
  readonly tags: readonly string[];
  readonly setCookie: SetCookiePolicy;
  readonly requestDirectives: RequestDirectivesPolicy;
  readonly answer: AnswerFields;
}

export const DEFAULT_HANDLING: Handling = {
  key: WHOLE_URL,
  tags: [],
  setCookie: "refuse",
  requestDirectives: "restrict",
  answer: { tags: "strip", targeted: "keep", immutable: "say" },
};

/** A row of the metadata table, parsed. Null means: the class decides. */
export interface Policy extends Handling {
  readonly id: string;
  readonly site: string;
  readonly pattern: PathPattern;
  readonly class: string;
  readonly ttl: Millis | null;
  readonly ttlMode: "respect" | "override";
  readonly staleWhileRevalidate: Millis | null;
  readonly staleIfError: Millis | null;
  readonly eviction: EvictionPolicy | null;
  readonly refresh: RefreshStrategy | null;
  readonly write: WritePolicy | null;
  readonly journal: Partial<JournalUse>;
  readonly window: Millis | null;
  readonly fence: Fence["kind"] | null;
  readonly priority: number;
}

/** A policy resolved against its class: what the request's path reads. */
export interface Rules extends ClassSettings, Handling {
  readonly policyId: string | null;
  readonly ttlMode: "respect" | "override";
  /** Whether caches may keep anything of the URL. */
  readonly kept: "for all" | "for nobody";
}

export const rulesOfClass = (settings: ClassSettings): Rules =>
  nearest({ ...settings, ...DEFAULT_HANDLING, policyId: null, ttlMode: "respect", kept: "for all" });

/** What is written to the journal is cached nowhere above L2, and read from there each time: whoever has written reads it. */
function nearest(rules: Rules): Rules {
  if (rules.write !== "write-back") return rules;
  const none = millis(0);
  const never = { staleWhileRevalidate: none, staleIfError: none, refresh: "none" } as const;
  // Older than the journal's there may be something in L2, and nothing that may be served for it.
  const fence = rules.fence.kind === "serve-stale" ? ({ kind: "refuse" } as const) : rules.fence;
  return { ...rules, ...never, fence, window: none, memoryBudget: bytes(0), cacheApi: "none" };
}

export function resolveRules(policy: Policy, settings: ClassSettings): Rules {
  return nearest({
    ...settings,
    policyId: policy.id,
    ttl: policy.ttl ?? settings.ttl,
    ttlMode: policy.ttlMode,
    staleWhileRevalidate: policy.staleWhileRevalidate ?? settings.staleWhileRevalidate,
    staleIfError: policy.staleIfError ?? settings.staleIfError,
    eviction: policy.eviction ?? settings.eviction,
    refresh: policy.refresh ?? settings.refresh,
    write: policy.write ?? settings.write,
    journal: { ...settings.journal, ...policy.journal },
    window: policy.window ?? settings.window,
    fence: policy.fence === null ? settings.fence : fenceOf(policy.fence, settings),
    key: policy.key,
    tags: policy.tags,
    setCookie: policy.setCookie,
    requestDirectives: policy.requestDirectives,
    answer: policy.answer,
    kept: "for all",
  });
}

/** The same where nothing is kept: what is read comes from the origin, what is written goes to it. */
export const keepingNothing = (rules: Rules): Rules => ({
  ...rules,
  ...{ kept: "for nobody", memoryBudget: bytes(0), cacheApi: "none", l2MaxBody: bytes(0) },
  // Nor is a browser told to keep it for good.
  ...{ refresh: "none", write: "write-around", content: "changing" },
});

function fenceOf(kind: Fence["kind"], settings: ClassSettings): Fence {
  if (kind !== "serve-stale") return { kind };
  const cap = settings.fence.kind === "serve-stale" ? settings.fence.cap : settings.window;
  return { kind, cap };
}

/** How late an invalidation can become visible: Δ, and the cap too where the fence serves stale. */
export const boundOf = (rules: Pick<ClassSettings, "window" | "fence">): Millis =>
  (rules.window + (rules.fence.kind === "serve-stale" ? rules.fence.cap : 0)) as Millis;
