// The log on the database named `control`: append, confirm, since, snapshot, check.

import type { LogEntry } from "../core/log-entry.ts";
import type { Position } from "../core/position.ts";
import { type Bytes, type Millis, millis, type Selector } from "../core/units.ts";
import type {
  AppendOutcome,
  AppendQuery,
  CheckOutcome,
  ConfirmOutcome,
  Joint,
  Log,
  SinceOutcome,
  SnapshotOutcome,
  UntoldOutcome,
} from "../ports/mid-tier.ts";
import type { Redis, RedisArgument, RedisOutcome } from "../ports/redis.ts";
import { decodeStoredEntry, encodePayload } from "../wire/log-payload.ts";
import { bodyOfAppend } from "./audit-record.ts";
import {
  AUDIT_KEYS,
  CONFIGURATION,
  CONFIGURATION_BEFORE,
  CONFIGURATION_TRACES,
  LOG_HEAD,
  LOG_KEYS,
  operationKey,
  RECEIPTS,
  RECEIPTS_OF_PURGES,
  RECEIPTS_OF_WRITES,
  receiptKey,
} from "./keys.ts";
import { AUDIT_PRELUDE } from "./preludes.ts";
import { replicasOf, replicated } from "./replicated.ts";
import { errorName, evalCommand, FULL, scriptReply } from "./script.ts";
import appendScript from "./scripts/append.lua";
import checkScript from "./scripts/check.lua";
import confirmScript from "./scripts/confirm.lua";
import LOG_PRELUDE from "./scripts/log-prelude.lua";
import sinceScript from "./scripts/since.lua";
import snapshotScript from "./scripts/snapshot.lua";
import untoldScript from "./scripts/untold.lua";

// Joined once: a text joined anew at each call is hashed anew by whoever looks it up.
const APPEND = LOG_PRELUDE + AUDIT_PRELUDE + appendScript;
const CHECK = LOG_PRELUDE + checkScript;
const CONFIRM = LOG_PRELUDE + confirmScript;
const SINCE = LOG_PRELUDE + sinceScript;
const SNAPSHOT = LOG_PRELUDE + snapshotScript;
const UNTOLD = LOG_PRELUDE + untoldScript;

export interface LogLimits {
  readonly entriesKept: number;
  readonly selectorsKept: number;
  readonly entryOctetsKept: Bytes;
  readonly selectorOctetsKept: Bytes;
  readonly operationsKept: Millis;
  /** Of those that may as well be done twice. */
  readonly harmlessKept: Millis;
  readonly auditRecordsKept: number;
  readonly auditOctetsKept: Bytes;
  readonly auditKeptFor: Millis;
  readonly receiptsKept: number;
  /** Changes of configuration by which edges may still live. */
  readonly changesKept: number;
  readonly readDeadline: Millis;
  readonly appendDeadline: Millis;
  /** Below `appendDeadline`: how long the replicas may take. */
  readonly replicationDeadline: Millis;
}

export function createLog(redis: Redis, limits: LogLimits): Log {
  return {
    append: async (query) =>
      readAppended(query, await redis.run(appendCommands(query, limits), limits.appendDeadline)),
    confirm: async ({ epoch, seq, hash }, replicas) => {
      const script = logScript(CONFIRM, [epoch, seq, hash], [CONFIGURATION_BEFORE]);
      const commands = replicated(script, replicas, limits);
      return readConfirmed(await redis.run(commands, limits.appendDeadline), replicas);
    },
    untold: async (replicas) => {
      const commands = replicated(logScript(UNTOLD, []), replicas, limits);
      return readUntold(await redis.run(commands, limits.appendDeadline), replicas);
    },
    withhold: async () => {
      await redis.run([["HDEL", LOG_HEAD, "room"]], limits.readDeadline);
    },
    takesWrites: async () => readTakesWrites(await redis.run([PROBE], limits.readDeadline)),
    since: async (joint, limit) =>
      readSince(await redis.run([sinceCommand(joint, limit)], limits.readDeadline)),
    snapshot: async (highestKnownEpoch) =>
      readSnapshot(
        await redis.run([logScript(SNAPSHOT, [highestKnownEpoch], [CONFIGURATION])], limits.readDeadline),
      ),
    check: async (selectors, position) =>
      readCheck(await redis.run([checkCommand(selectors, position)], limits.readDeadline)),
  };
}

