// The journal's database and the log's in virtual time, each with a past of its own.

import type { Redis } from "../../shared/ports/redis.ts";
import type { Chance } from "../simulator/chance.ts";
import { RedisStore } from "../simulator/redis-store.ts";
import type { VirtualTime } from "../simulator/virtual-time.ts";
import { toReply } from "./to-reply.ts";

/** `redis` is both of them, by what a command names. */
export async function twoDatabases(time: VirtualTime, chance: Chance) {
  const journal = await RedisStore.empty("journal", time, () => {});
  const log = await RedisStore.empty("log", time, () => {});
  const redis: Redis = {
    async run(commands) {
      await time.pass(chance.between(1, 8));
      const replies = commands.map((command) => {
        const words = command.map(String);
        const of = words.some((word) => word.includes("tg:j")) ? journal : log;
        return toReply(of.call(words));
      });
      await time.pass(chance.between(1, 8));
      return { kind: "replies", replies };
    },
  };
  return { journal, log, redis };
}
