// One edge of the simulated world: a data centre with a clock of its own, and one life after another of an isolate.

import { createHash, createHmac } from "node:crypto";
import { LIMITS } from "../../edge/config.ts";
import { createEdge } from "../../edge/create-edge.ts";
import type { Edge } from "../../edge/edge.ts";
import { advanceClock, startElapsedClock } from "../../shared/core/elapsed-clock.ts";
import { guardedRedis } from "../../shared/mid-tier/guarded.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import type { Background, Clock, Timers } from "../../shared/ports/clock.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import type { Chance } from "./chance.ts";
import { SimulatedCacheApi } from "./data-centre.ts";
import type { History, ViewAt } from "./history.ts";
import type { LinkFaults } from "./network.ts";
import { Link } from "./network.ts";
import { observedLog } from "./observed-log.ts";
import type { SimulatedOrigin } from "./origin.ts";
import type { SimulatedRedis } from "./redis.ts";
import { SMALL_LOG } from "./small-limits.ts";
import { TIME_ZERO } from "./time-zero.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Surroundings {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly history: History;
  readonly redis: SimulatedRedis;
  readonly origin: SimulatedOrigin;
  readonly links: LinkFaults;
}

/** One isolate: what it does after its end reaches nobody. */
export interface Life {
  readonly number: number;
  readonly edge: Edge;
  readonly background: Background;
  alive: boolean;
}

export class EdgeHost {
  readonly id: string;
  readonly link: Link;
  life: Life | null = null;
  private readonly around: Surroundings;
  private readonly chance: Chance;
  private readonly cacheApi: SimulatedCacheApi;
  /** All that have begun: a recycled one may still have something under way. */
  private readonly lives: Life[] = [];
  /** How far its wall clock is off. */
  private wallOffset: number;

  constructor(id: string, around: Surroundings) {
    this.id = id;
    this.around = around;
    this.chance = around.chance.fork(`edge ${id}`);
    this.link = new Link(id, around.links, around);
    this.cacheApi = new SimulatedCacheApi(around.time, this.chance);
    this.wallOffset = this.chance.between(-1500, 1500);
  }

  begin(): void {
    const number = this.lives.length + 1;
    const alive = (): boolean => this.lives[number - 1]?.alive ?? true;
    const edge = this.isolate(number, alive);
    this.life = { number, edge, background: this.background(alive), alive: true };
    this.lives.push(this.life);
    this.say(`begins life ${number}`);
  }

  /** Gone at once, with everything that it had under way. */
  crash(): void {
    if (this.life === null) return;
    this.say("crashes");
    for (const life of this.lives) life.alive = false;
    this.life = null;
  }

  /** A new isolate takes what comes from now on; the old one ends what it has. */
  recycle(): void {
    this.say("is recycled");
    this.begin();
  }

  stepClock(by: number): void {
    this.say(`wall clock steps by ${by}`);
    this.wallOffset += by;
  }

  heal(): void {
    this.link.heal();
  }

  say(what: string): void {
    this.around.history.trace.push(`${this.around.time.now} ${this.id} ${what}`);
  }

  private isolate(number: number, alive: () => boolean): Edge {
    const { history, origin, redis, time } = this.around;
    const clock = this.clock();
    const reached = guardedRedis(redis.over(this.link, alive), clock, LIMITS.breaker);
    const traffic = { hits: 0, misses: 0, corrupt: 0 };
    const chance = this.chance.fork(`life ${number}`);
    const log = createLog(reached, {
      ...(SMALL_LOG as Parameters<typeof createLog>[1]),
      readDeadline: LIMITS.logDeadline,
    });
    return createEdge(
      {
        clock,
        timers: timersOf(time, alive),
        random: { token: () => chance.token(), unit: () => chance.unit() },
        digest: DIGEST,
        origin: origin.seenFrom({ edge: this.id, alive, view: () => viewOf(this.lives[number - 1] ?? null) }),
        blobs: this.cacheApi.seenBy(alive),
        callPeer: async () => ({ kind: "unreachable", reason: "refused" }),
        log: observedLog(log, { history, time }),
        midTier: createMidTier({
          shardOf: () => ({ id: "control", redis: reached }),
          digest: DIGEST,
          readDeadline: LIMITS.l2ReadDeadline,
          fillDeadline: LIMITS.l2FillDeadline,
          variantsPerKey: LIMITS.variantsPerKey,
          traffic: () => traffic,
        }),
      },
      {
        id: this.id,
        fallbackSite: { name: "default", hosts: ["*"], aliases: [], canonicalHost: "default" },
        parseUrl,
        peerUrls: new Map(),
        shards: () => [],
      },
    );
  }

  private clock(): Clock {
    const { time } = this.around;
    const began = time.now;
    const readings = (): [number, number] => [TIME_ZERO + this.wallOffset + time.now, time.now - began];
    const state = startElapsedClock(readings());
    return {
      now: () => advanceClock(state, readings()),
      backwardSteps: () => state.backwardSteps,
      wall: () => TIME_ZERO + this.wallOffset + time.now,
    };
  }

  /** Nothing that an edge leaves to the background may reject: nobody is there to hear it. */
  private background(alive: () => boolean): Background {
    const { history, time } = this.around;
    return {
      keep(task) {
        task.catch((error: unknown) => {
          if (!alive()) return;
          const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
          history.violations.push({ invariant: "never rejects", at: time.now, text });
        });
      },
    };
  }
}

export function viewOf(life: Life | null): ViewAt | null {
  const view = life?.edge.view.current() ?? null;
  if (view === null) return null;
  return { epoch: view.epoch, cursor: view.cursor, beyondGap: [...view.ahead.keys()] };
}

const timersOf = (time: VirtualTime, alive: () => boolean): Timers => ({
  sleep: (span) =>
    new Promise((resolve) => {
      time.after(span, () => {
        if (alive()) resolve();
      });
    }),
  after: (span, action) =>
    time.after(span, () => {
      if (alive()) action();
    }),
});

/** Digests don't depend on the seed: worked out once a process. */
const digests = new Map<string, string>();

const DIGEST: Digest = {
  async sha256Hex(text) {
    let digest = digests.get(text);
    if (digest === undefined) {
      digest = createHash("sha256").update(text).digest("hex");
      if (digests.size < 10_000) digests.set(text, digest);
    }
    return digest;
  },
  async sha256Base64(parts) {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest("base64");
  },
  hmacHex: async (key, text) => createHmac("sha256", key).update(text).digest("hex"),
};
