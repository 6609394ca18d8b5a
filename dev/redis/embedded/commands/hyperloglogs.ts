// HyperLogLog commands.
import { CommandError, OK, type Value, WRONG_TYPE } from "../answers.ts";
import type { CommandTable } from "../command.ts";
import { addElement, emptyRegisters, estimate, mergeInto } from "../hyperloglog.ts";
import type { Keyspace } from "../keyspace.ts";

const NOT_A_HYPERLOGLOG = "WRONGTYPE Key is not a valid HyperLogLog string value.";

export const hyperLogLogCommands: CommandTable = {
  pfadd: {
    arity: -2,
    write: true,
    grows: true,
    run: (db, [, key = "", ...elements]) => add(db, key, elements),
  },
  pfcount: { arity: -2, run: (db, [, ...keys]) => estimate(merged(db, keys)) },
  pfmerge: {
    arity: -2,
    write: true,
    grows: true,
    run: (db, [, target = "", ...sources]) => merge(db, target, sources),
  },
};

function registersOf(db: Keyspace, key: string): Uint8Array | undefined {
  const value = db.get(key);
  if (value === undefined || value.kind === "hyperloglog") return value?.registers;
  throw new CommandError(value.kind === "string" ? NOT_A_HYPERLOGLOG : WRONG_TYPE);
}

function registersToWrite(db: Keyspace, key: string): Uint8Array {
  const found = registersOf(db, key);
  if (found !== undefined) return found;
  const registers = emptyRegisters();
  db.put(key, { kind: "hyperloglog", registers }, null);
  return registers;
}

function add(db: Keyspace, key: string, elements: readonly string[]): Value {
  const isNew = registersOf(db, key) === undefined;
  const registers = registersToWrite(db, key);
  const raised = elements.filter((element) => addElement(registers, element)).length;
  db.changes += raised;
  return isNew || raised > 0 ? 1 : 0;
}

function merged(db: Keyspace, keys: readonly string[]): Uint8Array {
  const union = emptyRegisters();
  for (const key of keys) mergeInto(union, registersOf(db, key) ?? emptyRegisters());
  return union;
}

function merge(db: Keyspace, target: string, sources: readonly string[]): Value {
  const union = merged(db, [target, ...sources]);
  mergeInto(registersToWrite(db, target), union);
  db.changes++;
  return OK;
}
