// Every alert rule, caused through the whole control plane: it fires for what it is about, names it, and is over afterwards.

import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { RULES } from "../../control-plane/alerts/rules.ts";
import { LIMITS } from "../../control-plane/config.ts";
import { seconds } from "../../shared/core/units.ts";
import { AUDIT_KEYS, AUDIT_RECORDS, JOURNAL_FIGURES } from "../../shared/mid-tier/keys.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { RedisArgument } from "../../shared/ports/redis.ts";
import type { AuditSample } from "../../shared/wire/audit.ts";
import { type AlertStage, startAlertStage } from "../support/alert-stage.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});

interface Scenario {
  readonly rule: string;
  /** As it is listed. */
  readonly fires: readonly string[];
  readonly env?: Record<string, string>;
  readonly cause: (stage: AlertStage) => Promise<void> | void;
  /** How long it is caused. */
  readonly for?: number;
  readonly end: (stage: AlertStage) => Promise<void> | void;
  /** Until it is over: the window of a minute, and the rule's own time. */
  readonly over?: number;
  /** What else fires, since it follows from the same. */
  readonly beside?: readonly string[];
}

/** What every edge serves in ten seconds when all is well: mostly hits, some misses, an invalidation now and then. */
const HEALTHY = {
  ...{ "requests|default|hot|hit|l1Memory": 4800, "requests|default|hot|stale|l1Memory": 20 },
  ...{ "requests|default|hot|miss|origin": 100, "requests|default|hot|coalesced|origin": 20 },
  ...{ "requests|default|immutable|hit|l2": 900, "requests|default|immutable|miss|origin": 20 },
  ...{ "requests|default|standard|hit|l2": 300, "requests|default|standard|miss|origin": 300 },
  ...{ "requests|default|standard|pass|origin": 200, "asked|default|hot|miss": 100 },
  ...{ "tier|default|hot|origin|hits": 620, "tier|default|hot|origin|errors": 2 },
  ...{
    "origin|bucket": 420,
    "queued|default|hot": 10,
    "leaseWaits|default|hot": 5,
    "shed|default|hot|rate": 1,
  },
  ...{ "gauge|shardLag|second": 0, "audit|hot|l1Memory|sampled": 10 },
};

/** What so many requests to a real edge count there, over and over. */
async function countedBy(edge: LoneEdge, ask: () => Promise<unknown>): Promise<Record<string, number>> {
  await ask();
  await edge.settled();
  return (await edge.beat()).counters;
}

const HOT = { key_pattern: "/*", class: "hot" };
const answer =
  (lone: LoneEdge, tookMs = 5) =>
  async () => {
    // Whoever else is on his way gets there meanwhile.
    await setImmediate();
    lone.now += tookMs;
    const bytes = new TextEncoder().encode("ok");
    const headers = [["cache-control", "max-age=60"]] as const;
    return { kind: "answer", status: 200, headers, body: { kind: "bytes", bytes } } as const;
  };

async function stampede(stage: AlertStage): Promise<void> {
  const lone = loneEdge([HOT]);
  const gate = Promise.withResolvers<void>();
  const origin = answer(lone);
  lone.origin = async () => {
    await gate.promise;
    return origin();
  };
  stage.traffic = await countedBy(lone, async () => {
    const crowd = Array.from({ length: 400 }, (_, at) => lone.get(`/${at % 4}`));
    gate.resolve();
    await Promise.all(crowd);
  });
}

async function leaseWaits(stage: AlertStage): Promise<void> {
  const taken = {
    async read() {
      lone.now += 200;
      return { kind: "taken", remaining: seconds(1) } as const;
    },
  };
  const away = { kind: "unavailable", reason: "away" } as const;
  const rest = {
    fill: async () => away,
    release: async () => "released" as const,
    renew: async () => "lost" as const,
    verified: async () => {},
  };
  const lone: LoneEdge = loneEdge([HOT], { midTier: { ...taken, ...rest } });
  lone.origin = answer(lone);
  const counted = await countedBy(lone, async () => {
    for (let at = 0; at < 60; at++) await lone.get(`/${at}`);
  });
  stage.traffic = { ...HEALTHY, ...scaled(counted, 10) };
}

