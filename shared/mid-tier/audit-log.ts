// The audit log on the database named `control`: its records by number, its head apart from them.

import type { Bytes, Millis } from "../core/units.ts";
import type {
  AuditAppended,
  AuditFault,
  AuditLog,
  AuditPage,
  AuditPlace,
  AuditVerified,
} from "../ports/audit-log.ts";
import type { Redis } from "../ports/redis.ts";
import { bodyOf, readRecord } from "./audit-record.ts";
import { AUDIT_HEAD, AUDIT_KEYS, AUDIT_RECORDS, auditOperationKey } from "./keys.ts";
import { AUDIT_PRELUDE, NUMBER_PRELUDE } from "./preludes.ts";
import { replicasOf, replicated } from "./replicated.ts";
import { evalCommand, type ScriptReply, scriptReply } from "./script.ts";
import appendScript from "./scripts/audit-append.lua";
import headScript from "./scripts/audit-head.lua";
import pageScript from "./scripts/audit-page.lua";
import verifyScript from "./scripts/audit-verify.lua";

const APPEND = NUMBER_PRELUDE + AUDIT_PRELUDE + appendScript;

export interface AuditLogLimits {
  readonly auditRecordsKept: number;
  readonly auditOctetsKept: Bytes;
  readonly auditKeptFor: Millis;
  readonly operationsKept: Millis;
  readonly appendDeadline: Millis;
  readonly replicationDeadline: Millis;
  readonly readDeadline: Millis;
  /** Octets of one page. */
  readonly pageBytes: Bytes;
}

/** `replicas`: how many must have a record before it counts as written. */
export function createAuditLog(redis: Redis, replicas: number, limits: AuditLogLimits): AuditLog {
  const read = async (command: ReturnType<typeof evalCommand>): Promise<ScriptReply> =>
    scriptReply(await redis.run([command], limits.readDeadline));
  const keys = [AUDIT_RECORDS, AUDIT_HEAD];
  return {
    async append(entry, { id, requestDigest }) {
      const { auditRecordsKept, auditOctetsKept, auditKeptFor, operationsKept } = limits;
      const kept = [auditRecordsKept, auditOctetsKept, auditKeptFor];
      const args = [bodyOf(entry), requestDigest, ...kept, operationsKept];
      const script = evalCommand(APPEND, [...AUDIT_KEYS, auditOperationKey(id)], args);
      const outcome = await redis.run(replicated(script, replicas, limits), limits.appendDeadline);
      const appended = readAppended(scriptReply(outcome));
      const short = appended.kind === "appended" && replicasOf(outcome) < replicas;
      return short ? { kind: "unavailable", reason: "unreplicated" } : appended;
    },
    page: async (below, limit) =>
      readPage(await read(evalCommand(pageScript, keys, [below ?? "", limit, limits.pageBytes]))),
    async head(askedAbout) {
      const reply = await read(evalCommand(headScript, keys, [askedAbout]));
      if (reply.kind === "unavailable") return reply;
      const [seq = "", hash = "", first, hashAt = ""] = reply.strings;
      const head = seq === "" ? null : { seq: Number(seq), hash };
      return { kind: "head", head, first: Number(first), hashAt: hashAt === "" ? null : hashAt };
    },
    verify: async (from, limit) =>
      readVerified(await read(evalCommand(verifyScript, keys, [from?.seq ?? "", from?.hash ?? "", limit]))),
  };
}

function readAppended(reply: ScriptReply): AuditAppended {
  if (reply.kind === "unavailable") return reply;
  const [kind, seq, at] = reply.strings;
  if (kind === "conflict") return { kind };
  return { kind: "appended", seq: Number(seq), at: Number(at), repeated: kind === "repeated" };
}

function readPage(reply: ScriptReply): AuditPage {
  if (reply.kind === "unavailable") return reply;
  const [next = "", ...texts] = reply.strings;
  const records = texts.flatMap((text) => readRecord(text) ?? []);
  return { kind: "page", records, next: next === "" ? null : Number(next) };
}

function readVerified(reply: ScriptReply): AuditVerified {
  if (reply.kind === "unavailable") return reply;
  const [kind, ...rest] = reply.strings;
  if (kind === "fault") {
    const [seq, fault, first] = rest;
    return { kind, seq: Number(seq), fault: fault as AuditFault, first: Number(first) };
  }
  const [next = "", hash = "", seq = "", headHash = "", first, earlier] = rest;
  const place: AuditPlace | null = next === "" ? null : { seq: Number(next), hash };
  const head = seq === "" ? null : { seq: Number(seq), hash: headHash };
  return { kind: "verified", next: place, first: Number(first), head, earlier: Number(earlier) };
}
