// List commands.
import { at, MUST_BE_POSITIVE, OK, type Value, wrongArity } from "../answers.ts";
import type { CommandTable } from "../command.ts";
import type { Keyspace } from "../keyspace.ts";
import { integerOf } from "../numbers.ts";

export const listCommands: CommandTable = {
  lpush: {
    arity: -3,
    write: true,
    grows: true,
    run: (db, [, key = "", ...items]) => push(db, key, items, "unshift"),
  },
  rpush: {
    arity: -3,
    write: true,
    grows: true,
    run: (db, [, key = "", ...items]) => push(db, key, items, "push"),
  },
  lpop: { arity: -2, write: true, run: (db, args) => pop(db, args, (list, count) => list.splice(0, count)) },
  rpop: { arity: -2, write: true, run: (db, args) => pop(db, args, takeLast) },
  llen: { arity: 2, run: (db, [, key = ""]) => itemsOf(db, key)?.length ?? 0 },
  lrange: { arity: 4, run: (db, [, key = "", from = "", to = ""]) => range(db, key, [from, to]) },
  lindex: { arity: 3, run: (db, [, key = "", index = ""]) => itemAt(db, key, index) },
  ltrim: { arity: 4, write: true, run: (db, [, key = "", from = "", to = ""]) => trim(db, key, [from, to]) },
  lrem: {
    arity: 4,
    write: true,
    run: (db, [, key = "", count = "", item = ""]) => remove(db, key, [count, item]),
  },
};

function itemsOf(db: Keyspace, key: string): string[] | undefined {
  return db.find("list", key)?.items;
}

function push(db: Keyspace, key: string, added: readonly string[], end: "push" | "unshift"): Value {
  const { items } = db.findOrAdd("list", key, () => ({ kind: "list", items: [] }));
  for (const item of added) items[end](item);
  db.changes++;
  return items.length;
}

function pop(
  db: Keyspace,
  args: readonly string[],
  take: (items: string[], count: number) => string[],
): Value {
  if (args.length > 3) return wrongArity(at(args, 0).toLowerCase());
  const count = args.length === 3 ? integerOf(at(args, 2), MUST_BE_POSITIVE) : null;
  if (count !== null && count < 0) integerOf("", MUST_BE_POSITIVE);
  const key = at(args, 1);
  const items = itemsOf(db, key);
  if (items === undefined) return null;
  const taken = take(items, count ?? 1);
  db.changes += taken.length;
  if (items.length === 0) db.delete(key);
  return count === null ? (taken[0] ?? null) : taken;
}

function takeLast(items: string[], count: number): string[] {
  return items.splice(Math.max(0, items.length - count), count).reverse();
}

/** Redis' inclusive, possibly negative bounds as a half-open slice. */
export function sliceBounds(length: number, from: number, to: number): [number, number] {
  const start = from < 0 ? Math.max(0, length + from) : from;
  const end = Math.min(length, (to < 0 ? length + to : to) + 1);
  return start < end ? [start, end] : [0, 0];
}

function range(db: Keyspace, key: string, [from, to]: readonly [string, string]): Value {
  const bounds = [integerOf(from), integerOf(to)] as const;
  const items = itemsOf(db, key) ?? [];
  return items.slice(...sliceBounds(items.length, ...bounds));
}

function itemAt(db: Keyspace, key: string, indexText: string): Value {
  const items = itemsOf(db, key);
  if (items === undefined) return null;
  return items.at(integerOf(indexText)) ?? null;
}

function trim(db: Keyspace, key: string, [from, to]: readonly [string, string]): Value {
  const bounds = [integerOf(from), integerOf(to)] as const;
  const items = itemsOf(db, key);
  if (items === undefined) return OK;
  const [start, end] = sliceBounds(items.length, ...bounds);
  items.splice(end);
  items.splice(0, start);
  db.changes++;
  if (items.length === 0) db.delete(key);
  return OK;
}

function remove(db: Keyspace, key: string, [countText, item]: readonly [string, string]): Value {
  const count = integerOf(countText);
  const items = itemsOf(db, key);
  if (items === undefined) return 0;
  const limit = count === 0 ? items.length : Math.abs(count);
  let removed = 0;
  for (let i = count < 0 ? items.length - 1 : 0; removed < limit && i >= 0 && i < items.length; ) {
    if (items[i] === item) {
      items.splice(i, 1);
      removed++;
      if (count < 0) i--;
    } else {
      i += count < 0 ? -1 : 1;
    }
  }
  db.changes += removed;
  if (items.length === 0) db.delete(key);
  return removed;
}
