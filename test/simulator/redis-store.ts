// The embedded store as one world has it, with its past: a replica can lag behind it, or take its place.

import type { Effects } from "../../dev/redis/embedded/effects-log.ts";
import { createEmbeddedStore, type EmbeddedStore } from "../../dev/redis/embedded/store.ts";
import type { Reply } from "../../dev/redis/reply.ts";
import { TIME_ZERO } from "./time-zero.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What a store's clock shows, and who is told what its commands changed. */
interface Attached {
  now: () => number;
  isFull: () => boolean;
  observe: (effects: Effects) => void;
}

/** A store for all worlds of a process: its Lua machine costs more to make than a world to run. */
class Pooled {
  private readonly attached: Attached = { now: () => 0, isFull: () => false, observe: () => undefined };
  private store: Promise<EmbeddedStore> | null = null;

  async empty(attached: Attached): Promise<EmbeddedStore> {
    this.store ??= createEmbeddedStore({
      now: () => this.attached.now(),
      isFull: () => this.attached.isFull(),
      observe: (effects) => this.attached.observe(effects),
    });
    const store = await this.store;
    Object.assign(this.attached, { ...attached, isFull: () => false, observe: () => undefined });
    store.call(["FLUSHALL"]);
    Object.assign(this.attached, attached);
    return store;
  }
}

/** By the database's name. */
const POOLS = new Map<string, { readonly primary: Pooled; readonly replica: Pooled }>();

function poolOf(name: string): { readonly primary: Pooled; readonly replica: Pooled } {
  const pool = POOLS.get(name) ?? { primary: new Pooled(), replica: new Pooled() };
  POOLS.set(name, pool);
  return pool;
}

export class RedisStore {
  /** Whether it has no room for more; what it has had already it takes all the same. */
  isFull: () => boolean = () => false;
  private readonly time: VirtualTime;
  private readonly observe: (effects: Effects) => void;
  private past: Effects[] = [];
  private readonly primary: EmbeddedStore;
  private readonly replica: EmbeddedStore;
  /** How much of the past the replica has. */
  private replicated = 0;
  /** Of what is replayed now; null otherwise. */
  private instant: number | null = null;

  private constructor(
    time: VirtualTime,
    observe: (effects: Effects) => void,
    stores: { primary: EmbeddedStore; replica: EmbeddedStore },
  ) {
    this.time = time;
    this.observe = observe;
    this.primary = stores.primary;
    this.replica = stores.replica;
  }

  static async empty(
    name: string,
    time: VirtualTime,
    observe: (effects: Effects) => void,
  ): Promise<RedisStore> {
    let made: RedisStore | null = null;
    const now = (): number => made?.instant ?? TIME_ZERO + time.now;
    const pool = poolOf(name);
    const isFull = (): boolean => made !== null && made.instant === null && made.isFull();
    const primary = await pool.primary.empty({ now, isFull, observe: (effects) => made?.changed(effects) });
    const replica = await pool.replica.empty({ now, isFull: () => false, observe: () => undefined });
    made = new RedisStore(time, observe, { primary, replica });
    return made;
  }

  call(args: readonly string[]): Reply {
    return this.primary.call(args);
  }

  /** As a replica answers that is behind by `lag` ms. */
  callReplica(args: readonly string[], lag: number): Reply {
    const until = TIME_ZERO + this.time.now - lag;
    for (let next = this.past[this.replicated]; next !== undefined && next.at <= until; ) {
      this.replay(next, this.replica);
      this.replicated += 1;
      next = this.past[this.replicated];
    }
    return this.replica.call(args);
  }

  /** Everything since then is as if it had not been. */
  rollBack(to: number): void {
    const kept = this.past.filter(({ at }) => at <= TIME_ZERO + to);
    this.past = [];
    this.replicated = 0;
    this.replica.call(["FLUSHALL"]);
    this.replay({ at: TIME_ZERO, commands: [["FLUSHALL"]] }, this.primary);
    for (const effects of kept) this.replay(effects, this.primary);
    this.past = kept;
  }

  private changed(effects: Effects): void {
    if (this.instant !== null) return;
    this.past.push(effects);
    this.observe(effects);
  }

  private replay({ at, commands }: Effects, into: EmbeddedStore): void {
    this.instant = at;
    // Arguments are octets already, one a character.
    for (const command of commands) into.call(command.map((argument) => Buffer.from(argument, "latin1")));
    this.instant = null;
  }
}
