// Set commands; a set of integers answers in numeric order, as Redis' intset does.
import type { Value } from "../answers.ts";
import type { CommandTable } from "../command.ts";
import type { Keyspace, StoredOf } from "../keyspace.ts";
import { isStrictInteger } from "../numbers.ts";

/** set-max-intset-entries. */
const LARGEST_INTSET = 512;

export const setCommands: CommandTable = {
  sadd: { arity: -3, write: true, grows: true, run: (db, [, key = "", ...members]) => add(db, key, members) },
  srem: { arity: -3, write: true, run: (db, [, key = "", ...members]) => remove(db, key, members) },
  smembers: { arity: 2, run: (db, [, key = ""]) => membersOf(db.find("set", key)) },
  sismember: {
    arity: 3,
    run: (db, [, key = "", member = ""]) => (db.find("set", key)?.members.has(member) ? 1 : 0),
  },
  scard: { arity: 2, run: (db, [, key = ""]) => db.find("set", key)?.members.size ?? 0 },
};

function add(db: Keyspace, key: string, members: readonly string[]): Value {
  const set = db.findOrAdd("set", key, () => ({ kind: "set", members: new Set(), onlyIntegers: true }));
  const before = set.members.size;
  for (const member of members) {
    set.members.add(member);
    set.onlyIntegers &&= isStrictInteger(member) && set.members.size <= LARGEST_INTSET;
  }
  const added = set.members.size - before;
  db.changes += added;
  return added;
}

function remove(db: Keyspace, key: string, members: readonly string[]): Value {
  const set = db.find("set", key);
  if (set === undefined) return 0;
  const removed = members.filter((member) => set.members.delete(member)).length;
  db.changes += removed;
  if (set.members.size === 0) db.delete(key);
  return removed;
}

function membersOf(set: StoredOf<"set"> | undefined): Value {
  if (set === undefined) return [];
  const members = [...set.members];
  return set.onlyIntegers ? members.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)) : members;
}
