// Commands over keys whatever their type, and over the whole key space.
import { at, CommandError, NOT_AN_INTEGER, OK, SYNTAX, status, type Value } from "../answers.ts";
import type { CommandTable } from "../command.ts";
import { globMatches } from "../glob.ts";
import type { Keyspace, Stored } from "../keyspace.ts";
import { integerOf } from "../numbers.ts";

const DEFAULT_SCAN_COUNT = 10;

export const keyCommands: CommandTable = {
  del: { arity: -2, write: true, run: (db, [, ...keys]) => keys.filter((key) => db.delete(key)).length },
  unlink: { arity: -2, write: true, run: (db, [, ...keys]) => keys.filter((key) => db.delete(key)).length },
  exists: { arity: -2, run: (db, [, ...keys]) => keys.filter((key) => db.get(key) !== undefined).length },
  type: { arity: 2, run: (db, [, key = ""]) => status(typeName(db.get(key))) },
  keys: { arity: 2, run: (db, [, pattern = ""]) => keysLike(db, pattern) },
  scan: { arity: -2, run: (db, args) => scan(db, args) },
  dbsize: { arity: 1, run: (db) => count(db) },
  flushdb: { arity: -1, write: true, run: (db, args) => flush(db, args) },
  flushall: { arity: -1, write: true, run: (db, args) => flush(db, args) },
};

function typeName(value: Stored | undefined): string {
  if (value === undefined) return "none";
  return value.kind === "hyperloglog" ? "string" : value.kind;
}

function count(db: Keyspace): number {
  let keys = 0;
  for (const _ of db.keysAfter(0)) keys++;
  return keys;
}

function keysLike(db: Keyspace, pattern: string): Value {
  const found: Value[] = [];
  for (const { key } of db.keysAfter(0)) if (globMatches(pattern, key)) found.push(key);
  return found;
}

/** The cursor is the creation number of the last key looked at: a key that stays is seen exactly once. */
function scan(db: Keyspace, args: readonly string[]): Value {
  const cursor = scanCursor(at(args, 1));
  const options = scanOptions(args);
  const found: Value[] = [];
  let looked = 0;
  let last = 0;
  for (const { key, order } of db.keysAfter(cursor)) {
    if (looked === options.count) return [String(last), found];
    looked++;
    last = order;
    const typeFits = options.type === null || typeName(db.get(key)) === options.type;
    if (typeFits && globMatches(options.pattern, key)) found.push(key);
  }
  return ["0", found];
}

function scanCursor(text: string): number {
  if (!/^[+-]?[0-9]{1,20}$/.test(text)) throw new CommandError("ERR invalid cursor");
  return Number(text);
}

function scanOptions(args: readonly string[]) {
  const options = { pattern: "*", count: DEFAULT_SCAN_COUNT, type: null as string | null };
  for (let i = 2; i < args.length; i += 2) {
    const word = at(args, i).toLowerCase();
    if (i + 1 >= args.length) throw new CommandError(SYNTAX);
    const value = at(args, i + 1);
    if (word === "match") options.pattern = value;
    else if (word === "type") options.type = value.toLowerCase();
    else if (word === "count") options.count = integerOf(value, NOT_AN_INTEGER);
    else throw new CommandError(SYNTAX);
    if (options.count < 1) throw new CommandError(SYNTAX);
  }
  return options;
}

function flush(db: Keyspace, args: readonly string[]): Value {
  const mode = at(args, 1).toLowerCase();
  if (args.length > 2 || (args.length === 2 && mode !== "async" && mode !== "sync"))
    throw new CommandError(SYNTAX);
  db.clear();
  return OK;
}
