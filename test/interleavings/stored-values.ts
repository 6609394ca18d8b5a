// Values of the embedded store, copied, put in order and named; and its replies, as the port hands them on.

import type { Value } from "../../dev/redis/embedded/answers.ts";
import { toText } from "../../dev/redis/embedded/binary.ts";
import type { Stored } from "../../dev/redis/embedded/keyspace.ts";
import { SortedSet } from "../../dev/redis/embedded/sorted-set.ts";
import type { RedisReply } from "../../shared/ports/redis.ts";

export const isError = (value: Value): value is Value & { kind: "error"; message: string } =>
  typeof value === "object" && value !== null && !Array.isArray(value) && value.kind === "error";

export function plain(value: Value): RedisReply {
  if (value === null || typeof value === "number") return value;
  if (typeof value === "string") return toText(value);
  if (Array.isArray(value)) return value.map(plain);
  return value.kind === "status" ? value.text : null;
}

/** Fields in order of their names: in Redis a hash has no order that could be relied on. */
export function canonical(value: Stored): Stored {
  if (value.kind === "hash")
    return { kind: "hash", fields: new Map([...value.fields].sort(([a], [b]) => (a < b ? -1 : 1))) };
  return copied(value);
}

export function copied(value: Stored): Stored {
  switch (value.kind) {
    case "string":
      return value;
    case "hash":
      return { kind: "hash", fields: new Map(value.fields) };
    case "list":
      return { kind: "list", items: [...value.items] };
    case "zset": {
      const sorted = new SortedSet();
      for (const { member, score } of value.sorted.slice(0, value.sorted.size)) sorted.set(member, score);
      return { kind: "zset", sorted };
    }
    default:
      throw new Error(`no script keeps a ${value.kind}`);
  }
}

export function textOf(value: Stored): string {
  switch (value.kind) {
    case "string":
      return `string ${value.data}`;
    case "hash":
      return `hash ${JSON.stringify([...value.fields])}`;
    case "list":
      return `list ${JSON.stringify(value.items)}`;
    case "zset":
      return `zset ${JSON.stringify(value.sorted.slice(0, value.sorted.size))}`;
    default:
      throw new Error(`no script keeps a ${value.kind}`);
  }
}