const scaled = (counters: Record<string, number>, by: number): Record<string, number> =>
  Object.fromEntries(Object.entries(counters).map(([name, count]) => [name, count * by]));

async function saturated(stage: AlertStage): Promise<void> {
  const lone = loneEdge([HOT], {}, { concurrency: 2 });
  lone.origin = answer(lone);
  const counted = await countedBy(lone, () =>
    Promise.all(Array.from({ length: 40 }, (_, at) => lone.get(`/${at}`))),
  );
  stage.traffic = { ...HEALTHY, ...scaled(counted, 20) };
}

async function beyondBudget(stage: AlertStage): Promise<void> {
  const lone = loneEdge([HOT], {}, { rate: 10, share: { rate: 1 } });
  lone.budget = async () => ({ kind: "refused", wait: seconds(60) });
  lone.origin = answer(lone);
  const counted = await countedBy(lone, async () => {
    for (let at = 0; at < 40; at++) await lone.get(`/${at}`);
  });
  stage.traffic = { ...HEALTHY, ...scaled(counted, 5) };
}

async function originFails(stage: AlertStage): Promise<void> {
  const lone = loneEdge([HOT]);
  const counted = await countedBy(lone, async () => {
    for (let at = 0; at < 40; at++) await lone.get(`/${at}`);
  });
  stage.traffic = { ...HEALTHY, ...scaled(counted, 10) };
}

async function manyMisses(stage: AlertStage): Promise<void> {
  const lone = loneEdge([HOT]);
  lone.origin = answer(lone);
  const counted = await countedBy(lone, async () => {
    for (let at = 0; at < 50; at++) await lone.get(`/${at % 30}`);
  });
  stage.traffic = { ...HEALTHY, ...scaled(counted, 20), "tier|default|hot|origin|errors": 0 };
}

/** The control plane reads it as it does from Redis: `INFO memory` and `INFO stats`. */
const filled =
  (share: number) =>
  ([name, section]: readonly RedisArgument[]) =>
    name === "INFO" && section === "memory"
      ? ({ kind: "reply", reply: `used_memory:${share * 256e6}\r\nmaxmemory:${256e6}\r\n` } as const)
      : null;

async function staleAnswers(stage: AlertStage): Promise<void> {
  await stage.purge();
  const head = await stage.during(stage.plane.log.snapshot(0));
  if (head.kind !== "snapshot") throw new Error(head.kind);
  const { epoch, seq } = head.head;
  let number = 0;
  stage.meanwhile = async () => {
    number += 1;
    const [edge] = stage.edges;
    if (edge !== undefined) edge.said = { ...edge.said, audit: { number, samples: [violation(epoch, seq)] } };
  };
}

/** A hit of what the edge's own view knew to be purged. */
const violation = (epoch: number, seq: number): AuditSample => ({
  ...{ class: "hot", tier: "l1Memory", result: "hit", why: "random" },
  ...{ asOf: `${epoch}-0`, verifiedTo: `${epoch}-0`, view: `${epoch}-${seq}` },
  ...{ knownAgeMs: 0, agoMs: 0, ageMs: 60_000, askedBeforeMs: 60_000, boundMs: 5000 },
  ...{ selectors: ["default u origin.test/a", "default e"], inForce: [] },
});

const unreachable =
  (...ids: string[]) =>
  (stage: AlertStage): void => {
    for (const edge of stage.edges) if (ids.includes(edge.id)) edge.reachable = false;
  };
const allReachable = (stage: AlertStage): void => {
  for (const edge of stage.edges) edge.reachable = true;
};
const healthy = (stage: AlertStage): void => {
  stage.traffic = HEALTHY;
};
const journal =
  (field: string, count: number) =>
  async (stage: AlertStage): Promise<void> => {
    await stage.during(stage.second.redis.run([["HSET", JOURNAL_FIGURES, field, count]], seconds(1)));
  };

