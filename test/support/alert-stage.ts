// The alert rules over the whole control plane in virtual time: what edges say, databases that go away, a receiver that may not answer.

import { createHmac } from "node:crypto";
import { readShownAlerts } from "../../control-plane/alerts/show-alerts.ts";
import type { ShownAlert } from "../../control-plane/alerts/shown-alert.ts";
import { AlertWatch } from "../../control-plane/alerts/watch.ts";
import type { WebhookMessage } from "../../control-plane/alerts/webhook/message.ts";
import { WEBHOOK_SIGNATURE } from "../../control-plane/alerts/webhook/sign.ts";
import { AuditWatch } from "../../control-plane/audit-log/watch.ts";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import type { Environment } from "../../control-plane/configuration/settings.ts";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import { Refill } from "../../control-plane/hot/refill.ts";
import { followReceipts } from "../../control-plane/invalidate/follow.ts";
import { sweepJournal } from "../../control-plane/journal/sweep.ts";
import { watchLog } from "../../control-plane/log/watch.ts";
import { noteFigures } from "../../control-plane/metrics/note-figures.ts";
import { ShardWatch } from "../../control-plane/shards/watch.ts";
import type { CommandReply, Redis, RedisArgument } from "../../shared/ports/redis.ts";
import { Chance } from "../simulator/chance.ts";
import { History } from "../simulator/history.ts";
import { Isolate } from "../simulator/isolate.ts";
import { Link, PERFECT } from "../simulator/network.ts";
import { SimulatedRedis } from "../simulator/redis.ts";
import type { VirtualTime } from "../simulator/virtual-time.ts";
import { memoryJournalWitness } from "./memory-journal-witness.ts";
import { memoryWitness } from "./memory-witness.ts";
import { passing, startVirtualPlane, type VirtualPlane } from "./virtual-plane.ts";

export const SECRET = "the receiver's secret";
/** An evaluation each, with what goes before it. */
const STEP = 10_100;

export interface Database {
  away: boolean;
  /** What it answers to this command without doing it; null where it does it. */
  instead: (command: readonly RedisArgument[]) => CommandReply | null;
  redis: Redis;
}

export interface AlertStage extends VirtualPlane {
  readonly control: Database;
  readonly second: Database;
  readonly receiver: { status: number | "timeout"; readonly messages: WebhookMessage[]; unsigned: number };
  /** By how much every edge's counters grow in ten seconds. */
  traffic: Record<string, number>;
  /** Done in every ten seconds. */
  meanwhile: () => Promise<unknown>;
  /** Ten seconds at a time: edges are asked, receipts and shards looked after, figures noted, the rules evaluated. */
  pass(seconds: number): Promise<void>;
  /** Evaluated by another isolate from now on. */
  restart(): void;
  alerts(): Promise<readonly ShownAlert[]>;
  /** `rule label…` of what is in that state. */
  inState(state: ShownAlert["state"]): Promise<string[]>;
  during<T>(task: Promise<T>): Promise<T>;
}

const HOOK = "http://receiver.test/hook";

export async function startAlertStage(env: Environment = {}): Promise<AlertStage> {
  const control: Database = database();
  const second: Database = database();
  const receiver: AlertStage["receiver"] = { status: 200, messages: [], unsigned: 0 };
  const world = await startVirtualPlane(["one", "two", "three"], "alerts", {
    env: { ALERT_WEBHOOK_URL: HOOK, ALERT_WEBHOOK_SECRET: SECRET, ...env },
    outside: {
      databases: async (time) => {
        second.redis = through(second, await besides(time, "second"));
        const third = { redis: await besides(time, "third"), weight: 1 };
        return new Map([
          ["second", { redis: second.redis, weight: 1 }],
          ["third", third],
        ]);
      },
      through: (redis) => {
        control.redis = redis;
        return through(control, redis);
      },
      elsewhere: async ({ headers, body }) => {
        if (receiver.status === "timeout") return { kind: "unreachable", reason: "timeout" };
        if (receiver.status === 200) take(receiver, headers[WEBHOOK_SIGNATURE] ?? "", body ?? "");
        return { kind: "answer", status: receiver.status, text: "", header: () => null };
      },
    },
  });
  await passing(world.time, bootConfiguration(world.plane));
  return staged(world, { control, second, receiver });
}

function staged(world: VirtualPlane, parts: Pick<AlertStage, "control" | "second" | "receiver">): AlertStage {
  const { plane, time, edges } = world;
  const witness = memoryWitness();
  const journalWitness = memoryJournalWitness();
  const auditWatch = new AuditWatch();
  const shards = new ShardWatch(new Refill());
  let watch = new AlertWatch();
  const counted: Record<string, number> = {};
  const round = async (): Promise<void> => {
    await stage.meanwhile();
    for (const [name, by] of Object.entries(stage.traffic))
      counted[name] = name.startsWith("gauge|") ? by : (counted[name] ?? 0) + by;
    for (const edge of edges) edge.said = { ...edge.said, counters: { ...counted } };
    await watchLog(plane, { witness, began: () => {} });
    await sweepJournal(plane, journalWitness);
    await auditWatch.look(plane);
    await shards.look(plane);
    await noteFigures(plane);
    await collectStatus(plane);
    await followReceipts(plane);
    await watch.run(plane);
  };
  const stage: AlertStage = {
    ...world,
    ...parts,
    traffic: {},
    meanwhile: async () => {},
    async pass(seconds) {
      for (let left = seconds * 1000; left > 0; left -= STEP) {
        const next = time.now + STEP;
        await passing(time, round(), 10);
        await time.runUntil(Math.max(next, time.now));
      }
    },
    restart() {
      watch = new AlertWatch();
    },
    alerts: async () => (await passing(time, readShownAlerts(plane))).items,
    inState: async (state) =>
      (await stage.alerts())
        .filter((alert) => alert.state === state)
        .map(({ rule, labels }) => [rule, ...Object.values(labels)].join(" "))
        .sort(),
    during: (task) => passing(time, task),
  };
  return stage;
}

const database = (): Database => ({
  away: false,
  instead: () => null,
  redis: { run: async () => ({ kind: "unavailable", reason: "not there yet" }) },
});

/** A database that is away is noticed at once: what takes time is somebody else's test. */
const through = (state: Database, redis: Redis): Redis => ({
  async run(commands, deadline) {
    if (state.away) return { kind: "unavailable", reason: "away" };
    const given = commands.map((command) => state.instead(command));
    const outcome = await redis.run(
      commands.filter((_, index) => given[index] === null),
      deadline,
    );
    if (outcome.kind === "unavailable") return outcome;
    const replies = [...outcome.replies];
    const answered = given.map((instead) => instead ?? replies.shift());
    return { kind: "replies", replies: answered.filter((reply) => reply !== undefined) };
  },
});

async function besides(time: VirtualTime, name: string): Promise<Redis> {
  const history = new History();
  const store = await SimulatedRedis.beside({ time, history }, name);
  const link = new Link(name, PERFECT, { time, chance: new Chance(name) });
  return store.over(link, new Isolate({ time, history, wakesAt: () => 0 }));
}

/** As the documentation has receivers verify it. */
function take(receiver: AlertStage["receiver"], signature: string, body: string): void {
  const [, seconds = "", value = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  if (createHmac("sha256", SECRET).update(`${seconds}.${body}`).digest("hex") !== value)
    receiver.unsigned += 1;
  receiver.messages.push(JSON.parse(body) as WebhookMessage);
}
