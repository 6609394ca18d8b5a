// Redis: the real Lua scripts on the embedded store, reached over links that lose and delay, and all that befalls it.

import { isErrorReply, type Reply } from "../../dev/redis/reply.ts";
import TAKE from "../../shared/mid-tier/scripts/take.lua";
import type {
  CommandReply,
  Redis,
  RedisArgument,
  RedisOutcome,
  RedisReply,
} from "../../shared/ports/redis.ts";
import type { History } from "./history.ts";
import type { Isolate } from "./isolate.ts";
import type { Link } from "./network.ts";
import type { Damage, Fault } from "./plan/faults.ts";
import { EffectsReader } from "./redis-effects.ts";
import { RedisStore } from "./redis-store.ts";
import { StoredAnswers } from "./stored-answers.ts";
import { TIME_ZERO } from "./time-zero.ts";
import type { VirtualTime } from "./virtual-time.ts";

type Commands = readonly (readonly RedisArgument[])[];

/** What a replica may answer: scripts count only where they are sent as reads. */
const READS = new Set(
  "get hget hgetall hmget exists ttl pttl zrange zrevrange zrangebyscore zrevrangebyscore zcard lrange eval_ro evalsha_ro".split(
    " ",
  ),
);
/** What no eviction takes: the database of the log runs without. */
const KEPT = ["tg:log:", "tg:configuration", "tg:audit", "tg:bucket:"];
/** The part of a restart at whose end Redis answers, but only that it is loading. */
const LOADING = 0.2;

export type RedisFault = Extract<
  Fault,
  { kind: "replica" | "damage" | "evict" | "log-loss" | "flush" | "redis-restart" | "full" | "failover" }
>;

interface World {
  readonly time: VirtualTime;
  readonly history: History;
}

export class SimulatedRedis {
  readonly name: string;
  private readonly store: RedisStore;
  /** Null where it holds no log. */
  private readonly reader: EffectsReader | null;
  private readonly time: VirtualTime;
  private readonly history: History;
  private lag: number | null = null;
  private fullUntil = 0;
  private down: { until: number; loadingFrom: number; silent: boolean } | null = null;

  private constructor(
    { time, history }: World,
    name: string,
    of: { readonly store: RedisStore; readonly reader: EffectsReader | null },
  ) {
    this.time = time;
    this.history = history;
    this.name = name;
    this.store = of.store;
    this.store.isFull = () => time.now < this.fullUntil;
    this.reader = of.reader;
  }

  /** The database named `control`; `shared`: whether others hold answers too. */
  static async begin(world: World, shared: boolean): Promise<SimulatedRedis> {
    const reader = new EffectsReader(world.history, shared);
    const store = await RedisStore.empty("redis", world.time, (effects) => reader.take(effects));
    return new SimulatedRedis(world, "redis", { store, reader });
  }

  /** One of the databases beside it. */
  static async beside(world: World, name: string): Promise<SimulatedRedis> {
    const answers = new StoredAnswers(world.history, true);
    const store = await RedisStore.empty(name, world.time, ({ at, commands }) =>
      answers.take(commands, at - TIME_ZERO),
    );
    return new SimulatedRedis(world, name, { store, reader: null });
  }

  /** Redis as an isolate at the other end of the link reaches it; `who` takes tokens, where it does. */
  over(link: Link, isolate: Isolate, who = ""): Redis {
    return {
      run: (commands, deadline) =>
        new Promise((resolve) => {
          const back = isolate.wayBack();
          const answer = (outcome: RedisOutcome): void => back(() => resolve(outcome));
          isolate.after(deadline, () => resolve({ kind: "unavailable", reason: "TimeoutError" }));
          link.carry<RedisOutcome>({
            arrive: (reply) => this.arrive(commands, { who, reply }),
            answered: answer,
            refused: () => answer({ kind: "unavailable", reason: "refused" }),
          });
        }),
    };
  }

  suffer(fault: RedisFault): void {
    switch (fault.kind) {
      case "replica":
        this.lag = fault.lag;
        break;
      case "damage":
        this.say(this.damage(fault.what));
        break;
      case "evict":
        this.say(this.evict(fault.pick));
        break;
      case "log-loss":
        // All of it but the configuration.
        this.store.call(["DEL", "tg:log:head", "tg:log:entries", "tg:log:index", "tg:log:index:order"]);
        break;
      case "flush":
        this.store.call(["FLUSHALL"]);
        this.history.bucketLosses.push(this.time.now);
        break;
      case "redis-restart": {
        const { now } = this.time;
        const loadingFrom = now + fault.for * (1 - LOADING);
        this.down = { until: now + fault.for, loadingFrom, silent: fault.silent };
        break;
      }
      case "full":
        this.fullUntil = this.time.now + fault.for;
        break;
      case "failover":
        this.failOver(this.time.now - fault.lag);
    }
  }

