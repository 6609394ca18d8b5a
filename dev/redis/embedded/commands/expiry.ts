// Expiry commands, and how a relative or absolute expiry becomes an instant.
import { at, CommandError, failure, NOT_AN_INTEGER, type Value } from "../answers.ts";
import type { CommandTable } from "../command.ts";
import type { Keyspace } from "../keyspace.ts";
import { integerOf } from "../numbers.ts";

const FURTHEST = 2 ** 63;

export const expiryCommands: CommandTable = {
  expire: { arity: -3, write: true, run: (db, args) => expire(db, args, "ex") },
  pexpire: { arity: -3, write: true, run: (db, args) => expire(db, args, "px") },
  expireat: { arity: -3, write: true, run: (db, args) => expire(db, args, "exat") },
  pexpireat: { arity: -3, write: true, run: (db, args) => expire(db, args, "pxat") },
  persist: { arity: 2, write: true, run: (db, [, key = ""]) => persist(db, key) },
  ttl: {
    arity: 2,
    run: (db, [, key = ""]) => remaining(db, key, (millis) => Math.floor((millis + 500) / 1000)),
  },
  pttl: { arity: 2, run: (db, [, key = ""]) => remaining(db, key, (millis) => millis) },
};

/** For SET, which takes positive amounts only. */
export function expiryInstant(db: Keyspace, name: string, expiry: { unit: string; amount: string }): number {
  const amount = integerOf(expiry.amount);
  const instant = toInstant(db, amount, expiry.unit);
  if (amount <= 0 || instant === null) throw new CommandError(invalidExpiry(name));
  return instant;
}

function toInstant(db: Keyspace, amount: number, unit: string): number | null {
  const millis = unit.startsWith("ex") ? amount * 1000 : amount;
  const instant = unit.endsWith("at") ? millis : millis + db.millis;
  return Math.abs(millis) < FURTHEST && instant < FURTHEST ? instant : null;
}

function invalidExpiry(name: string): string {
  return `ERR invalid expire time in '${name}' command`;
}

type ExpireCondition = ReadonlySet<"nx" | "xx" | "gt" | "lt">;

function expire(db: Keyspace, args: readonly string[], unit: string): Value {
  const [name = "", key = "", amountText = ""] = args;
  const condition = expireCondition(args);
  const amount = integerOf(amountText, NOT_AN_INTEGER);
  const instant = toInstant(db, amount, unit);
  if (instant === null) return failure(invalidExpiry(name.toLowerCase()));
  const current = db.expiryOf(key);
  if (current === undefined || !allows(condition, current, instant)) return 0;
  if (instant <= db.millis) db.delete(key);
  else db.setExpiry(key, instant);
  return 1;
}

function expireCondition(args: readonly string[]): ExpireCondition {
  const condition = new Set<"nx" | "xx" | "gt" | "lt">();
  for (let i = 3; i < args.length; i++) {
    const word = at(args, i).toLowerCase();
    if (word !== "nx" && word !== "xx" && word !== "gt" && word !== "lt") {
      throw new CommandError(`ERR Unsupported option ${at(args, i)}`);
    }
    condition.add(word);
  }
  if (condition.has("nx") && condition.size > 1) {
    throw new CommandError("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (condition.has("gt") && condition.has("lt")) {
    throw new CommandError("ERR GT and LT options at the same time are not compatible");
  }
  return condition;
}

function allows(condition: ExpireCondition, current: number | null, instant: number): boolean {
  if (condition.has("nx") && current !== null) return false;
  if (condition.has("xx") && current === null) return false;
  if (condition.has("gt") && (current === null || instant <= current)) return false;
  return !(condition.has("lt") && current !== null && instant >= current);
}

function persist(db: Keyspace, key: string): Value {
  if (typeof db.expiryOf(key) !== "number") return 0;
  db.setExpiry(key, null);
  return 1;
}

function remaining(db: Keyspace, key: string, unit: (millis: number) => number): Value {
  const expiresAt = db.expiryOf(key);
  if (expiresAt === undefined) return -2;
  return expiresAt === null ? -1 : unit(Math.max(0, expiresAt - db.millis));
}
