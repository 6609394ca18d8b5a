// The journal on the mid-tier's databases: each key's value and operations on one of them, changed in one call.

import { mix } from "../core/mix.ts";
import { ranked } from "../core/rendezvous.ts";
import { type Bytes, type Millis, millis } from "../core/units.ts";
import type { Digest } from "../ports/identity.ts";
import type {
  Claimed,
  Claiming,
  ClaimOutcome,
  Journal,
  JournalAccepted,
  JournalPlace,
  JournalRead,
  JournalWrite,
  Result,
  Tags,
} from "../ports/journal.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument, RedisOutcome } from "../ports/redis.ts";
import { encodeBase64 } from "./base64.ts";
import { CLAIMED_FIELDS, REQUEST_FIELD, readClaimed, unsealed, type ValueRecord } from "./journal-records.ts";
import {
  JOURNAL_FIGURES,
  JOURNAL_OPERATIONS,
  JOURNAL_PARKED,
  journalDueKey,
  journalOperationKey,
  journalQueueKey,
  journalRequestKey,
  journalValueKey,
} from "./keys.ts";
import { JOURNAL_PRELUDE, JOURNAL_WITHDRAW_PRELUDE } from "./preludes.ts";
import { replicasOf, replicated } from "./replicated.ts";
import { evalCommand, scriptReply } from "./script.ts";
import acceptScript from "./scripts/journal-accept.lua";
import claimScript from "./scripts/journal-claim.lua";
import readScript from "./scripts/journal-read.lua";
import yieldScript from "./scripts/journal-yield.lua";
import { Unreadable } from "./unreadable.ts";

const ACCEPT = JOURNAL_PRELUDE + acceptScript;
const CLAIM = JOURNAL_WITHDRAW_PRELUDE + claimScript;
const READ = JOURNAL_PRELUDE + readScript;
const YIELD = JOURNAL_PRELUDE + yieldScript;

/** Of each database: enough that edges which look after what is due do not stand in one another's way. */
export const JOURNAL_PARTITIONS = 8;

export interface JournalLimits {
  readonly deadline: Millis;
  /** How long replicas may take to have a write. */
  readonly replicationDeadline: Millis;
  /** Operations of one database, and of one key. */
  readonly depth: number;
  readonly perKey: number;
  /** What the values of one database may take; those that the origin has give way. */
  readonly valueOctets: Bytes;
  /** For how long a request with an Idempotency-Key is remembered. */
  readonly repeatable: Millis;
  /** Longer than any flusher may take over an operation. */
  readonly claimedFor: Millis;
  /** Octets of bodies, base64, that are handed out at once: one more may come on top. */
  readonly claimedOctets: Bytes;
  /** How long what is of a full lane is due no more. */
  readonly putOffFor: Millis;
}

interface Config extends JournalLimits {
  /** By their ids, the same for all who use them: another list would look for keys elsewhere (docs/adr/0026). */
  readonly databases: ReadonlyMap<string, Redis>;
  readonly digest: Digest;
}

export function createJournal(config: Config): Journal {
  const nodes = [...config.databases.keys()].sort().map((id) => ({ id, weight: 1 }));
  const placeOf = (key: string): JournalPlace | null => {
    const [home] = ranked(key, nodes);
    return home === undefined ? null : { shard: home.id, partition: mix(key) % JOURNAL_PARTITIONS };
  };
  const homeOf = (key: string): (JournalPlace & { readonly redis: Redis }) | null => {
    const place = placeOf(key);
    const redis = place === null ? undefined : config.databases.get(place.shard);
    return place === null || redis === undefined ? null : { ...place, redis };
  };
  const unreadable = new Unreadable();
  return {
    placeOf,
    async accept(write) {
      const home = homeOf(write.key);
      return home === null ? NO_DATABASE : accept(config, home, write);
    },
    async read(key, use) {
      const home = homeOf(key);
      return home === null ? NO_DATABASE : read(config, home.redis, { key, use });
    },
    async yields(key, and) {
      const home = homeOf(key);
      if (home === null) return "unavailable";
      const command = evalCommand(YIELD, [journalQueueKey(key)], [key, and === "forget" ? "1" : ""]);
      const reply = scriptReply(await home.redis.run([command], config.deadline));
      const [word] = reply.kind === "unavailable" ? [] : reply.strings;
      return word === "yes" || word === "waits" ? word : "unavailable";
    },
    async claim(shard, asked) {
      const redis = config.databases.get(shard);
      return redis === undefined ? NO_DATABASE : claim(config, { redis, unreadable }, asked);
    },
  };
}

const NO_DATABASE: Unavailable = { kind: "unavailable", reason: "no database" };
const MALFORMED: Unavailable = { kind: "unavailable", reason: "malformed reply" };

