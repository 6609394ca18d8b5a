// What a backend of the gateway answers, as a port to Redis hands it on.

import { isErrorReply, type Reply } from "../../dev/redis/reply.ts";
import type { CommandReply, RedisReply } from "../../shared/ports/redis.ts";

export function toReply(reply: Reply): CommandReply {
  return isErrorReply(reply)
    ? { kind: "error", message: reply.message }
    : { kind: "reply", reply: plain(reply) };
}

function plain(reply: Reply): RedisReply {
  if (reply instanceof Uint8Array) return new TextDecoder().decode(reply);
  if (Array.isArray(reply)) return reply.map(plain);
  if (isErrorReply(reply)) return reply.message;
  return typeof reply === "object" && reply !== null ? reply.text : reply;
}