const NO_REPLICAS = "NOREPLICAS Not enough good replicas to write.";

const SCENARIOS: readonly Scenario[] = [
  {
    rule: "stampede",
    fires: ["stampede hot"],
    cause: stampede,
    end: healthy,
    for: 120,
    beside: ["hit-rate hot"],
  },
  { rule: "lease-waits", fires: ["lease-waits"], cause: leaseWaits, end: healthy },
  { rule: "origin-saturated", fires: ["origin-saturated default"], cause: saturated, end: healthy },
  { rule: "origin-budget-spent", fires: ["origin-budget-spent default"], cause: beyondBudget, end: healthy },
  { rule: "origin-failing", fires: ["origin-failing default"], cause: originFails, end: healthy },
  { rule: "hit-rate", fires: ["hit-rate hot"], cause: manyMisses, for: 420, end: healthy, over: 240 },
  {
    rule: "shard-memory",
    fires: ["shard-memory second"],
    cause: ({ second }) => {
      second.instead = filled(0.95);
    },
    for: 150,
    end: ({ second }) => {
      second.instead = filled(0.8);
    },
  },
  {
    rule: "replication-lag",
    fires: ["replication-lag second"],
    cause: (stage) => {
      stage.traffic = { ...HEALTHY, "gauge|shardLag|second": 15_000 };
    },
    end: healthy,
  },
  {
    rule: "shard-down",
    fires: ["shard-down second"],
    cause: ({ second }) => {
      second.away = true;
    },
    end: ({ second }) => {
      second.away = false;
    },
  },
  {
    rule: "shard-down",
    fires: ["shard-down second"],
    cause: ({ second }) => {
      second.instead = ([name]) => (name === "SET" ? { kind: "error", message: NO_REPLICAS } : null);
    },
    end: ({ second }) => {
      second.instead = () => null;
    },
  },
  {
    rule: "mid-tier-unreachable",
    fires: ["mid-tier-unreachable"],
    cause: ({ control }) => {
      control.away = true;
    },
    for: 40,
    end: ({ control }) => {
      control.away = false;
    },
  },
  {
    rule: "log-lost",
    fires: ["log-lost"],
    // What has emptied the database has taken the audit log with it.
    beside: ["audit-broken"],
    cause: async (stage) => {
      await stage.purge();
      await stage.pass(10);
      await stage.during(stage.control.redis.run([["FLUSHALL"]], seconds(1)));
    },
    end: async ({ time }) => {
      await time.runUntil(time.now + LIMITS.alertFoundFor);
    },
  },
  {
    rule: "journal-lost",
    fires: ["journal-lost second"],
    cause: async (stage) => {
      await journal("accepted", 5)(stage);
      await stage.pass(10);
      await stage.during(stage.second.redis.run([["DEL", JOURNAL_FIGURES]], seconds(1)));
    },
    end: async ({ time }) => {
      await time.runUntil(time.now + LIMITS.alertFoundFor);
    },
  },
  {
    rule: "audit-broken",
    fires: ["audit-broken"],
    cause: async (stage) => {
      await stage.purge();
      await stage.pass(10);
      await stage.during(
        stage.control.redis.run([["HSET", AUDIT_RECORDS, 1, "nobody did anything"]], seconds(1)),
      );
    },
    end: async (stage) => {
      await stage.during(stage.control.redis.run([["DEL", ...AUDIT_KEYS]], seconds(1)));
      await stage.during(stage.plane.auditWitness.put({ head: null, breaches: [] }));
      await stage.pass(80);
      await stage.time.runUntil(stage.time.now + 3_600_000);
    },
  },
  {
    rule: "stale-violations",
    fires: ["stale-violations hot"],
    cause: staleAnswers,
    end: async (stage) => {
      stage.meanwhile = async () => {};
      for (const edge of stage.edges) edge.said = {};
      await stage.time.runUntil(stage.time.now + LIMITS.alertFoundFor);
    },
    over: 420,
  },
  {
    rule: "receipts-unfinished",
    fires: ["receipts-unfinished"],
    // Served stale beyond its window for an hour: an edge that is away is fenced after that.
    env: { POLICIES: JSON.stringify([{ key_pattern: "/*", class: "immutable" }]) },
    cause: async (stage) => {
      unreachable("one")(stage);
      await stage.purge();
    },
    for: 100,
    end: allReachable,
    beside: ["edge-silent one"],
  },
  {
    rule: "receipts-overdue",
    fires: ["receipts-overdue"],
    cause: async (stage) => {
      unreachable("one")(stage);
      // What is found out of receipts can't be written down: with every edge fenced, it stays open.
      stage.control.instead = ([name, script]) =>
        name === "EVAL" && String(script).includes("relisted")
          ? { kind: "error", message: "ERR refused" }
          : null;
      await stage.purge();
    },
    for: 100,
    end: (stage) => {
      stage.control.instead = () => null;
      allReachable(stage);
    },
    beside: ["edge-silent one", "receipts-unfinished"],
  },
  {
    rule: "invalidation-volume",
    fires: ["invalidation-volume"],
    env: { ALERTS: JSON.stringify({ "invalidation-volume": { threshold: 60 } }) },
    cause: (stage) => {
      stage.meanwhile = () => stage.plane.metrics.count("invalidations|accepted", 20);
    },
    for: 180,
    end: (stage) => {
      stage.meanwhile = async () => {};
    },
  },
  {
    rule: "wrong-tokens",
    fires: ["wrong-tokens"],
    cause: (stage) => {
      stage.meanwhile = async () => {
        for (let at = 0; at < 20; at++) stage.plane.turnedAway.count("wrong-token", UNKEPT);
      };
    },
    for: 120,
    end: (stage) => {
      stage.meanwhile = async () => {};
    },
  },
  { rule: "edge-silent", fires: ["edge-silent two"], cause: unreachable("two"), end: allReachable },
  {
    rule: "edges-vanished",
    fires: ["edges-vanished"],
    cause: unreachable("one", "two"),
    end: allReachable,
    beside: ["edge-silent one", "edge-silent two"],
  },
  {
    rule: "edge-fenced",
    fires: ["edge-fenced three"],
    cause: ({ edges: [, , three] }) => {
      if (three !== undefined) three.said = { ...three.said, knownAgeMs: 20_000 };
    },
    end: ({ edges: [, , three] }) => {
      if (three !== undefined) three.said = { ...three.said, knownAgeMs: 5 };
    },
  },
  {
    rule: "journal-depth",
    fires: ["journal-depth"],
    cause: journal("pending", 6000),
    for: 120,
    end: journal("pending", 3),
  },
  {
    rule: "journal-dead-letters",
    fires: ["journal-dead-letters"],
    cause: journal("dead", 2),
    end: journal("dead", 0),
  },
];