async function accept(
  config: Config,
  home: JournalPlace & { readonly redis: Redis },
  write: JournalWrite,
): Promise<JournalAccepted> {
  const { id, key, repeatable } = write;
  const record = JSON.stringify({ headers: write.valueHeaders } satisfies ValueRecord);
  const body = encodeBase64(write.body);
  const headers = JSON.stringify(write.originHeaders);
  const seal = await config.digest.sha256Base64([record, body]);
  const command = evalCommand(
    ACCEPT,
    [
      ...[journalValueKey(key), journalQueueKey(key), journalOperationKey(id), journalDueKey(home.partition)],
      ...[JOURNAL_OPERATIONS, JOURNAL_FIGURES, journalRequestKey(repeatable?.key ?? ""), JOURNAL_PARKED],
    ],
    [
      ...[id, key, write.etag, record, body, seal, Math.ceil(write.ttl), write.kind],
      ...[write.site, write.method, write.href, headers, write.merges ? "1" : ""],
      ...[config.depth, config.perKey, tagsText(write.ifMatch), tagsText(write.ifNoneMatch)],
      ...[repeatable?.digest ?? "", config.repeatable, home.partition, config.valueOctets, config.claimedFor],
    ],
  );
  const outcome = await home.redis.run(replicated(command, write.replicas, config), config.deadline);
  return readAccepted(outcome, write.replicas);
}

const tagsText = (tags: Tags | null): string => {
  if (tags === null) return "";
  return tags === "any" ? "*" : `\n${tags.join("\n")}\n`;
};

function readAccepted(outcome: RedisOutcome, replicas: number): JournalAccepted {
  const reply = scriptReply(outcome);
  if (reply.kind === "unavailable") return reply;
  const [kind, first = "", second = ""] = reply.strings;
  switch (kind) {
    case "accepted":
      return replicasOf(outcome) < replicas
        ? { kind: "unavailable", reason: "too few replicas have it" }
        : { kind, id: first, etag: second };
    case "failed":
      return { kind, etag: first === "" ? null : first };
    case "unknown":
    case "through":
    case "full":
    case "conflict":
      return { kind };
    default:
      return MALFORMED;
  }
}

async function read(
  { digest, deadline }: Config,
  redis: Redis,
  { key, use }: { readonly key: string; readonly use: "use" | "look" },
): Promise<JournalRead> {
  const reply = scriptReply(
    await redis.run([evalCommand(READ, [journalValueKey(key)], [key, use === "use" ? "1" : ""])], deadline),
  );
  if (reply.kind === "unavailable") return reply;
  const [kind, etag = "", gone, dirty, record = "", body = "", seal, epoch, seq, age, ttl, operation = ""] =
    reply.strings;
  if (kind === "absent" || kind === "held") return { kind };
  const whole = await unsealed(digest, { record, body, seal });
  // It can't be served, and what else there is is older: that is no absence.
  if (kind !== "value" || whole === null) return { kind: "unavailable", reason: "damaged value" };
  const verifiedTo = dirty === "1" ? null : { epoch: Number(epoch), seq: Number(seq) };
  return {
    kind,
    value: {
      ...{ etag, exists: gone !== "1", ...whole, verifiedTo, operation },
      ...{ age: millis(Number(age)), ttl: millis(Number(ttl)) },
    },
  };
}

async function claim(
  config: Config,
  { redis, unreadable }: { readonly redis: Redis; readonly unreadable: Unreadable },
  asked: Claiming,
): Promise<ClaimOutcome> {
  const { results, partitions, most, except, asOf, teller } = asked;
  const command = evalCommand(
    CLAIM,
    [JOURNAL_OPERATIONS, JOURNAL_PARKED, JOURNAL_FIGURES],
    [
      ...[config.claimedFor, most, config.claimedOctets, partitions.join(",")],
      ...[except.join("\n"), config.putOffFor, asOf?.epoch ?? "", asOf?.seq ?? ""],
      ...[teller.name, teller.toldAt ?? ""],
      ...results.flatMap(resultWords),
    ],
  );
  const tells = results.some(({ delivery }) => delivery.kind === "delivered" || delivery.kind === "done");
  const commands = replicated(command, tells ? asked.replicas : 0, config);
  const reply = scriptReply(await redis.run(commands, config.deadline));
  if (reply.kind === "unavailable") return reply;
  const [due = "", toldAt = "", ...words] = reply.strings;
  const operations: Claimed[] = [];
  const damaged: Result[] = [];
  for (let at = 0; at + CLAIMED_FIELDS <= words.length; at += CLAIMED_FIELDS) {
    const fields = words.slice(at, at + CLAIMED_FIELDS);
    const read = await readClaimed(config.digest, fields);
    const [id = "", key = "", fence = ""] = fields;
    if (read !== null) operations.push(read);
    else
      damaged.push({
        claimed: { id, key, fence, request: fields[REQUEST_FIELD] ?? "" },
        delivery: unreadable.deliveryOf(id, config.putOffFor),
      });
  }
  return {
    kind: "claimed",
    operations,
    damaged,
    due: due === "" ? [] : due.split(",").map(Number),
    toldAt: toldAt === "" ? null : Number(toldAt),
  };
}

function resultWords({ claimed: { key, id, fence, request }, delivery }: Result): RedisArgument[] {
  const { kind } = delivery;
  const head = [key, id, fence];
  switch (kind) {
    case "delivered":
      return [...head, delivery.alone ? kind : "hit", delivery.at.epoch, delivery.at.seq, request];
    case "done":
    case "retry":
    case "held":
      return [...head, kind, Math.ceil(delivery.after), delivery.why, request];
    case "refused":
    case "dead":
      return [...head, kind, delivery.why, "", request];
  }
}
