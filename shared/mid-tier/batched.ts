// Calls of one database that are made in one turn, sent as one: for whoever reads many keys at once.

import type { Millis } from "../core/units.ts";
import type { Redis, RedisArgument, RedisOutcome } from "../ports/redis.ts";

type Commands = readonly (readonly RedisArgument[])[];

interface Waiting {
  readonly commands: Commands;
  readonly deadline: Millis;
  readonly resolve: (outcome: RedisOutcome) => void;
}

/** Commands in one call at most: what is beyond them goes with the next. */
const MOST = 256;

/**
 * Not where what is sent ends with the request that sends it, as in a Worker: see `gathered.ts`. Each call keeps its
 * commands together and in order; all of one batch wait as long as the most patient of them, and share its fate.
 */
export function batchedRedis(redis: Redis): Redis {
  let waiting: Waiting[] = [];
  const send = (): void => {
    const now = waiting;
    waiting = [];
    for (let from = 0; from < now.length; ) {
      let [to, count] = [from, 0];
      do {
        count += now[to]?.commands.length ?? 0;
        to += 1;
      } while (to < now.length && count + (now[to]?.commands.length ?? 0) <= MOST);
      sendBatch(redis, now.slice(from, to));
      from = to;
    }
  };
  return {
    run(commands, deadline) {
      const { promise, resolve } = Promise.withResolvers<RedisOutcome>();
      waiting.push({ commands, deadline, resolve });
      // Not the next microtask: others of this turn come some of them later.
      if (waiting.length === 1) queueMicrotask(() => queueMicrotask(() => queueMicrotask(send)));
      return promise;
    },
  };
}

function sendBatch(redis: Redis, batch: readonly Waiting[]): void {
  const deadline = batch.reduce((most, one) => (one.deadline > most ? one.deadline : most), 0 as Millis);
  const all = batch.flatMap(({ commands }) => commands);
  void redis.run(all, deadline).then((outcome) => {
    let at = 0;
    for (const { commands, resolve } of batch) {
      const from = at;
      at += commands.length;
      resolve(
        outcome.kind === "unavailable"
          ? outcome
          : { kind: "replies", replies: outcome.replies.slice(from, at) },
      );
    }
  });
}