describe("with everything well under load", () => {
  test("no rule fires, nor is about to", async () => {
    const stage = await startAlertStage();
    stage.traffic = HEALTHY;
    stage.meanwhile = async () => {
      await stage.plane.metrics.count("invalidations|accepted", 5);
      // Programs that show none yet, and the occasional typing error.
      stage.plane.turnedAway.count("no-token", UNKEPT);
      if (stage.time.now % 20_000 < 1000) stage.plane.turnedAway.count("sign-in", UNKEPT);
    };
    await stage.pass(600);
    expect(await stage.alerts()).toEqual([]);
    expect(stage.receiver.messages).toEqual([]);
  });

  test("nor while there is next to no traffic, all of it misses", async () => {
    const stage = await startAlertStage();
    stage.traffic = {
      ...{ "requests|default|hot|miss|origin": 3, "requests|default|hot|coalesced|origin": 2 },
      ...{ "tier|default|hot|origin|hits": 3, "leaseWaits|default|hot": 2 },
    };
    await stage.pass(600);
    expect(await stage.alerts()).toEqual([]);
  });
});

describe.each(SCENARIOS)("$rule", ({ rule, fires, env = {}, cause, end, beside = [], ...times }) => {
  test("fires when it is caused, and names what of; it alone; and is over when that is", async () => {
    const stage = await startAlertStage(env);
    stage.traffic = HEALTHY;
    await stage.pass(30);
    expect(await stage.alerts()).toEqual([]);
    await cause(stage);
    await stage.pass(times.for ?? 100);
    const firing = await stage.inState("firing");
    expect(firing.filter((one) => !beside.includes(one))).toEqual(fires);
    await end(stage);
    await stage.pass(times.over ?? 240);
    expect(await stage.inState("firing")).toEqual([]);
    const told = stage.receiver.messages.filter(({ alerts }) =>
      alerts[0]?.annotations.runbook_url?.endsWith(`/${rule}.md`),
    );
    expect(told.map(({ status }) => status)).toEqual(["firing", "resolved"]);
    expect(stage.receiver.unsigned).toBe(0);
  });
});

