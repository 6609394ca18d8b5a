// Whether each database answers, and is set up so that nothing acknowledged is lost.

import { type RedisSettings, readRedisSettings } from "../../shared/mid-tier/redis-settings.ts";
import { FULL } from "../../shared/mid-tier/script.ts";
import { TAKEN } from "../../shared/mid-tier/takes-writes.ts";
import { CONTROL } from "../../shared/wire/databases.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { areaOf, type Check, clockCheck } from "./check.ts";

const { ok, warn, fail, unknown } = areaOf("redis");

type Ports = Pick<ControlPlane, "databases" | "clock" | "settings">;

export async function redisChecks({ databases, clock, settings }: Ports): Promise<Check[]> {
  const each = [...databases].map(async ([id, { redis }]) => {
    const askedAt = clock.wall();
    const read = await readRedisSettings(redis, LIMITS.shardDeadline);
    if (read.kind === "unavailable")
      return [
        fail(
          `redis-${id}`,
          `${id} does not answer (${read.reason})`,
          "See that it runs, and that its URL and token are right.",
        ),
      ];
    const tookMs = clock.wall() - askedAt;
    return [
      ...ofDatabase(id, read),
      ...writesOf(id, read),
      ...replicas(id, read, settings.replicas),
      ...time(id, read, { askedAt, tookMs }),
    ];
  });
  return (await Promise.all(each)).flat();
}

function ofDatabase(id: string, read: RedisSettings): Check[] {
  const { version, embedded, limitBytes, usedBytes, policy, evicted, appendOnly } = read;
  const answers = ok(`redis-${id}`, `${id} answers${version === null ? "" : `, Redis ${version}`}`);
  if (embedded) return [answers, ok(`redis-${id}-store`, `${id} is the embedded store: for development`)];
  return [
    answers,
    evictionOf(id, policy, evicted),
    appendOnly === null
      ? unknown(`redis-${id}-persistence`, `${id} does not say whether it keeps an append-only file`)
      : appendOnly
        ? ok(`redis-${id}-persistence`, `${id} keeps an append-only file`)
        : warn(
            `redis-${id}-persistence`,
            `${id} keeps no append-only file: a restart loses purges and writes that were acknowledged`,
            "Set `appendonly yes`.",
          ),
    memoryOf(id, usedBytes, limitBytes),
  ];
}

function evictionOf(id: string, policy: string | null, evicted: number | null): Check {
  const advice =
    "Set `maxmemory-policy noeviction`: answers make room within their classes' budgets by themselves.";
  const name = `redis-${id}-eviction`;
  if (evicted !== null && evicted > 0)
    return fail(
      name,
      `${id} has evicted ${evicted} keys by itself: parts of the log or the journal may be gone`,
      advice,
    );
  if (policy === null) return unknown(name, `${id} does not say whether it evicts by itself`);
  if (policy === "noeviction") return ok(name, `${id} evicts nothing by itself`);
  const what = `${id} evicts by itself when it is full (${policy})`;
  return id === CONTROL || policy.startsWith("allkeys")
    ? fail(name, `${what}: the log or the journal may be lost`, advice)
    : warn(name, what, advice);
}

/** The part of its memory from which on a database counts as nearly full. */
const NEARLY = 0.9;

function memoryOf(id: string, used: number | null, limit: number | null): Check {
  const name = `redis-${id}-memory`;
  if (limit === null || used === null) return unknown(name, `${id} does not say how much memory it has`);
  if (limit === 0)
    return warn(
      name,
      `${id} has no limit of memory: it grows until the machine has none left`,
      "Set `maxmemory`.",
    );
  const part = used / limit;
  if (part >= 1)
    return fail(
      name,
      `${id} is full (${Math.round(part * 100)} % of its memory)${id === CONTROL ? ": it takes no purges" : ""}`,
      "Give it more memory, or classes smaller budgets (docs/budgets.md). Then everything goes on by itself.",
    );
  const what = `${id} uses ${Math.round(part * 100)} % of its memory`;
  return part < NEARLY
    ? ok(name, what)
    : warn(name, what, "Give it more, or give classes smaller budgets (docs/budgets.md).");
}

/** By the word with which it refuses them. */
const TO_TAKE_WRITES: Readonly<Record<string, string>> = {
  [FULL]: "Give it more memory, or classes smaller budgets (docs/budgets.md).",
  MISCONF: "It can't write to its disk: make room there, and see what Redis logs (`INFO persistence`).",
  NOREPLICAS: "Bring its replicas back, or lower its `min-replicas-to-write`.",
  READONLY: "It is a replica: give the address of the primary, or promote it (`REPLICAOF NO ONE`).",
};

function writesOf(id: string, { writes }: RedisSettings): Check[] {
  const name = `redis-${id}-writes`;
  if (writes === null) return [];
  if (writes === TAKEN) return [ok(name, `${id} takes writes`)];
  return [
    fail(
      name,
      `${id} takes no writes (${writes})${id === CONTROL ? ": no purges" : ""}`,
      TO_TAKE_WRITES[writes] ?? "See what Redis says to a `SET` with this token.",
    ),
  ];
}

function replicas(id: string, { replicas: connected }: RedisSettings, wanted: number): Check[] {
  if (id !== CONTROL || wanted === 0) return [];
  const name = `redis-${id}-replicas`;
  if (connected === null) return [unknown(name, `${id} does not say how many replicas it has`)];
  if (connected >= wanted)
    return [ok(name, `${id} has ${connected} replicas, of which ${wanted} must have each purge`)];
  const advice = "Bring the replicas back, or lower REPLICAS: until then no purge is acknowledged.";
  return [fail(name, `${id} has ${connected} replicas, and ${wanted} must have each purge`, advice)];
}

function time(
  id: string,
  { now }: RedisSettings,
  asked: { readonly askedAt: number; readonly tookMs: number },
): Check[] {
  if (now === null) return [];
  const apart = now - (asked.askedAt + asked.tookMs / 2);
  return [
    clockCheck(`redis ${id}`, apart, {
      uncertainMs: asked.tookMs / 2,
      warnFrom: LIMITS.clocksApartWarn,
      failFrom: LIMITS.signatureAge,
    }),
  ];
}
