// Policies by patterns of keys: rows of the metadata table, as the log tells them, and rows that the program has written down.

import { concernsNamespace, matchesPattern } from "../../shared/core/pattern.ts";
import { inForceOrder } from "../../shared/core/routing.ts";
import type { Fence, Policy } from "../../shared/core/rules.ts";
import { placeOfKey, VALUE_SCHEME } from "../../shared/core/value-key.ts";
import { policyField, readField } from "../../shared/wire/configuration.ts";
import { readPolicy } from "../../shared/wire/policy.ts";
import type { Namespace } from "./keys.ts";
import { CACHE_LIMITS } from "./limits.ts";
import { invalid, type ValueRules } from "./rules.ts";

/** A row as the metadata table has it; what concerns HTTP alone is passed over. A number is seconds, but for `window_ms`. */
export interface KeyPolicy {
  /** Of keys, as `users/*` and `carts/:id`; percent-encoded where a URL's path would be. */
  readonly key_pattern: string;
  /** One of the cache's own classes, or of Tidegate's. */
  readonly class: string;
  readonly ttl?: string | number;
  /** `override`: whatever a call or a loader says, this is the ttl. */
  readonly ttl_mode?: "respect" | "override";
  readonly stale_while_revalidate?: string | number;
  readonly stale_if_error?: string | number;
  readonly window_ms?: number;
  readonly fence?: "revalidate" | "serve-stale" | "refuse";
  readonly refresh_strategy?: "none" | "swr" | "refresh-ahead";
  readonly tags?: readonly string[];
  readonly priority?: number;
}

/** Who says what governs a key: the control plane, the call, the program's own rows, or the cache's class. */
export type GovernedBy = "table" | "call" | "code" | "cache";

/** The class that a call names, and the cache's own. */
interface Said {
  readonly call: string | undefined;
  readonly cache: string | null;
}

interface Row {
  readonly policy: Policy;
  readonly rules: ValueRules;
}

interface Governing {
  readonly table: Row | null;
  readonly code: Row | null;
}

type Classes = ReadonlyMap<string, ValueRules>;

export class Policies {
  /** Grows whenever the table says something else: what was loaded under other rules is not kept near. */
  generation = 0;
  private readonly namespace: Namespace;
  private readonly classes: Classes;
  private readonly code: readonly Row[];
  private table: readonly Row[] = [];
  private told = "[]";
  private remembered = new Map<string, Governing>();

  /** Throws `invalid-option`. */
  constructor(namespace: Namespace, classes: Classes, rows: readonly KeyPolicy[]) {
    this.namespace = namespace;
    this.classes = classes;
    this.code = inOrder(rows.map((row, at) => this.readRow(row, at)));
  }

  /** The rows of the site that name this namespace; answers whether they are others than before. */
  configure(fields: ReadonlyMap<string, string>): boolean {
    const beginning = policyField(this.namespace.site, "");
    const own = [...fields].filter(([field]) => field.startsWith(beginning));
    const policies = own.flatMap(([field, text]) => {
      const read = readField(field, text);
      return read.kind === "policy" && concernsNamespace(read.policy.pattern, this.namespace.name)
        ? [{ text, policy: read.policy }]
        : [];
    });
    const told = JSON.stringify(policies.map(({ text, policy }) => [policy.id, text]).sort());
    if (told === this.told) return false;
    this.told = told;
    this.table = inOrder(policies.flatMap(({ policy }) => this.rowOf(policy) ?? []));
    this.remembered = new Map();
    this.generation += 1;
    return true;
  }

  /** Null where none is named; `undefined` where there is no such class. */
  ofClass(name: string | null): ValueRules | null | undefined {
    return name === null ? null : this.classes.get(name);
  }

  /** As `ofClass`, of whatever governs a key. */
  rulesFor(key: string, said: Said): ValueRules | null | undefined {
    switch (this.saidBy(key, said)) {
      case "table":
        return this.governing(key).table?.rules;
      case "call":
        return this.ofClass(said.call ?? null);
      case "code":
        return this.governing(key).code?.rules;
      case "cache":
        return this.ofClass(said.cache);
    }
  }

  /** Who is in charge changes from the outside in: whoever runs the site may have to, while the program runs. */
  saidBy(key: string, { call }: Said): GovernedBy {
    const { table, code } = this.governing(key);
    if (table !== null) return "table";
    if (call !== undefined) return "call";
    return code === null ? "cache" : "code";
  }

  /** Whether there are no rows at all: then a hit need not ask which of them governs. */
  get isEmpty(): boolean {
    return this.table.length === 0 && this.code.length === 0;
  }

  private governing(key: string): Governing {
    const known = this.remembered.get(key);
    if (known !== undefined) return known;
    const { host, pathAndQuery: path } = placeOfKey(this.namespace.name, key);
    const first = (rows: readonly Row[]): Row | null =>
      rows.find(({ policy }) => matchesPattern(policy.pattern, host, path)) ?? null;
    const found = { table: first(this.table), code: first(this.code) };
    if (this.remembered.size >= CACHE_LIMITS.governed) this.remembered = new Map();
    this.remembered.set(key, found);
    return found;
  }

  private rowOf(policy: Policy): Row | null {
    const base = this.classes.get(policy.class);
    return base === undefined ? null : { policy, rules: rulesUnder(policy, base) };
  }

  private readRow(row: KeyPolicy, at: number): Row {
    const where = `policies.${at}`;
    const { class: name, key_pattern: pattern } = row;
    const base = this.classes.get(name);
    if (base === undefined) throw invalid(`${where}.class`, `there is no class ${JSON.stringify(name)}`);
    const whole = `${VALUE_SCHEME}${this.namespace.name}/${String(pattern).replace(/^\//, "")}`;
    const key_pattern = String(pattern).startsWith(VALUE_SCHEME) ? pattern : whole;
    // The table knows Tidegate's own classes and no others.
    const asRow = { ...row, key_pattern, class: "standard" };
    const read = readPolicy(asRow, { id: `code-${at}`, site: this.namespace.site });
    if (read.kind === "invalid") {
      const [fault] = read.faults;
      throw invalid(`${where}${fault?.pointer.replaceAll("/", ".")}`, fault?.message ?? "it can't be read");
    }
    if (!concernsNamespace(read.policy.pattern, this.namespace.name))
      throw invalid(`${where}.key_pattern`, "it has to be of this namespace's keys");
    return { policy: read.policy, rules: rulesUnder(read.policy, base) };
  }
}

const inOrder = (rows: readonly Row[]): readonly Row[] =>
  [...rows].sort((a, b) => inForceOrder(a.policy, b.policy));

function rulesUnder(policy: Policy, base: ValueRules): ValueRules {
  return {
    ...base,
    policy: policy.id,
    tags: policy.tags,
    ttl: policy.ttl ?? base.ttl,
    ttlMode: policy.ttlMode,
    staleWhileRevalidate: policy.staleWhileRevalidate ?? base.staleWhileRevalidate,
    staleIfError: policy.staleIfError ?? base.staleIfError,
    window: policy.window ?? base.window,
    fence: policy.fence === null ? base.fence : fenceUnder(policy.fence, base),
    refreshAhead: policy.refresh === null ? base.refreshAhead : policy.refresh === "refresh-ahead",
  };
}

/** A loader is the truth: what an edge would refuse, it is asked for. */
function fenceUnder(kind: Fence["kind"], { fence, window }: ValueRules): Fence {
  if (kind !== "serve-stale") return { kind: "revalidate" };
  return { kind, cap: fence.kind === "serve-stale" ? fence.cap : window };
}
