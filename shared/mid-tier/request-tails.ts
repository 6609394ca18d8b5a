// Who watches requests as they happen, and what edges tell of them: short-lived, bounded, and lost without harm.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { parseJson } from "../wire/json.ts";
import {
  encodeWatch,
  type KeptBatch,
  readKeptBatch,
  readWatch,
  type TailWatch,
  type ToldWatch,
} from "../wire/request-tail.ts";
import { TAIL_BATCHES, TAIL_COUNT, TAIL_WATCHES } from "./keys.ts";
import { evalCommand, mergeAll, scriptReply } from "./script.ts";
import TAIL_APPEND from "./scripts/tail-append.lua";
import TAIL_READ from "./scripts/tail-read.lua";

export type TailRead =
  | { readonly kind: "read"; readonly place: string; readonly batches: readonly KeptBatch[] }
  /** As many watch as may. */
  | { readonly kind: "full" }
  | Unavailable;

export interface RequestTails {
  append(batches: readonly KeptBatch[]): Promise<{ readonly kind: "merged" } | Unavailable>;
  /** Renews the watch, and reads what came behind `place`; null begins now. */
  read(watch: TailWatch, place: string | null): Promise<TailRead>;
  /** Watches no more. */
  leave(id: string): Promise<void>;
}

export interface RequestTailsLimits {
  readonly deadline: Millis;
  /** How long a watch lasts that nobody renews. */
  readonly lasts: Millis;
  readonly watches: number;
  readonly batches: number;
  readonly kept: Millis;
  /** Batches read at once. */
  readonly page: number;
}

export function createRequestTails(redis: Redis, limits: RequestTailsLimits): RequestTails {
  const { deadline } = limits;
  return {
    append(batches) {
      const texts = batches.map((batch) => JSON.stringify(batch));
      if (texts.length === 0) return mergeAll(redis, [], deadline);
      const args = [limits.kept, limits.batches, ...texts];
      return mergeAll(redis, [evalCommand(TAIL_APPEND, [TAIL_BATCHES, TAIL_COUNT], args)], deadline);
    },
    async read(watch, place) {
      const args = [watch.id, encodeWatch(watch), limits.lasts, place ?? "", limits.page, limits.watches];
      const command = evalCommand(TAIL_READ, [TAIL_WATCHES, TAIL_BATCHES, TAIL_COUNT], args);
      const reply = scriptReply(await redis.run([command], deadline));
      if (reply.kind === "unavailable") return reply;
      const [kind, reached = "0", ...texts] = reply.strings;
      if (kind === "full") return { kind: "full" };
      return { kind: "read", place: reached, batches: texts.flatMap((text) => batchIn(text) ?? []) };
    },
    async leave(id) {
      await redis.run([["HDEL", TAIL_WATCHES, id]], deadline);
    },
  };
}

/** `count batch`, as `tail-append.lua` writes it; null where another release wrote it. */
const batchIn = (text: string): KeptBatch | null =>
  readKeptBatch(parseJson(text.slice(text.indexOf(" ") + 1)));

/** Everybody who watches at `now`, of the hash: `until watch`, as `tail-read.lua` writes it. */
export function watchesIn(strings: readonly string[], now: number): ToldWatch[] {
  const found: ToldWatch[] = [];
  for (let i = 1; i < strings.length; i += 2) {
    const text = strings[i] ?? "";
    const space = text.indexOf(" ");
    const forMs = Number(text.slice(0, space)) - now;
    const watch = readWatch(parseJson(text.slice(space + 1)));
    if (watch !== null && forMs > 0) found.push({ ...watch, forMs });
  }
  return found;
}
