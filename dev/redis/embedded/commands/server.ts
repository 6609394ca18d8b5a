// Commands about the server itself: PING, ECHO, TIME, WAIT, INFO.
import { at, CommandError, status, type Value, wrongArity } from "../answers.ts";
import type { CommandTable } from "../command.ts";
import type { Keyspace, Stored } from "../keyspace.ts";
import { integerOf } from "../numbers.ts";

export const serverCommands: CommandTable = {
  ping: { arity: -1, run: (_, args) => ping(args) },
  echo: { arity: 2, run: (_, [, message = ""]) => message },
  time: { arity: 1, run: (db) => [String(Math.floor(db.micros / 1e6)), String(db.micros % 1e6)] },
  wait: { arity: 3, noScript: true, run: (_, [, replicas = "", timeout = ""]) => wait(replicas, timeout) },
  info: { arity: -1, run: (db, [, ...sections]) => info(db, sections) },
};

function ping(args: readonly string[]): Value {
  if (args.length > 2) return wrongArity("ping");
  return args.length === 2 ? at(args, 1) : status("PONG");
}

/** There are no replicas, so none has it, whatever the timeout. */
function wait(replicas: string, timeout: string): Value {
  integerOf(replicas);
  if (integerOf(timeout, "ERR timeout is not an integer or out of range") < 0) {
    throw new CommandError("ERR timeout is negative");
  }
  return 0;
}

type Section = readonly string[];

function info(db: Keyspace, wanted: readonly string[]): Value {
  const names = wanted.map((name) => name.toLowerCase());
  const everything =
    names.length === 0 || names.some((name) => ["all", "default", "everything"].includes(name));
  const texts = [...sections(db)]
    .filter(([name]) => everything || names.includes(name.toLowerCase()))
    .map(([name, lines]) => [`# ${name}`, ...lines, ""].join("\r\n"));
  return texts.join("\r\n");
}

function sections(db: Keyspace): Map<string, Section> {
  const { keys, expiring, bytes } = measure(db);
  return new Map<string, Section>([
    ["Server", ["redis_version:7.0.15", "redis_mode:standalone", "tidegate_store:embedded"]],
    [
      "Memory",
      [`used_memory:${bytes}`, `used_memory_rss:${bytes}`, "maxmemory:0", "maxmemory_policy:noeviction"],
    ],
    ["Replication", ["role:master", "connected_slaves:0"]],
    ["Keyspace", keys === 0 ? [] : [`db0:keys=${keys},expires=${expiring},avg_ttl=0`]],
  ]);
}

/** Bytes of keys and values plus a flat overhead an entry: an estimate that rises and falls with the data. */
function measure(db: Keyspace): { keys: number; expiring: number; bytes: number } {
  const total = { keys: 0, expiring: 0, bytes: 0 };
  for (const { key, value, expiresAt } of db.all()) {
    total.keys++;
    if (expiresAt !== null) total.expiring++;
    total.bytes += key.length + sizeOf(value) + 64;
  }
  return total;
}

function sizeOf(value: Stored): number {
  switch (value.kind) {
    case "string":
      return value.data.length;
    case "hash":
      return sum([...value.fields].flat());
    case "list":
      return sum(value.items);
    case "set":
      return sum([...value.members]);
    case "zset":
      return (
        sum(value.sorted.slice(0, value.sorted.size).map(({ member }) => member)) + 8 * value.sorted.size
      );
    case "hyperloglog":
      return value.registers.length;
  }
}

function sum(items: readonly string[]): number {
  return items.reduce((bytes, item) => bytes + item.length + 16, 0);
}
