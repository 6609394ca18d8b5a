// Redis as the program's client finds it behind the REST gateway, without HTTP between: the same JSON, in this process.

import { setImmediate } from "node:timers/promises";
import { BackendUnavailable, type RedisBackend } from "../../dev/redis/backend.ts";
import { encodeReply } from "../../dev/redis/rest-encoding.ts";
import { answer, parseRequest } from "../../dev/redis/rest-request.ts";
import { readReplies } from "../../shared/mid-tier/upstash.ts";
import type { Redis, RedisArgument, RedisOutcome } from "../../shared/ports/redis.ts";
import { tickTimers } from "./tick-timers.ts";

const GONE: RedisOutcome = { kind: "unavailable", reason: "TypeError" };
const LATE: RedisOutcome = { kind: "unavailable", reason: "TimeoutError" };

/** After `end` it is unavailable, as it is behind a gateway that was closed. */
export function nearRedis(backend: RedisBackend): { readonly redis: Redis; end(): void } {
  let ended = false;
  const exchange = async (commands: readonly (readonly RedisArgument[])[]): Promise<RedisOutcome> => {
    // Nothing that comes from outside is there in the same turn.
    await setImmediate();
    const request = parseRequest("POST", "/pipeline", JSON.stringify(commands));
    if (ended || request.kind === "refused") return GONE;
    try {
      const { body } = await answer(backend, request, (reply) => encodeReply(reply, "text"));
      return readReplies(JSON.parse(body), commands.length);
    } catch (error) {
      if (error instanceof BackendUnavailable) return GONE;
      throw error;
    }
  };
  return {
    redis: {
      async run(commands, deadline) {
        const late = Promise.withResolvers<RedisOutcome>();
        const cancel = tickTimers.after(deadline, () => late.resolve(LATE));
        return Promise.race([exchange(commands), late.promise]).finally(cancel);
      },
    },
    end() {
      ended = true;
    },
  };
}
