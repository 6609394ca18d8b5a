// Hash commands.
import { at, failure, NOT_AN_INTEGER, type Value, wrongArity } from "../answers.ts";
import type { CommandTable } from "../command.ts";
import type { Keyspace } from "../keyspace.ts";
import { addIntegers, isStrictInteger } from "../numbers.ts";

export const hashCommands: CommandTable = {
  hset: { arity: -4, write: true, grows: true, run: (db, args) => setFields(db, args) },
  hsetnx: {
    arity: 4,
    write: true,
    grows: true,
    run: (db, [, key = "", name = "", value = ""]) => setNew(db, key, [name, value]),
  },
  hget: { arity: 3, run: (db, [, key = "", name = ""]) => fieldsOf(db, key)?.get(name) ?? null },
  hmget: { arity: -3, run: (db, [, key = "", ...names]) => getFields(db, key, names) },
  hgetall: { arity: 2, run: (db, [, key = ""]) => [...(fieldsOf(db, key) ?? [])].flat() },
  hkeys: { arity: 2, run: (db, [, key = ""]) => [...(fieldsOf(db, key)?.keys() ?? [])] },
  hvals: { arity: 2, run: (db, [, key = ""]) => [...(fieldsOf(db, key)?.values() ?? [])] },
  hlen: { arity: 2, run: (db, [, key = ""]) => fieldsOf(db, key)?.size ?? 0 },
  hexists: { arity: 3, run: (db, [, key = "", name = ""]) => (fieldsOf(db, key)?.has(name) ? 1 : 0) },
  hstrlen: { arity: 3, run: (db, [, key = "", name = ""]) => fieldsOf(db, key)?.get(name)?.length ?? 0 },
  hdel: { arity: -3, write: true, run: (db, [, key = "", ...names]) => deleteFields(db, key, names) },
  hincrby: {
    arity: 4,
    write: true,
    grows: true,
    run: (db, [, key = "", name = "", by = ""]) => increment(db, key, [name, by]),
  },
};

function fieldsOf(db: Keyspace, key: string): Map<string, string> | undefined {
  return db.find("hash", key)?.fields;
}

function fieldsToWrite(db: Keyspace, key: string): Map<string, string> {
  return db.findOrAdd("hash", key, () => ({ kind: "hash", fields: new Map() })).fields;
}

function setFields(db: Keyspace, args: readonly string[]): Value {
  if (args.length % 2 === 1) return wrongArity("hset");
  const fields = fieldsToWrite(db, at(args, 1));
  const before = fields.size;
  for (let i = 2; i < args.length; i += 2) fields.set(at(args, i), at(args, i + 1));
  db.changes++;
  return fields.size - before;
}

function setNew(db: Keyspace, key: string, [name, value]: readonly [string, string]): Value {
  if (fieldsOf(db, key)?.has(name)) return 0;
  fieldsToWrite(db, key).set(name, value);
  db.changes++;
  return 1;
}

function getFields(db: Keyspace, key: string, names: readonly string[]): Value {
  const fields = fieldsOf(db, key);
  return names.map((name) => fields?.get(name) ?? null);
}

function deleteFields(db: Keyspace, key: string, names: readonly string[]): Value {
  const fields = fieldsOf(db, key);
  if (fields === undefined) return 0;
  const deleted = names.filter((name) => fields.delete(name)).length;
  db.changes += deleted;
  if (fields.size === 0) db.delete(key);
  return deleted;
}

function increment(db: Keyspace, key: string, [name, by]: readonly [string, string]): Value {
  if (!isStrictInteger(by)) return failure(NOT_AN_INTEGER);
  const current = fieldsOf(db, key)?.get(name) ?? "0";
  if (!isStrictInteger(current)) return failure("ERR hash value is not an integer");
  const sum = addIntegers(current, by);
  fieldsToWrite(db, key).set(name, sum);
  db.changes++;
  return Number(sum);
}
