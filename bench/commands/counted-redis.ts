// A redis-server whose commands are counted by itself, and told apart by the script that each one runs.

import { Redis } from "ioredis";
import APPEND from "../../shared/mid-tier/scripts/append.lua";
import CHECK from "../../shared/mid-tier/scripts/check.lua";
import FILL from "../../shared/mid-tier/scripts/fill.lua";
import ACCEPT from "../../shared/mid-tier/scripts/journal-accept.lua";
import CLAIM from "../../shared/mid-tier/scripts/journal-claim.lua";
import VALUE from "../../shared/mid-tier/scripts/journal-read.lua";
import PEEK from "../../shared/mid-tier/scripts/peek.lua";
import READ_OR_LEASE from "../../shared/mid-tier/scripts/read-or-lease.lua";
import RELEASE from "../../shared/mid-tier/scripts/release.lua";
import RENEW from "../../shared/mid-tier/scripts/renew.lua";
import SINCE from "../../shared/mid-tier/scripts/since.lua";
import SNAPSHOT from "../../shared/mid-tier/scripts/snapshot.lua";
import TAKE from "../../shared/mid-tier/scripts/take.lua";
import VERIFIED from "../../shared/mid-tier/scripts/verified.lua";
import { monitorRedis } from "../outside/redis-monitor.ts";

/** What a request itself costs, and what edges pull of the log; all others are the control plane's. */
const SCRIPTS = {
  ...{ read: READ_OR_LEASE, fill: FILL, peek: PEEK, release: RELEASE, renew: RENEW },
  ...{ take: TAKE, check: CHECK, verified: VERIFIED },
  ...{ accept: ACCEPT, value: VALUE, claim: CLAIM, append: APPEND },
  pull: SINCE,
  snapshot: SNAPSHOT,
} as const;
export type Command = keyof typeof SCRIPTS | "other";

export type Counts = Readonly<Partial<Record<Command, number>>>;

/** Every script opens with a comment of its own. */
const OPENINGS = Object.entries(SCRIPTS).map(
  ([name, text]) => [name as Command, text.slice(0, text.indexOf("\n"))] as const,
);

const commandOf = ([name = "", script = ""]: readonly string[]): Command =>
  name.toLowerCase() === "eval"
    ? (OPENINGS.find(([, line]) => script.includes(line))?.[0] ?? "other")
    : "other";

/** Scripts of the control plane that may run while both counts are read. */
const BETWEEN = 5;

export interface CountedRedis {
  /** What clients have sent since the last call: `EVAL` counts one, whatever its script does. */
  take(): Promise<Counts>;
  /** What the scripts of the last `take` have called in their turn. */
  called(): Counts;
  /** As if its map had not changed for long. */
  settle(): Promise<void>;
  close(): void;
}

/** Throws where MONITOR, which knows the scripts, and `INFO commandstats`, which can't miss any, disagree. */
export async function countCommands(port: number): Promise<CountedRedis> {
  const redis = new Redis({ port, host: "127.0.0.1" });
  let counts: Partial<Record<Command, number>> = {};
  let calls: Partial<Record<Command, number>> = {};
  let lastCalls: Counts = {};
  let running: Command = "other";
  let seen = 0;
  const monitor = await monitorRedis(port, ({ source, args }) => {
    // A script is told first, and then whatever it calls: nothing else comes between.
    if (source === "lua") calls[running] = (calls[running] ?? 0) + 1;
    else {
      if (args[0]?.toLowerCase() === "eval") seen += 1;
      running = commandOf(args);
      counts[running] = (counts[running] ?? 0) + 1;
    }
  });
  let before = await evalsOf(redis);
  // What came before that is in neither count.
  [counts, calls, seen] = [{}, {}, 0];
  return {
    async take() {
      const evals = await evalsOf(redis);
      const giveUpAt = performance.now() + 2000;
      while (seen < evals - before && performance.now() < giveUpAt) await new Promise(setImmediate);
      // What comes between INFO and here is the next one's by the one count, and this one's by the other.
      const surplus = seen - (evals - before);
      if (surplus < 0 || surplus > BETWEEN)
        throw new Error(`MONITOR saw ${seen} scripts, INFO counts ${evals - before}`);
      const taken = counts;
      lastCalls = calls;
      [counts, calls, seen, before] = [{}, {}, surplus, evals];
      return taken;
    },
    called: () => lastCalls,
    async settle() {
      await redis.hset("tg:shard", "since", "0");
    },
    close() {
      monitor.close();
      redis.disconnect();
    },
  };
}

async function evalsOf(redis: Redis): Promise<number> {
  const calls = /cmdstat_eval:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1];
  return Number(calls ?? 0);
}
