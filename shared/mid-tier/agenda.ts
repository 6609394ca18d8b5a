// What a beat has to do beside what it always does: known by one question, so that nothing asks in vain.

import type { Millis } from "../core/units.ts";
import type { Redis } from "../ports/redis.ts";
import { DUE, REPEATS, WARMUPS } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import AGENDA from "./scripts/agenda.lua";

/** `repeats`: of those that wait. `due`: of what has come to its time. `warmups`: of those that are open. */
export type Item = "repeats" | "due" | "warmups";

export interface Agenda {
  /** Where it can't be read, all of them: each says for itself that the database is away. */
  read(): Promise<ReadonlySet<Item>>;
}

const ITEMS: readonly Item[] = ["repeats", "due", "warmups"];

export function createAgenda(redis: Redis, of: { deadline: Millis; lead: Millis }): Agenda {
  return {
    async read() {
      const command = evalCommand(AGENDA, [REPEATS, DUE, WARMUPS], [of.lead]);
      const reply = scriptReply(await redis.run([command], of.deadline));
      if (reply.kind === "unavailable") return new Set(ITEMS);
      return new Set(ITEMS.filter((item) => reply.strings.includes(item)));
    },
  };
}
