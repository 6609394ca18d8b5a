// The embedded store as a value: a call of the real scripts takes one content to another, and is run once for each.

import { createHash } from "node:crypto";
import { toBinary, toText } from "../../dev/redis/embedded/binary.ts";
import { Scripts } from "../../dev/redis/embedded/commands/scripting.ts";
import { Dispatcher } from "../../dev/redis/embedded/dispatch.ts";
import { Keyspace, type Stored } from "../../dev/redis/embedded/keyspace.ts";
import { LuaMachine } from "../../dev/redis/embedded/lua/machine.ts";
import { millis } from "../../shared/core/units.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import type { Log, MidTier } from "../../shared/ports/mid-tier.ts";
import type { CommandReply, Redis, RedisArgument } from "../../shared/ports/redis.ts";
import { oneShard } from "../support/one-shard.ts";
import { canonical, copied, isError, plain, textOf } from "./stored-values.ts";

/** What the store holds at one instant. Equal contents are one object. */
export interface Content {
  readonly index: number;
  /** By the ordinal of its key, the number of the value; 0 = absent. */
  readonly values: readonly number[];
}

/** One call through the mid-tier's own interface. Equal names are equal calls. */
export interface Call<T> {
  readonly name: string;
  readonly send: (ends: Ends) => Promise<T>;
}

export interface Ends {
  readonly midTier: MidTier;
  readonly log: Log;
}

export interface Ran<T> {
  readonly outcome: T;
  readonly content: Content;
}

/** A script's text as it is run in the place of another: how mutants come in. */
export type Rewrite = (script: string) => string;

interface Held {
  readonly value: Stored;
  readonly expiresAt: number | null;
}

/** What a call looks at; `keys` is null where it looks at more than it declares. */
interface Footprint {
  readonly keys: readonly number[] | null;
  readonly scripts: readonly string[];
}

interface Effect {
  readonly outcome: unknown;
  readonly changes: readonly (readonly [key: number, value: number])[];
}

/** Displaced beyond it: small, so that displacement happens. */
const VARIANTS_PER_KEY = 2;

export class Database {
  /** Scripts actually run, and those remembered. */
  readonly counts = { run: 0, remembered: 0 };
  private readonly db = new Keyspace();
  private readonly dispatcher = new Dispatcher(this.db);
  private readonly keys: string[] = [];
  private readonly ordinals = new Map<string, number>();
  private readonly held: (Held | null)[] = [null];
  private readonly heldByText = new Map<string, number>();
  private readonly contents: Content[] = [];
  private readonly contentByText = new Map<string, Content>();
  private readonly footprints = new Map<string, Footprint>();
  private readonly effects = new Map<string, Effect>();
  private readonly ends: Ends;
  private rewrite: { readonly name: string; readonly by: Rewrite } = { name: "", by: (script) => script };
  private readonly rewritten = new Map<string, string>();
  private now = 0;
  /** Whether a command since has changed anything. */
  private wrote = false;
  private seen: { declared: Set<string>; scripts: Set<string>; beyond: boolean } | null = null;

  private constructor() {
    const redis: Redis = {
      run: async (commands) => ({ kind: "replies", replies: commands.map((one) => this.execute(one)) }),
    };
    const midTier = createMidTier({
      ...oneShard(redis),
      digest,
      readDeadline: millis(1),
      fillDeadline: millis(1),
      variantsPerKey: VARIANTS_PER_KEY,
    });
    this.ends = { midTier, log: createLog(redis, LOG_LIMITS) };
  }

  static async create(): Promise<Database> {
    const made = new Database();
    const machine = await LuaMachine.create();
    made.dispatcher.add(
      new Scripts(machine, (args, access) => {
        made.notice(args);
        return made.dispatcher.fromScript(args, access);
      }).commands(),
    );
    return made;
  }

  /** From now on scripts run as rewritten; what is remembered of scripts that it leaves alone stays good. */
  mutate(name: string, by: Rewrite): void {
    this.rewrite = { name, by };
    this.rewritten.clear();
  }

  get empty(): Content {
    return this.intern([]);
  }

  /** What the call did on that content before, if it did. */
  recall<T>(call: Call<T>, content: Content, now: number): Ran<T> | null {
    const footprint = this.footprints.get(call.name);
    if (footprint === undefined) return null;
    const effect = this.effects.get(this.effectName(call, footprint, { content, now }));
    if (effect === undefined) return null;
    this.counts.remembered += 1;
    return { outcome: effect.outcome as T, content: this.applied(effect, content) };
  }

  async run<T>(call: Call<T>, content: Content, now: number): Promise<Ran<T>> {
    const before = this.recall(call, content, now);
    if (before !== null) return before;
    this.counts.run += 1;
    this.load(content, now);
    const seen = { declared: new Set<string>(), scripts: new Set<string>(), beyond: false };
    this.seen = seen;
    const outcome = await call.send(this.ends);
    const changes = this.changesTo(content);
    const keys = seen.beyond ? null : [...seen.declared].map((key) => this.ordinalOf(key));
    const footprint = { keys, scripts: [...seen.scripts] };
    // Another content may lead another way through the script: what one run looked at has to hold for all.
    const known = this.footprints.get(call.name);
    if (known === undefined || (known.keys !== null && keys === null))
      this.footprints.set(call.name, footprint);
    const used = this.footprints.get(call.name) ?? footprint;
    const effect = { outcome, changes };
    this.effects.set(this.effectName(call, used, { content, now }), effect);
    return { outcome, content: this.applied(effect, content) };
  }

  /** Without what has expired by then. */
  at(content: Content, now: number): Content {
    return this.intern(content.values.map((value) => (this.isGone(value, now) ? 0 : value)));
  }

