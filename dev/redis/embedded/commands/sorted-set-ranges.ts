// Sorted-set commands by rank or score: ZRANGE and its older spellings, counts, range deletes, ZPOPMIN.
import { at, CommandError, MUST_BE_POSITIVE, SYNTAX, type Value } from "../answers.ts";
import type { CommandTable } from "../command.ts";
import type { Keyspace } from "../keyspace.ts";
import { formatDouble, integerOf, parseDouble } from "../numbers.ts";
import type { ScoredMember, ScoreRange, SortedSet } from "../sorted-set.ts";
import { sliceBounds } from "./lists.ts";
import { sortedOf } from "./sorted-sets.ts";

export const sortedSetRangeCommands: CommandTable = {
  zrange: { arity: -4, run: (db, args) => range(db, args, {}) },
  zrevrange: { arity: -4, run: (db, args) => range(db, args, { by: "rank", reversed: true }) },
  zrangebyscore: { arity: -4, run: (db, args) => range(db, args, { by: "score", reversed: false }) },
  zrevrangebyscore: { arity: -4, run: (db, args) => range(db, args, { by: "score", reversed: true }) },
  zcount: { arity: 4, run: (db, [, key = "", min = "", max = ""]) => count(db, key, scoreRange(min, max)) },
  zremrangebyscore: { arity: 4, write: true, run: (db, args) => removeByScore(db, args) },
  zremrangebyrank: { arity: 4, write: true, run: (db, args) => removeByRank(db, args) },
  zpopmin: { arity: -2, write: true, run: (db, args) => popLeast(db, args) },
};

/** What the command's own name has settled; ZRANGE settles nothing. */
type Settled = { readonly by?: "rank" | "score"; readonly reversed?: boolean };
type RangeOptions = {
  by: "rank" | "score";
  reversed: boolean;
  withScores: boolean;
  limit: { readonly offset: number; readonly count: number } | null;
};

const LIMIT_NEEDS_SCORES =
  "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";

function range(db: Keyspace, args: readonly string[], settled: Settled): Value {
  const options = rangeOptions(args, settled);
  const [, key = "", first = "", second = ""] = args;
  const select = options.by === "rank" ? byRank(first, second) : byScore(first, second, options);
  const sorted = sortedOf(db, key);
  if (sorted === undefined) return [];
  return listed(select(sorted, options), options.withScores);
}

function rangeOptions(args: readonly string[], settled: Settled): RangeOptions {
  let { by, reversed } = settled;
  let withScores = false;
  let limit: RangeOptions["limit"] = null;
  for (let i = 4; i < args.length; i++) {
    const word = at(args, i).toLowerCase();
    if (word === "withscores") withScores = true;
    else if (word === "limit" && i + 2 < args.length) {
      limit = { offset: integerOf(at(args, i + 1)), count: integerOf(at(args, i + 2)) };
      i += 2;
    } else if (word === "rev" && reversed === undefined) reversed = true;
    else if (word === "byscore" && by === undefined) by = "score";
    else throw new CommandError(SYNTAX);
  }
  // A count of -1 is what Redis takes for "no LIMIT given".
  if (limit !== null && limit.count !== -1 && by !== "score") throw new CommandError(LIMIT_NEEDS_SCORES);
  return { by: by ?? "rank", reversed: reversed ?? false, withScores, limit };
}

type Select = (sorted: SortedSet, options: RangeOptions) => ScoredMember[];

function byRank(first: string, last: string): Select {
  const bounds = [integerOf(first), integerOf(last)] as const;
  return (sorted, { reversed }) => {
    const [start, end] = sliceBounds(sorted.size, ...bounds);
    if (!reversed) return sorted.slice(start, end);
    return sorted.slice(sorted.size - end, sorted.size - start).reverse();
  };
}

function byScore(first: string, second: string, { reversed }: RangeOptions): Select {
  const within = reversed ? scoreRange(second, first) : scoreRange(first, second);
  return (sorted, { limit }) => {
    const members = sorted.slice(...sorted.ranksWithin(within));
    if (reversed) members.reverse();
    if (limit === null) return members;
    if (limit.offset < 0) return [];
    return members.slice(limit.offset, limit.count < 0 ? undefined : limit.offset + limit.count);
  };
}

function scoreRange(min: string, max: string): ScoreRange {
  const low = bound(min);
  const high = bound(max);
  return { min: low.score, minOpen: low.open, max: high.score, maxOpen: high.open };
}

function bound(text: string): { score: number; open: boolean } {
  const open = text.startsWith("(");
  const digits = text.slice(open ? 1 : 0).replace(/^\s+/, "");
  // Redis lets strtod read them, to which nothing at all is zero.
  const score = digits === "" ? 0 : parseDouble(digits);
  if (score === null) throw new CommandError("ERR min or max is not a float");
  return { score, open };
}

function listed(members: readonly ScoredMember[], withScores: boolean): Value {
  if (!withScores) return members.map(({ member }) => member);
  return members.flatMap(({ member, score }) => [member, formatDouble(score)]);
}

function count(db: Keyspace, key: string, within: ScoreRange): Value {
  const [start, end] = sortedOf(db, key)?.ranksWithin(within) ?? [0, 0];
  return end - start;
}

function removeByScore(db: Keyspace, [, key = "", min = "", max = ""]: readonly string[]): Value {
  const within = scoreRange(min, max);
  return remove(db, key, (sorted) => sorted.ranksWithin(within)).length;
}

function removeByRank(db: Keyspace, [, key = "", first = "", last = ""]: readonly string[]): Value {
  const bounds = [integerOf(first), integerOf(last)] as const;
  return remove(db, key, (sorted) => sliceBounds(sorted.size, ...bounds)).length;
}

function popLeast(db: Keyspace, args: readonly string[]): Value {
  if (args.length > 3) throw new CommandError(SYNTAX);
  const many = args.length === 3 ? integerOf(at(args, 2), MUST_BE_POSITIVE) : 1;
  if (many < 0) throw new CommandError(MUST_BE_POSITIVE);
  return listed(
    remove(db, at(args, 1), () => [0, many]),
    true,
  );
}

function remove(db: Keyspace, key: string, ranks: (sorted: SortedSet) => [number, number]): ScoredMember[] {
  const sorted = sortedOf(db, key);
  if (sorted === undefined) return [];
  const removed = sorted.deleteSlice(...ranks(sorted));
  db.changes += removed.length;
  if (sorted.size === 0) db.delete(key);
  return removed;
}
