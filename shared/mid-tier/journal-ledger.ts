// The journal as the control plane sees it: what stands in it, what is due, and what somebody decides of one operation.

import { type Millis, millis, seconds } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { JOURNAL_PARTITIONS } from "./journal.ts";
import { changeOperation, type JournalChange, type Replication } from "./journal-change.ts";
import { JOURNAL_FIGURES, JOURNAL_OPERATIONS, JOURNAL_PARKED } from "./keys.ts";
import { JOURNAL_PRELUDE } from "./preludes.ts";
import { evalCommand, type ScriptReply, scriptReply } from "./script.ts";
import figuresScript from "./scripts/journal-figures.lua";
import listScript from "./scripts/journal-list.lua";
import tendScript from "./scripts/journal-tend.lua";

const FIGURES = JOURNAL_PRELUDE + figuresScript;
const LIST = JOURNAL_PRELUDE + listScript;
const TEND = JOURNAL_PRELUDE + tendScript;

/** Writes, since the database began: accepted = delivered + pending + dead-lettered + dropped. */
export interface JournalFigures {
  readonly accepted: number;
  readonly delivered: number;
  readonly pending: number;
  readonly deadLettered: number;
  readonly dropped: number;
  /** Of those accepted, the ones that took the place of others: of one that had not been sent, or of what came back older. */
  readonly merged: number;
  /** Values that ended because nobody used them, and that gave way to others. */
  readonly ended: number;
  readonly evicted: number;
  /** Values that are held, and what they are charged. */
  readonly values: number;
  readonly octets: number;
  /** Operations that wait, the dead-lettered included: one may stand for several writes. */
  readonly operations: number;
  /** For how long the oldest of them has been waiting. */
  readonly oldest: Millis;
}

export interface JournalOperation {
  readonly id: string;
  readonly shard: string;
  readonly site: string;
  readonly method: string;
  readonly url: string;
  /** Redis TIME, milliseconds. */
  readonly acceptedAt: number;
  readonly writes: number;
  readonly tries: number;
  /** `delivered`: the origin has it, and the log is still to be told. */
  readonly state: "pending" | "sending" | "delivered" | "dead-lettered" | "behind";
  /** What came of the last try; null before it. */
  readonly why: string | null;
}

/** Where a page ended: the database, and the score and id there. */
export interface JournalCursor {
  readonly shard: string;
  readonly score: number;
  readonly id: string;
}

export type JournalPage =
  | {
      readonly kind: "page";
      readonly operations: readonly JournalOperation[];
      readonly next: JournalCursor | null;
      /** Databases that did not answer: what is there is missing here. */
      readonly silent: readonly string[];
    }
  | Unavailable;

/** How far a journal had come when it was last looked at. */
export interface JournalMark {
  /** Drawn with its first mark: copies and replicas of it have the same, another database or an emptied one has not. */
  readonly name: string;
  /** Writes that it had accepted, and the id of the last of them ("": not known). */
  readonly accepted: number;
  readonly last: string;
  /** Writes that the origin had. */
  readonly delivered: number;
  /** Redis TIME, milliseconds. */
  readonly at: number;
}

/** What a look compares a database with. */
export interface JournalMarked extends JournalMark {
  /** Where it is reached as before, another name than before means that what it had is gone. */
  readonly samePlace: boolean;
}

export interface JournalTended {
  readonly due: readonly number[];
  /** Null where it has taken nothing yet. */
  readonly mark: JournalMark | null;
  /** That it does not have what was marked. It marks nothing until it is asked with what it has. */
  readonly lacks: boolean;
}

export interface JournalLedger {
  /** By the database's id. */
  figures(): Promise<ReadonlyMap<string, JournalFigures | Unavailable>>;
  /**
   * Partitions with keys that should have been delivered a while ago; values that have ended are counted by the way. With
   * what was marked before, by the database's id, each is compared with that and marked anew.
   */
  tend(comparing?: JournalComparing): Promise<ReadonlyMap<string, JournalTended | Unavailable>>;
  list(query: {
    readonly only: "all" | "dead-lettered";
    readonly after: JournalCursor | null;
    readonly most: number;
  }): Promise<JournalPage>;
  find(
    id: string,
  ): Promise<
    | { readonly kind: "found"; readonly operation: JournalOperation }
    | { readonly kind: "absent" }
    | Unavailable
  >;
  change(operation: JournalOperation, to: "retry" | "drop"): Promise<JournalChange>;
}

export interface JournalComparing {
  readonly marked: ReadonlyMap<string, JournalMarked>;
  /** For journals that have none. */
  readonly name: string;
}

interface LedgerConfig {
  readonly databases: ReadonlyMap<string, { readonly redis: Redis }>;
  readonly deadline: Millis;
  /** How long something may be due before somebody is sent for it. */
  readonly dueFor: Millis;
  readonly replication?: Replication;
}

export function createJournalLedger(config: LedgerConfig): JournalLedger {
  return {
    figures: () => ofEach(config, figuresOf),
    tend: (comparing) => ofEach(config, (each, redis, id) => tend(each, redis, [id, comparing])),
    list: (query) => list(config, query),
    find: (id) => find(config, id),
    change: (operation, to) => changeOperation(config, operation, to),
  };
}

async function ofEach<Read>(
  config: LedgerConfig,
  read: (config: LedgerConfig, redis: Redis, id: string) => Promise<Read>,
): Promise<ReadonlyMap<string, Read>> {
  const all = [...config.databases].map(
    async ([id, { redis }]) => [id, await read(config, redis, id)] as const,
  );
  return new Map(await Promise.all(all));
}