  /** With the keys that are chosen as they are in the other content. */
  replaced(content: Content, by: Content, chosen: (key: string) => boolean): Content {
    return this.intern(
      this.keys.map((key, i) => (chosen(key) ? (by.values[i] ?? 0) : (content.values[i] ?? 0))),
    );
  }

  withoutField(content: Content, key: string, field: string): Content {
    const held = this.held[this.valueAt(content, key)] ?? null;
    if (held?.value.kind !== "hash") return content;
    const fields = new Map([...held.value.fields].filter(([name]) => name !== field));
    const value = this.valueOf({ kind: "hash", fields }, held.expiresAt);
    const ordinal = this.ordinalOf(key);
    return this.intern(content.values.map((before, i) => (i === ordinal ? value : before)));
  }

  keysOf(content: Content): string[] {
    return this.keys.filter((_, i) => (content.values[i] ?? 0) !== 0);
  }

  /** The number of a key's value: equal where the value is. */
  valueAt(content: Content, key: string): number {
    const ordinal = this.ordinals.get(key);
    return ordinal === undefined ? 0 : (content.values[ordinal] ?? 0);
  }

  /** The fields of a hash; none where there is no hash. */
  hash(content: Content, key: string): ReadonlyMap<string, string> {
    const value = this.held[this.valueAt(content, key)]?.value;
    return value?.kind === "hash" ? value.fields : NO_FIELDS;
  }

  private effectName(
    call: Call<unknown>,
    { keys, scripts }: Footprint,
    on: { content: Content; now: number },
  ): string {
    const { content, now } = on;
    const touched = scripts.some((script) => this.textOf(script) !== script);
    const values = keys === null ? content.values : keys.map((key) => content.values[key] ?? 0);
    return `${call.name}|${touched ? this.rewrite.name : ""}|${now}|${values.join(",")}`;
  }

  private applied({ changes }: Effect, content: Content): Content {
    if (changes.length === 0) return content;
    const values = [...content.values];
    for (const [key, value] of changes) {
      while (values.length < key) values.push(0);
      values[key] = value;
    }
    return this.intern(values);
  }

  private intern(values: readonly number[]): Content {
    let length = values.length;
    while (length > 0 && values[length - 1] === 0) length -= 1;
    const trimmed = values.slice(0, length);
    const text = trimmed.join(",");
    const known = this.contentByText.get(text);
    if (known !== undefined) return known;
    const content = { index: this.contents.length, values: trimmed };
    this.contents.push(content);
    this.contentByText.set(text, content);
    return content;
  }

  private ordinalOf(key: string): number {
    const known = this.ordinals.get(key);
    if (known !== undefined) return known;
    this.keys.push(key);
    this.ordinals.set(key, this.keys.length - 1);
    return this.keys.length - 1;
  }

  private load(content: Content, now: number): void {
    this.now = now;
    this.wrote = false;
    this.db.clear();
    this.db.setTime(now);
    for (const [i, value] of content.values.entries()) {
      const held = this.held[value] ?? null;
      if (held !== null) this.db.put(this.keys[i] ?? "", copied(held.value), held.expiresAt);
    }
  }

  private changesTo(content: Content): (readonly [number, number])[] {
    if (!this.wrote) return this.expiries(content);
    const after = new Map<number, number>();
    for (const { key, value, expiresAt } of this.db.all())
      after.set(this.ordinalOf(key), this.valueOf(value, expiresAt));
    const changes: (readonly [number, number])[] = [];
    for (const [i] of this.keys.entries()) {
      const value = after.get(i) ?? 0;
      if (value !== (content.values[i] ?? 0)) changes.push([i, value]);
    }
    return changes;
  }

  private expiries({ values }: Content): (readonly [number, number])[] {
    return [...values.entries()].filter(([, value]) => this.isGone(value)).map(([key]) => [key, 0] as const);
  }

  private isGone(value: number, now = this.now): boolean {
    const expiresAt = this.held[value]?.expiresAt ?? null;
    return expiresAt !== null && now > expiresAt;
  }

  private valueOf(value: Stored, expiresAt: number | null): number {
    const sorted = canonical(value);
    const text = `${expiresAt} ${textOf(sorted)}`;
    const known = this.heldByText.get(text);
    if (known !== undefined) return known;
    this.held.push({ value: sorted, expiresAt });
    this.heldByText.set(text, this.held.length - 1);
    return this.held.length - 1;
  }

  private execute(command: readonly RedisArgument[]): CommandReply {
    const args = command.map(String);
    if (args[0] === "EVAL") {
      const script = args[1] ?? "";
      this.seen?.scripts.add(script);
      for (const key of args.slice(3, 3 + Number(args[2]))) this.seen?.declared.add(key);
      args[1] = this.textOf(script);
    }
    this.db.setTime(this.now);
    const value = this.dispatcher.execute(args.map(toBinary));
    if (this.dispatcher.takeEffects().length > 0) this.wrote = true;
    if (isError(value)) return { kind: "error", message: toText(value.message) };
    return { kind: "reply", reply: plain(value) };
  }

  private textOf(script: string): string {
    const known = this.rewritten.get(script);
    if (known !== undefined) return known;
    const text = this.rewrite.by(script);
    this.rewritten.set(script, text);
    return text;
  }

  private notice(args: readonly string[]): void {
    const { seen } = this;
    if (seen !== null && args.some((arg) => arg.startsWith("tg:") && !seen.declared.has(arg)))
      seen.beyond = true;
  }
}

const NO_FIELDS: ReadonlyMap<string, string> = new Map();

const digest: Digest = {
  sha256Hex: async (text) => createHash("sha256").update(text).digest("hex"),
  async sha256Base64(parts) {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest("base64");
  },
  hmacHex: () => Promise.reject(new Error("nothing is signed here")),
};