const logScript = (script: string, args: readonly RedisArgument[], keys: readonly string[] = []) =>
  evalCommand(script, [...LOG_KEYS, ...keys], args);

const sinceCommand = ({ epoch, seq, hash, beyond }: Joint, limit: number) =>
  logScript(SINCE, [epoch, seq, hash, limit, ...(beyond ? [beyond.seq, beyond.hash] : [])]);

export const checkCommand = (selectors: readonly Selector[], { epoch, seq }: Position) =>
  logScript(CHECK, [epoch, seq, ...selectors]);

function appendCommands(query: AppendQuery, limits: LogLimits): (readonly RedisArgument[])[] {
  const { payload, operationId } = query;
  const kind = payload.kind === "config" ? "config" : `invalidate-${payload.mode}`;
  const field = payload.kind === "config" ? [payload.field, payload.value ?? ""] : [];
  const args: RedisArgument[] = [
    query.requestDigest,
    encodePayload(payload),
    kind,
    JSON.stringify({
      actor: query.actor,
      action: query.action,
      operation: operationId,
      detail: query.detail,
    }),
    operationId,
    0,
    limits.entriesKept,
    limits.selectorsKept,
    query.harmless === true ? limits.harmlessKept : limits.operationsKept,
    limits.auditRecordsKept,
    limits.receiptsKept,
    limits.changesKept,
    query.preceding ?? 0,
    query.replicas,
    query.expected?.position.epoch ?? 0,
    query.expected?.position.seq ?? 0,
    query.expected?.of === "sites" ? "sited" : "configured",
    bodyOfAppend(query),
    limits.auditKeptFor,
    limits.operationsKept,
    limits.entryOctetsKept,
    limits.selectorOctetsKept,
    limits.auditOctetsKept,
    ...field,
    ...payload.selectors,
  ];
  const receipt = [RECEIPTS, receiptKey(operationId)];
  const configuration = [CONFIGURATION_BEFORE, CONFIGURATION_TRACES];
  const alike = query.harmless === true ? RECEIPTS_OF_WRITES : RECEIPTS_OF_PURGES;
  const keys = [operationKey(operationId), CONFIGURATION, ...receipt, ...configuration, ...AUDIT_KEYS, alike];
  return replicated(logScript(APPEND, args, keys), query.replicas, limits);
}

function readAppended(query: AppendQuery, outcome: RedisOutcome): AppendOutcome {
  const reply = scriptReply(outcome);
  if (reply.kind === "unavailable") return reply;
  const [kind, epochText, seqText, at, now, previous, hash, own = "", told, ...before] = reply.strings;
  if (kind === "conflict") return { kind: "conflict" };
  if (kind === "outdated") return { kind: "outdated" };
  if (kind !== "appended") return { kind: "unavailable", reason: "malformed reply" };
  if (replicasOf(outcome) < query.replicas) return { kind: "unreplicated" };
  const position = { epoch: Number(epochText), seq: Number(seqText) };
  const read = { epoch: position.epoch, now: Number(now) };
  // What an earlier attempt appended is taken from the log: the same request may name other selectors by now.
  const entry: LogEntry | null =
    previous && hash
      ? { ...position, previous, hash, age: 0, payload: query.payload }
      : decodeStoredEntry(own, { ...read, seq: position.seq });
  // Without its hash nobody can confirm it; nor where the log asks for replicas that were not waited for.
  if (told !== "told" && (entry === null || query.replicas === 0)) return { kind: "unreplicated" };
  const preceding = readEntries(before, read).filter((one) => one !== null);
  return { kind: "appended", position, at: Number(at), told: told === "told", entry, preceding };
}

