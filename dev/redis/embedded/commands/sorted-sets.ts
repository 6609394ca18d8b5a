// Sorted-set commands by member: ZADD and its kin.
import { at, CommandError, failure, SYNTAX, type Value } from "../answers.ts";
import type { CommandTable } from "../command.ts";
import type { Keyspace } from "../keyspace.ts";
import { doubleOf, formatDouble } from "../numbers.ts";
import { SortedSet } from "../sorted-set.ts";

const NOT_A_NUMBER = "ERR resulting score is not a number (NaN)";

export const sortedSetCommands: CommandTable = {
  zadd: { arity: -4, write: true, grows: true, run: (db, args) => add(db, args) },
  zincrby: {
    arity: 4,
    write: true,
    grows: true,
    run: (db, [, key = "", by = "", member = ""]) => increment(db, key, [by, member]),
  },
  zrem: { arity: -3, write: true, run: (db, [, key = "", ...members]) => remove(db, key, members) },
  zscore: { arity: 3, run: (db, [, key = "", member = ""]) => scoreText(sortedOf(db, key)?.scoreOf(member)) },
  zmscore: { arity: -3, run: (db, [, key = "", ...members]) => scoresOf(db, key, members) },
  zcard: { arity: 2, run: (db, [, key = ""]) => sortedOf(db, key)?.size ?? 0 },
};

export function sortedOf(db: Keyspace, key: string): SortedSet | undefined {
  return db.find("zset", key)?.sorted;
}

type AddOptions = { nx: boolean; xx: boolean; gt: boolean; lt: boolean; ch: boolean; incr: boolean };

function add(db: Keyspace, args: readonly string[]): Value {
  const { options, first } = addOptions(args);
  const pairs = (args.length - first) / 2;
  if (pairs === 0 || !Number.isInteger(pairs)) return failure(SYNTAX);
  checkOptions(options, pairs);
  const scores = Array.from({ length: pairs }, (_, i) => doubleOf(at(args, first + 2 * i)));
  const key = at(args, 1);
  if (sortedOf(db, key) === undefined && options.xx) return options.incr ? null : 0;
  const outcome = { added: 0, updated: 0, score: null as number | null };
  for (const [i, score] of scores.entries()) {
    addPair(db, { key, options, outcome }, { score, member: at(args, first + 2 * i + 1) });
  }
  if (options.incr) return scoreText(outcome.score ?? undefined);
  return options.ch ? outcome.added + outcome.updated : outcome.added;
}

function addOptions(args: readonly string[]): { options: AddOptions; first: number } {
  const options: AddOptions = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false };
  for (let i = 2; ; i++) {
    const word = at(args, i).toLowerCase();
    if (i >= args.length || !Object.hasOwn(options, word)) return { options, first: i };
    options[word as keyof AddOptions] = true;
  }
}

function checkOptions(options: AddOptions, pairs: number): void {
  if (options.nx && options.xx) {
    throw new CommandError("ERR XX and NX options at the same time are not compatible");
  }
  if ((options.gt && options.nx) || (options.lt && options.nx) || (options.gt && options.lt)) {
    throw new CommandError("ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (options.incr && pairs > 1) {
    throw new CommandError("ERR INCR option supports a single increment-element pair");
  }
}

type Addition = {
  readonly key: string;
  readonly options: AddOptions;
  readonly outcome: { added: number; updated: number; score: number | null };
};

function addPair(
  db: Keyspace,
  { key, options, outcome }: Addition,
  pair: { score: number; member: string },
): void {
  const before = sortedOf(db, key)?.scoreOf(pair.member);
  if (before === undefined ? options.xx : options.nx) return;
  const score = options.incr ? raised(before, pair.score) : pair.score;
  if (Number.isNaN(score)) throw new CommandError(NOT_A_NUMBER);
  if (before !== undefined && ((options.gt && score <= before) || (options.lt && score >= before))) return;
  outcome.score = score;
  if (before === score) return;
  if (before === undefined) outcome.added++;
  else outcome.updated++;
  sortedToWrite(db, key).set(pair.member, score);
  db.changes++;
}

function sortedToWrite(db: Keyspace, key: string): SortedSet {
  return db.findOrAdd("zset", key, () => ({ kind: "zset", sorted: new SortedSet() })).sorted;
}

function increment(db: Keyspace, key: string, [by, member]: readonly [string, string]): Value {
  const increment = doubleOf(by);
  const score = raised(sortedOf(db, key)?.scoreOf(member), increment);
  if (Number.isNaN(score)) return failure(NOT_A_NUMBER);
  sortedToWrite(db, key).set(member, score);
  db.changes++;
  return formatDouble(score);
}

/** A new member has the increment itself for a score: not `0 + -0`, which is no negative zero. */
function raised(before: number | undefined, by: number): number {
  return before === undefined ? by : before + by;
}

function remove(db: Keyspace, key: string, members: readonly string[]): Value {
  const sorted = sortedOf(db, key);
  if (sorted === undefined) return 0;
  const removed = members.filter((member) => sorted.delete(member)).length;
  db.changes += removed;
  if (sorted.size === 0) db.delete(key);
  return removed;
}

function scoresOf(db: Keyspace, key: string, members: readonly string[]): Value {
  const sorted = sortedOf(db, key);
  return members.map((member) => scoreText(sorted?.scoreOf(member)));
}

function scoreText(score: number | undefined): Value {
  return score === undefined ? null : formatDouble(score);
}