  heal(): void {
    this.lag = null;
    this.down = null;
    this.fullUntil = 0;
  }

  private arrive(
    commands: Commands,
    { who, reply }: { who: string; reply: (outcome: RedisOutcome) => void },
  ): void {
    const { down, time } = this;
    if (down === null || time.now >= down.until)
      reply({ kind: "replies", replies: commands.map((command) => this.runFor(who, command)) });
    else if (time.now >= down.loadingFrom) {
      const message = "LOADING Redis is loading the dataset in memory";
      reply({ kind: "replies", replies: commands.map(() => ({ kind: "error", message })) });
    } else if (!down.silent) reply({ kind: "unavailable", reason: "refused" });
  }

  private runFor(who: string, command: readonly RedisArgument[]): CommandReply {
    const answer = this.run(command);
    if (command[1] !== TAKE || answer.kind === "error" || !Array.isArray(answer.reply)) return answer;
    const [kind, after] = answer.reply;
    if (kind === "granted") this.history.grants.push({ to: who, from: this.time.now + Number(after) });
    return answer;
  }

  private failOver(to: number): void {
    this.history.bucketLosses.push(this.time.now);
    this.store.rollBack(to);
    const head = this.store.call(["HMGET", "tg:log:head", "epoch", "seq"]);
    const [epoch, seq] = Array.isArray(head) ? head.map((part) => Number(part ?? 0)) : [];
    const survived = { epoch: epoch ?? 0, seq: seq ?? 0 };
    const fields = this.store.call(["HKEYS", "tg:configuration"]);
    const { reader } = this;
    if (reader === null) return;
    reader.resume(survived, Array.isArray(fields) ? fields.map(String) : []);
    const { highestEpoch: highest } = reader;
    this.history.lost({ since: to, at: this.time.now, survived, highest, ahead: [] });
  }

  /** One stored answer or lease; says which. */
  private damage({ pick, how }: Damage): string {
    const key = this.keys("tg:a:*").at(Math.floor(pick * this.keys("tg:a:*").length));
    if (key === undefined) return "nothing to damage";
    if (how.kind === "replaced") {
      this.store.call(["SET", how.key === "answer" ? key : key.replace("tg:a:", "tg:l:"), "garbage"]);
      return `damaged: ${key.slice(0, 12)} replaced`;
    }
    const type = this.store.call(["TYPE", key]);
    if (typeof type !== "object" || type === null || !("text" in type) || type.text !== "hash")
      return "nothing to damage";
    const held = this.store.call(["HGET", key, how.name]);
    const text = Buffer.isBuffer(held) ? held.toString() : "";
    this.store.call(["HSET", key, how.name, how.name.length === 2 ? "garbage" : flipped(text, how.place)]);
    return `damaged: ${key.slice(0, 12)} field ${how.name}`;
  }

  private evict(pick: number): string {
    const keys = this.keys("*").filter((key) => !KEPT.some((prefix) => key.startsWith(prefix)));
    const key = keys[Math.floor(pick * keys.length)];
    if (key === undefined) return "nothing to evict";
    this.store.call(["DEL", key]);
    return `evicted: ${key.slice(0, 24)}`;
  }

  private keys(pattern: string): string[] {
    const reply = this.store.call(["KEYS", pattern]);
    return Array.isArray(reply) ? reply.map(String).sort() : [];
  }

  private run(command: readonly RedisArgument[]): CommandReply {
    const args = command.map(String);
    const isRead = READS.has((args[0] ?? "").toLowerCase());
    const reply =
      this.lag !== null && isRead ? this.store.callReplica(args, this.lag) : this.store.call(args);
    return isErrorReply(reply)
      ? { kind: "error", message: reply.message }
      : { kind: "reply", reply: plain(reply) };
  }

  private say(what: string): void {
    this.history.trace.push(`${this.time.now} ${this.name} ${what}`);
  }
}

/** One character of base64 or JSON changed for another. */
function flipped(text: string, place: number): string {
  const at = Math.max(0, Math.min(text.length - 1, Math.floor(place * text.length)));
  return `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
}

function plain(reply: Reply): RedisReply {
  if (reply === null || typeof reply === "number") return reply;
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (Array.isArray(reply)) return reply.map(plain);
  return reply.kind === "status" ? reply.text : null;
}