describe("of ten sites with equal traffic", () => {
  const names = ["default", ..."bcdefghij"];
  const env = {
    SITES: JSON.stringify(
      names.map((name) => ({
        ...{ name, hosts: [`${name}.test`], aliases: [], canonicalHost: `${name}.test` },
      })),
    ),
  };
  const traffic = (each: Record<string, number>): Record<string, number> =>
    Object.fromEntries(
      names.flatMap((name) =>
        Object.entries(each).map(([what, count]) => [`${what.replace("SITE", name)}`, count]),
      ),
    );
  const WELL = { "tier|SITE|hot|origin|hits": 100, "requests|SITE|hot|hit|l1Memory": 1000 };

  test("one whose origin is dead fires, and no other", async () => {
    const stage = await startAlertStage(env);
    const well = traffic(WELL);
    stage.traffic = well;
    await stage.pass(60);
    expect(await stage.alerts()).toEqual([]);
    stage.traffic = { ...well, "tier|c|hot|origin|hits": 0, "tier|c|hot|origin|errors": 100 };
    await stage.pass(120);
    expect(await stage.inState("firing")).toEqual(["origin-failing c"]);
    expect((await stage.alerts())[0]?.summary).toMatch(/^c: 100 % of what is to go to the origin gets no/);
    stage.traffic = well;
    await stage.pass(180);
    expect(await stage.inState("firing")).toEqual([]);
  });

  test("one whose origin is saturated, or beyond its budget, fires", async () => {
    const stage = await startAlertStage(env);
    stage.traffic = { ...traffic(WELL), "queued|d|hot": 60, "shed|e|hot|rate": 30 };
    await stage.pass(120);
    expect(await stage.inState("firing")).toEqual(["origin-budget-spent e", "origin-saturated d"]);
  });

  test("one that fires stays so while nothing is to go to its origin", async () => {
    const stage = await startAlertStage(env);
    const well = traffic(WELL);
    stage.traffic = { ...well, "tier|c|hot|origin|hits": 0, "tier|c|hot|origin|errors": 100 };
    await stage.pass(120);
    stage.traffic = { ...well, "tier|c|hot|origin|hits": 0 };
    await stage.pass(240);
    expect(await stage.inState("firing")).toEqual(["origin-failing c"]);
    expect(await stage.alerts()).toMatchObject([{ measured: false }]);
  });

  test("all of which have too few requests to be judged alone, they are judged together", async () => {
    const ALERTS = JSON.stringify({ "origin-failing": { leastSample: 30 } });
    const stage = await startAlertStage({ ...env, ALERTS });
    stage.traffic = traffic({ "tier|SITE|hot|origin|errors": 1 });
    await stage.pass(120);
    expect(await stage.inState("firing")).toEqual(["origin-failing all others"]);
  });
});

test("every rule has a scenario that causes it", () => {
  expect([...new Set(SCENARIOS.map(({ rule }) => rule))].sort()).toEqual(RULES.map(({ id }) => id).sort());
});