async function figuresOf({ deadline }: LedgerConfig, redis: Redis): Promise<JournalFigures | Unavailable> {
  const command = evalCommand(FIGURES, [JOURNAL_FIGURES, JOURNAL_OPERATIONS], []);
  const reply = scriptReply(await redis.run([command], deadline));
  if (reply.kind === "unavailable") return reply;
  const [accepted = 0, delivered = 0, pending = 0, deadLettered = 0, dropped = 0, merged = 0, ...rest] =
    reply.strings.map(Number);
  const [ended = 0, evicted = 0, octets = 0, values = 0, operations = 0, oldest = 0] = rest;
  return {
    ...{ accepted, delivered, pending, deadLettered, dropped, merged, operations },
    ...{ ended, evicted, values, octets, oldest: millis(oldest) },
  };
}

async function tend(
  { deadline, dueFor }: LedgerConfig,
  redis: Redis,
  [id, comparing]: readonly [string, JournalComparing | undefined],
): Promise<JournalTended | Unavailable> {
  const before = comparing?.marked.get(id);
  const seen = [before?.name ?? "", before?.accepted ?? 0, before?.last ?? ""];
  // A mark of an earlier release says no more.
  const marking = [...seen, before?.delivered ?? 0, before?.at ?? 0, before?.samePlace === true ? 1 : ""];
  const args = [
    JOURNAL_PARTITIONS,
    dueFor,
    VALUES_LOOKED_AT,
    ...marking,
    comparing?.name ?? "",
    JOURNAL_DUE_WITHIN,
  ];
  const reply = scriptReply(await redis.run([evalCommand(TEND, [], args)], deadline));
  if (reply.kind === "unavailable") return reply;
  const [lacks, name = "", accepted, last = "", delivered, at, ...due] = reply.strings;
  const sums = { accepted: Number(accepted), delivered: Number(delivered), at: Number(at) };
  const mark = name === "" ? null : { name, last, ...sums };
  return { due: due.map(Number), mark, lacks: lacks === "1" };
}

/** As long as a claim, and as any pause between tries: what is due later was put off by a clock that has been set back. */
export const JOURNAL_DUE_WITHIN = seconds(30);

/** In one call: with a call a second, sessions that end at a thousand a second are counted within a minute. */
const VALUES_LOOKED_AT = 1000;

/** One database after the other, in the order of their ids. */
async function list(
  config: LedgerConfig,
  { only, after, most }: Parameters<JournalLedger["list"]>[0],
): Promise<JournalPage> {
  const rows: Row[] = [];
  const silent: string[] = [];
  const from = [...config.databases.keys()].sort().filter((id) => after === null || id >= after.shard);
  for (const shard of from) {
    const start = after?.shard === shard ? after : { score: 0, id: "" };
    const key = only === "all" ? JOURNAL_OPERATIONS : JOURNAL_PARKED;
    // One more than there is room for shows that there is more.
    const page = await pageOf(config, shard, [key, start.score, start.id, most - rows.length + 1, ""]);
    if (page.kind === "unavailable") silent.push(shard);
    else rows.push(...page.rows);
    if (rows.length > most) break;
  }
  if (silent.length > 0 && silent.length === from.length)
    return { kind: "unavailable", reason: "no database of the journal answers" };
  const kept = rows.slice(0, most);
  const last = kept.length < rows.length ? kept.at(-1) : undefined;
  return {
    kind: "page",
    operations: kept.map(({ operation }) => operation),
    next:
      last === undefined ? null : { shard: last.operation.shard, score: last.score, id: last.operation.id },
    silent,
  };
}

interface Row {
  readonly score: number;
  readonly operation: JournalOperation;
}

type Rows = { readonly kind: "rows"; readonly rows: readonly Row[] } | Unavailable;

async function pageOf(
  { databases, deadline }: LedgerConfig,
  shard: string,
  [key, ...args]: readonly [string, number, string, number, string],
): Promise<Rows> {
  const redis = databases.get(shard)?.redis;
  if (redis === undefined) return { kind: "unavailable", reason: "no database" };
  return readRows(shard, scriptReply(await redis.run([evalCommand(LIST, [key], args)], deadline)));
}

const WORDS = 13;

/** In the order of `journal-list.lua`. */
function readRows(shard: string, reply: ScriptReply): Rows {
  if (reply.kind === "unavailable") return reply;
  const rows: Row[] = [];
  for (let at = 0; at + WORDS <= reply.strings.length; at += WORDS) {
    const [id = "", score, site = "", method = "", url = "", acceptedAt, writes, tries, ...rest] =
      reply.strings.slice(at, at + WORDS);
    const [dead = "", fence = "", why = "", done = "", head = ""] = rest;
    const operation: JournalOperation = {
      ...{ id, shard, site, method, url, acceptedAt: Number(acceptedAt) },
      ...{ writes: Number(writes), tries: Number(tries), why: why === "" ? null : why },
      state: stateOf({ dead, fence, done, head }),
    };
    rows.push({ score: Number(score), operation });
  }
  return { kind: "rows", rows };
}

function stateOf(of: Record<"dead" | "fence" | "done" | "head", string>): JournalOperation["state"] {
  if (of.dead !== "") return "dead-lettered";
  if (of.head === "") return "behind";
  if (of.fence !== "") return "sending";
  return of.done === "" ? "pending" : "delivered";
}

async function find(config: LedgerConfig, id: string): ReturnType<JournalLedger["find"]> {
  const pages = await Promise.all(
    [...config.databases.keys()].map((shard) => pageOf(config, shard, [JOURNAL_OPERATIONS, 0, "", 1, id])),
  );
  for (const page of pages) {
    const row = page.kind === "rows" ? page.rows[0] : undefined;
    if (row !== undefined) return { kind: "found", operation: row.operation };
  }
  // It may be where nobody answers.
  return pages.find((page) => page.kind === "unavailable") ?? { kind: "absent" };
}