function readConfirmed(outcome: RedisOutcome, replicas: number): ConfirmOutcome {
  const reply = scriptReply(outcome);
  if (reply.kind === "unavailable") return reply;
  if (reply.strings[0] !== "confirmed") return { kind: "unavailable", reason: "it is not in the log" };
  return replicasOf(outcome) < replicas ? { kind: "unreplicated" } : { kind: "confirmed" };
}

function readUntold(outcome: RedisOutcome, replicas: number): UntoldOutcome {
  const reply = scriptReply(outcome);
  if (reply.kind === "unavailable") return reply;
  const [kind, epoch, seq, hash = ""] = reply.strings;
  if (kind !== "untold") return { kind: "nothing" };
  if (replicasOf(outcome) < replicas) return { kind: "unreplicated" };
  return { kind: "untold", head: { epoch: Number(epoch), seq: Number(seq), hash } };
}

/** It changes nothing where there is room, and is refused where there is none. */
const PROBE = ["HSETNX", LOG_HEAD, "room", "1"];

function readTakesWrites(outcome: RedisOutcome): Awaited<ReturnType<Log["takesWrites"]>> {
  if (outcome.kind === "unavailable") return outcome;
  const [reply] = outcome.replies;
  if (reply?.kind === "reply") return { kind: "takes-writes" };
  return { kind: "unavailable", reason: reply === undefined ? "missing reply" : errorName(reply) };
}

function readSince(outcome: RedisOutcome): SinceOutcome {
  const reply = scriptReply(outcome);
  if (reply.kind === "unavailable") return reply;
  const [kind, epochText, seqText, hash = "", nowText, ...pairs] = reply.strings;
  if (kind === "unknown") return { kind: "unknown", reason: epochText === "trimmed" ? "trimmed" : "epoch" };
  if (kind === FULL) return { kind: "unavailable", reason: FULL };
  if (kind !== "entries") return { kind: "unavailable", reason: "malformed reply" };
  const [epoch, now] = [Number(epochText), Number(nowText)];
  const entries = readEntries(pairs, { epoch, now });
  // An entry that can't be read can't be skipped either: only a snapshot gets past it.
  if (!entries.every((entry) => entry !== null)) return { kind: "unknown", reason: "trimmed" };
  return { kind: "entries", entries, head: { epoch, seq: Number(seqText), hash }, at: now };
}

/** Sequence numbers and entries by turns; null where one can't be read. */
function readEntries(
  pairs: readonly string[],
  at: { readonly epoch: number; readonly now: number },
): (LogEntry | null)[] {
  const entries: (LogEntry | null)[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2)
    entries.push(decodeStoredEntry(pairs[i + 1] ?? "", { ...at, seq: Number(pairs[i]) }));
  return entries;
}

function readSnapshot(outcome: RedisOutcome): SnapshotOutcome {
  const reply = scriptReply(outcome);
  if (reply.kind === "unavailable") return reply;
  const [epoch, seq, hash = "", at, lacks, ...fields] = reply.strings;
  const configuration = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) configuration.set(fields[i] ?? "", fields[i + 1] ?? "");
  const head = { epoch: Number(epoch), seq: Number(seq), hash };
  const snapshot = { kind: "snapshot", head, configuration, at: Number(at) } as const;
  return lacks === FULL ? { ...snapshot, full: true } : snapshot;
}

export function readCheck(outcome: RedisOutcome, index = 0): CheckOutcome {
  const reply = scriptReply(outcome, index);
  if (reply.kind === "unavailable") return reply;
  const [kind, epoch, seq, age] = reply.strings;
  const position = { epoch: Number(epoch), seq: Number(seq) };
  switch (kind) {
    case "ok":
      return { kind: "ok", position };
    case "soft":
      return { kind: "soft", position, age: millis(Number(age)) };
    case "hit":
      return { kind: "hit" };
    case "unknown":
      return { kind: "unknown" };
    default:
      return { kind: "unavailable", reason: "malformed reply" };
  }
}
