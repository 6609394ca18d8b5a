// The real Lua scripts on the embedded store, reached over links that lose and delay.

import { createEmbeddedStore, type EmbeddedStore } from "../../dev/redis/embedded/store.ts";
import { isErrorReply, type Reply } from "../../dev/redis/reply.ts";
import type {
  CommandReply,
  Redis,
  RedisArgument,
  RedisOutcome,
  RedisReply,
} from "../../shared/ports/redis.ts";
import type { Chance } from "./chance.ts";
import type { Link } from "./network.ts";
import { TIME_ZERO } from "./time-zero.ts";
import type { VirtualTime } from "./virtual-time.ts";

type Commands = readonly (readonly RedisArgument[])[];

/** One store for all worlds of a process: its Lua machine costs more to make than a world to run. */
let store: EmbeddedStore | null = null;
let clock: VirtualTime | null = null;

async function emptyStore(time: VirtualTime): Promise<EmbeddedStore> {
  store ??= await createEmbeddedStore({ now: () => TIME_ZERO + (clock?.now ?? 0) });
  clock = time;
  store.call(["FLUSHALL"]);
  return store;
}

export class SimulatedRedis {
  private readonly store: EmbeddedStore;
  private readonly time: VirtualTime;
  /** What has been stored under, in order: where damage may strike. */
  private readonly answerKeys = new Set<string>();

  private constructor(store: EmbeddedStore, time: VirtualTime) {
    this.store = store;
    this.time = time;
  }

  static async begin(time: VirtualTime): Promise<SimulatedRedis> {
    return new SimulatedRedis(await emptyStore(time), time);
  }

  /** Redis as somebody at the other end of the link reaches it; `alive` is asked before a reply is handed over. */
  over(link: Link, alive: () => boolean): Redis {
    return { run: (commands, deadline) => this.send(commands, deadline, { link, alive }) };
  }

  /** Everything of the log but the configuration is gone, as after an eviction or a flush of its keys. */
  loseLog(): void {
    this.store.call(["DEL", "tg:log:head", "tg:log:entries", "tg:log:index", "tg:log:index:order"]);
  }

  /** Damages one stored answer or lease in one of many ways; says which, or null where nothing is stored. */
  damage(chance: Chance): string | null {
    if (this.answerKeys.size === 0) return null;
    const key = chance.pick([...this.answerKeys]);
    if (chance.hit(0.15)) {
      this.store.call(["SET", chance.hit(0.5) ? key : key.replace("tg:a:", "tg:l:"), "garbage"]);
      return `${key.slice(0, 12)} replaced`;
    }
    const type = this.store.call(["TYPE", key]);
    if (typeof type !== "object" || type === null || !("text" in type) || type.text !== "hash") return null;
    const field = chance.pick(["id", "ve", "vs", "at", "m", "b", "d", "b", "m"]);
    const held = this.store.call(["HGET", key, field]);
    const text = Buffer.isBuffer(held) ? held.toString() : "";
    this.store.call(["HSET", key, field, field.length === 2 ? "garbage" : flipped(text, chance)]);
    return `${key.slice(0, 12)} field ${field}`;
  }

  private send(
    commands: Commands,
    deadline: number,
    by: { link: Link; alive: () => boolean },
  ): Promise<RedisOutcome> {
    const { link, alive } = by;
    return new Promise((resolve) => {
      if (!alive()) return;
      const answer = (outcome: RedisOutcome): void => {
        if (alive()) resolve(outcome);
      };
      const fate = link.fate();
      if (fate === "refused") {
        this.time.after(1, () => answer({ kind: "unavailable", reason: "refused" }));
        return;
      }
      this.time.after(deadline, () => answer({ kind: "unavailable", reason: "TimeoutError" }));
      if (fate === "request-lost") return;
      // What is on its way arrives, whatever has become of its sender.
      this.time.after(link.transit(), () => {
        const replies = commands.map((command) => this.run(command));
        if (fate === "delivered") this.time.after(link.transit(), () => answer({ kind: "replies", replies }));
      });
    });
  }

  private run(command: readonly RedisArgument[]): CommandReply {
    const reply = this.store.call(command.map(String));
    for (const argument of command)
      if (typeof argument === "string" && argument.startsWith("tg:a:")) this.answerKeys.add(argument);
    return isErrorReply(reply)
      ? { kind: "error", message: reply.message }
      : { kind: "reply", reply: plain(reply) };
  }
}

/** One character of base64 or JSON changed for another. */
function flipped(text: string, chance: Chance): string {
  const at = chance.between(0, Math.max(0, text.length - 1));
  return `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
}

function plain(reply: Reply): RedisReply {
  if (reply === null || typeof reply === "number") return reply;
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (Array.isArray(reply)) return reply.map(plain);
  return reply.kind === "status" ? reply.text : null;
}
