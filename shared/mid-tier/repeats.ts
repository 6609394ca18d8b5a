// Invalidations that are to be appended once more: for origins that go on answering with the old for a while.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { REPEATS, REPEATS_WORK } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import DUE_REPEATS from "./scripts/due-repeats.lua";
import SCHEDULE_REPEAT from "./scripts/schedule-repeat.lua";

export interface Repeat {
  /** The receipt of the invalidation that is repeated. */
  readonly id: string;
  readonly work: string;
}

export type ScheduleOutcome = { readonly kind: "scheduled" } | { readonly kind: "full" } | Unavailable;

export interface Repeats {
  /** `due` is Redis TIME, milliseconds. */
  schedule(repeat: Repeat, due: number): Promise<ScheduleOutcome>;
  due(most: number): Promise<{ readonly kind: "due"; readonly repeats: readonly Repeat[] } | Unavailable>;
  done(id: string): Promise<void>;
}

export function createRepeats(redis: Redis, limits: { deadline: Millis; most: number }): Repeats {
  const keys = [REPEATS, REPEATS_WORK];
  return {
    async schedule({ id, work }, due) {
      const command = evalCommand(SCHEDULE_REPEAT, keys, [id, due, work, limits.most]);
      const reply = scriptReply(await redis.run([command], limits.deadline));
      if (reply.kind === "unavailable") return reply;
      return { kind: reply.strings[0] === "full" ? "full" : "scheduled" };
    },
    async due(most) {
      const reply = scriptReply(await redis.run([evalCommand(DUE_REPEATS, keys, [most])], limits.deadline));
      if (reply.kind === "unavailable") return reply;
      const repeats: Repeat[] = [];
      for (let i = 0; i + 1 < reply.strings.length; i += 2)
        repeats.push({ id: reply.strings[i] ?? "", work: reply.strings[i + 1] ?? "" });
      return { kind: "due", repeats };
    },
    async done(id) {
      // Left undone by an outage it is only appended again under the same operation's id.
      await redis.run(
        [
          ["ZREM", REPEATS, id],
          ["HDEL", REPEATS_WORK, id],
        ],
        limits.deadline,
      );
    },
  };
}
