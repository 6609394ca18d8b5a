// String commands.
import {
  at,
  CommandError,
  failure,
  NOT_A_FLOAT,
  NOT_AN_INTEGER,
  OK,
  SYNTAX,
  type Value,
  wrongArity,
} from "../answers.ts";
import type { CommandTable } from "../command.ts";
import type { Keyspace } from "../keyspace.ts";
import { addLongDoubles, isLongDouble } from "../long-double.ts";
import { addIntegers, INT64_MIN, isStrictInteger, parseDouble } from "../numbers.ts";
import { expiryInstant } from "./expiry.ts";

export const stringCommands: CommandTable = {
  set: { arity: -3, write: true, grows: true, run: (db, args) => set(db, args) },
  get: { arity: 2, run: (db, [, key = ""]) => db.find("string", key)?.data ?? null },
  getdel: { arity: 2, write: true, run: (db, [, key = ""]) => getAndDelete(db, key) },
  strlen: { arity: 2, run: (db, [, key = ""]) => db.find("string", key)?.data.length ?? 0 },
  append: { arity: 3, write: true, grows: true, run: (db, [, key = "", tail = ""]) => append(db, key, tail) },
  mget: { arity: -2, run: (db, [, ...keys]) => keys.map((key) => peek(db, key)) },
  mset: { arity: -3, write: true, grows: true, run: (db, args) => setMany(db, args) },
  incr: { arity: 2, write: true, grows: true, run: (db, [, key = ""]) => increment(db, key, "1") },
  decr: { arity: 2, write: true, grows: true, run: (db, [, key = ""]) => increment(db, key, "-1") },
  incrby: { arity: 3, write: true, grows: true, run: (db, [, key = "", by = ""]) => increment(db, key, by) },
  decrby: { arity: 3, write: true, grows: true, run: (db, [, key = "", by = ""]) => decrement(db, key, by) },
  incrbyfloat: {
    arity: 3,
    write: true,
    grows: true,
    run: (db, [, key = "", by = ""]) => incrementFloat(db, key, by),
  },
};

type SetOptions = {
  condition: "nx" | "xx" | null;
  answersOld: boolean;
  keepsTtl: boolean;
  expiry: { readonly unit: string; readonly amount: string } | null;
};

const EXPIRY_UNITS = new Set(["ex", "px", "exat", "pxat"]);

function set(db: Keyspace, args: readonly string[]): Value {
  const [, key = "", data = ""] = args;
  const options = setOptions(args);
  const expiresAt = options.expiry === null ? null : expiryInstant(db, "set", options.expiry);
  const old = options.answersOld ? (db.find("string", key)?.data ?? null) : null;
  const exists = db.get(key) !== undefined;
  if ((options.condition === "nx" && exists) || (options.condition === "xx" && !exists)) return old;
  db.put(key, { kind: "string", data }, options.keepsTtl ? (db.expiryOf(key) ?? null) : expiresAt);
  return options.answersOld ? old : OK;
}

function setOptions(args: readonly string[]): SetOptions {
  const options: SetOptions = { condition: null, answersOld: false, keepsTtl: false, expiry: null };
  for (let i = 3; i < args.length; i++) {
    const word = at(args, i).toLowerCase();
    if ((word === "nx" || word === "xx") && (options.condition === null || options.condition === word)) {
      options.condition = word;
    } else if (word === "get") {
      options.answersOld = true;
    } else if (word === "keepttl" && options.expiry === null) {
      options.keepsTtl = true;
    } else if (
      EXPIRY_UNITS.has(word) &&
      !options.keepsTtl &&
      i + 1 < args.length &&
      mayRepeat(options, word)
    ) {
      options.expiry = { unit: word, amount: at(args, ++i) };
    } else {
      throw new CommandError(SYNTAX);
    }
  }
  return options;
}

/** Redis takes `EX 1 EX 2` (the later wins) but not `EX 1 PX 2`. */
function mayRepeat(options: SetOptions, unit: string): boolean {
  return options.expiry === null || options.expiry.unit === unit;
}

function getAndDelete(db: Keyspace, key: string): Value {
  const found = db.find("string", key);
  if (found === undefined) return null;
  db.delete(key);
  return found.data;
}

function append(db: Keyspace, key: string, tail: string): Value {
  const data = (db.find("string", key)?.data ?? "") + tail;
  replace(db, key, data);
  return data.length;
}

function setMany(db: Keyspace, args: readonly string[]): Value {
  if (args.length % 2 === 0) return wrongArity("mset");
  for (let i = 1; i < args.length; i += 2) {
    db.put(at(args, i), { kind: "string", data: at(args, i + 1) }, null);
  }
  return OK;
}

function peek(db: Keyspace, key: string): Value {
  const value = db.get(key);
  return value?.kind === "string" ? value.data : null;
}

function increment(db: Keyspace, key: string, by: string): Value {
  if (!isStrictInteger(by)) return failure(NOT_AN_INTEGER);
  const current = db.find("string", key)?.data ?? "0";
  if (!isStrictInteger(current)) return failure(NOT_AN_INTEGER);
  const sum = addIntegers(current, by);
  replace(db, key, sum);
  return Number(sum);
}

function decrement(db: Keyspace, key: string, by: string): Value {
  if (!isStrictInteger(by)) return failure(NOT_AN_INTEGER);
  if (by === INT64_MIN.toString()) return failure("ERR decrement would overflow");
  return increment(db, key, by.startsWith("-") ? by.slice(1) : by === "0" ? by : `-${by}`);
}

function incrementFloat(db: Keyspace, key: string, by: string): Value {
  const current = db.find("string", key)?.data ?? "0";
  if (!isFloat(current) || !isFloat(by)) return failure(NOT_A_FLOAT);
  const sum = addLongDoubles(current, by);
  if (sum === null) return failure("ERR increment would produce NaN or Infinity");
  replace(db, key, sum);
  return sum;
}

function isFloat(text: string): boolean {
  const value = parseDouble(text);
  return isLongDouble(text) || (value !== null && !Number.isFinite(value));
}

function replace(db: Keyspace, key: string, data: string): void {
  db.put(key, { kind: "string", data }, db.expiryOf(key) ?? null);
}
