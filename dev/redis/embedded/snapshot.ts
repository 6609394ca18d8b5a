// The whole key space as commands that make it again, for rewriting the log.
import type { Effects } from "./effects-log.ts";
import type { Keyspace, Stored } from "./keyspace.ts";
import { formatDouble } from "./numbers.ts";

/** Not a Redis command and never dispatched: registers go back in as they are, in base64. */
export const RESTORE_REGISTERS = "tidegate.restore-registers";
/** Items a command, so that no record grows without limit. */
const ITEMS_A_COMMAND = 1000;

export function* snapshotOf(db: Keyspace): Generator<Effects> {
  for (const { key, value, expiresAt } of db.all()) {
    const commands = [...commandsFor(key, value)];
    if (expiresAt !== null) commands.push(["pexpireat", key, String(expiresAt)]);
    yield { at: db.millis, commands };
  }
}

function commandsFor(key: string, value: Stored): string[][] {
  switch (value.kind) {
    case "string":
      return [["set", key, value.data]];
    case "hash":
      return inBatches(["hset", key], [...value.fields].flat());
    case "list":
      return inBatches(["rpush", key], value.items);
    case "set":
      return inBatches(["sadd", key], [...value.members]);
    case "zset": {
      const members = value.sorted.slice(0, value.sorted.size);
      return inBatches(
        ["zadd", key],
        members.flatMap(({ member, score }) => [formatDouble(score), member]),
      );
    }
    case "hyperloglog":
      return [[RESTORE_REGISTERS, key, Buffer.from(value.registers).toString("base64")]];
  }
}

/** Pairs stay together: a batch has an even number of items. */
function inBatches(head: readonly string[], items: readonly string[]): string[][] {
  const batches: string[][] = [];
  for (let i = 0; i < items.length; i += ITEMS_A_COMMAND) {
    batches.push([...head, ...items.slice(i, i + ITEMS_A_COMMAND)]);
  }
  return batches;
}
