// One edge of the simulated world: a data centre with clocks of its own, and one life after another of an isolate.

import { LIMITS } from "../../edge/config.ts";
import { createEdge } from "../../edge/create-edge.ts";
import type { Edge } from "../../edge/edge.ts";
import type { InternalEdge } from "../../edge/internal/routes.ts";
import { JOURNAL_LIMITS } from "../../edge/writes/journal-limits.ts";
import type { BucketTerms } from "../../shared/core/token-bucket.ts";
import { readTogether } from "../../shared/mid-tier/gathered.ts";
import { guardedRedis } from "../../shared/mid-tier/guarded.ts";
import { createJournal } from "../../shared/mid-tier/journal.ts";
import { KnownShards } from "../../shared/mid-tier/known-shards.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import { MissingCopies } from "../../shared/mid-tier/missing-copies.ts";
import { createOriginBudget } from "../../shared/mid-tier/origin-budget.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import { createCallEdge } from "../../shared/wire/call-edge.ts";
import { KnownShardMap } from "../../shared/wire/shard-map.ts";
import { SignatureChecker } from "../../shared/wire/signature.ts";
import type { Chance } from "./chance.ts";
import { SimulatedCacheApi } from "./data-centre.ts";
import { DIGEST } from "./digest.ts";
import type { History, ViewAt } from "./history.ts";
import { HostClock } from "./host-clock.ts";
import { CLUSTER_KEY, httpOver } from "./http.ts";
import { Isolate } from "./isolate.ts";
import type { Network } from "./network.ts";
import type { SimulatedNotes } from "./notes.ts";
import { observedLog } from "./observed-log.ts";
import type { SimulatedOrigin } from "./origin.ts";
import type { SimulatedRedis } from "./redis.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Surroundings {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly history: History;
  readonly network: Network;
  /** The database named `control`. */
  readonly redis: SimulatedRedis;
  /** Those beside it, by their names. */
  readonly shards: ReadonlyMap<string, SimulatedRedis>;
  readonly origin: SimulatedOrigin;
  /** What an edge's environment says of it. */
  readonly originShare: BucketTerms | null;
  /** Where the edges are isolates of one data centre that share a view. */
  readonly notes: SimulatedNotes | null;
}

/** What it does after its end reaches nobody. */
export interface Life {
  readonly number: number;
  readonly edge: Edge;
  readonly internal: InternalEdge;
  readonly isolate: Isolate;
}

export class EdgeHost {
  readonly id: string;
  readonly clock: HostClock;
  life: Life | null = null;
  private readonly around: Surroundings;
  private readonly chance: Chance;
  private readonly cacheApi: SimulatedCacheApi;
  /** All edges. */
  private readonly cluster: ReadonlyMap<string, EdgeHost>;
  /** All that have begun: a recycled one may still have something under way. */
  private readonly lives: Life[] = [];
  private wakesAt = 0;

  constructor(id: string, around: Surroundings, cluster: ReadonlyMap<string, EdgeHost>) {
    this.id = id;
    this.cluster = cluster;
    this.around = around;
    this.chance = around.chance.fork(`edge ${id}`);
    this.clock = new HostClock(around.time);
    this.cacheApi = new SimulatedCacheApi(around.time, this.chance);
  }

  begin(): void {
    const number = this.lives.length + 1;
    const { time, history } = this.around;
    const isolate = new Isolate({ time, history, wakesAt: () => this.wakesAt });
    const edge = this.edge(number, isolate);
    const checker = new SignatureChecker({
      key: CLUSTER_KEY,
      digest: DIGEST,
      maxAgeMs: LIMITS.signatureAge,
    });
    const told = { region: "simulated", version: null, skew: null };
    const internal = { edge, checker, boot: `${this.id}/${number}`, ...told };
    this.life = { number, edge, internal, isolate };
    this.lives.push(this.life);
    history.lives.set(`${this.id}/${number}`, time.now);
    this.say(`begins life ${number}`);
  }

  /** Gone at once, with everything that it had under way. */
  crash(): void {
    if (this.life === null) return;
    this.say("crashes");
    for (const { isolate } of this.lives) isolate.alive = false;
    this.life = null;
    this.ended();
    const { exchanges } = this.around.history;
    for (const exchange of exchanges)
      if (exchange.edge === this.id && exchange.outcome.kind === "under-way")
        exchange.outcome = { kind: "lost", at: this.around.time.now };
  }

  /** A new isolate takes what comes from now on; the old one ends what it has. */
  recycle(): void {
    this.say("is recycled");
    this.ended();
    this.begin();
  }

  /** Nothing of it runs for that span. */
  freeze(span: number, sleeps: "wall" | "monotonic" | "neither"): void {
    this.wakesAt = Math.max(this.wakesAt, this.around.time.now + span);
    if (sleeps !== "neither") this.clock.suspend(span, sleeps);
  }

  /** Somebody comes in: at once, or when the host wakes, and to whichever isolate takes requests then. */
  reach(act: (life: Life | null) => void): void {
    const { time } = this.around;
    if (time.now < this.wakesAt) time.at(this.wakesAt, () => this.reach(act));
    else act(this.life);
  }

  say(what: string): void {
    this.around.history.trace.push(`${this.around.time.now} ${this.id} ${what}`);
  }

  private ended(): void {
    this.around.history.ends.push({ edge: this.id, at: this.around.time.now });
  }

  private edge(number: number, isolate: Isolate): Edge {
    const { history, network, notes, origin, redis, time } = this.around;
    const clock = this.clock.forIsolate();
    const reached = guardedRedis(
      redis.over(network.link(`${this.id}>redis`), isolate, `${this.id}/${number}`),
      clock,
      LIMITS.breaker,
    );
    const map = new KnownShardMap("control");
    const traffic = { hits: 0, misses: 0, corrupt: 0 };
    const chance = this.chance.fork(`life ${number}`);
    const log = createLog(reached, { ...LOG_LIMITS, readDeadline: LIMITS.logDeadline });
    const random = { token: () => chance.token(), unit: () => chance.unit() };
    const http = httpOver({ from: this.id, isolate, network, hosts: this.cluster });
    const view = (): ViewAt | null => viewOf(this.lives[number - 1] ?? null);
    const passed = (): number => passedBy(this.lives[number - 1] ?? null);
    const databases = this.databases(reached, { clock, isolate });
    return createEdge(
      {
        clock,
        timers: isolate.timers,
        random,
        digest: DIGEST,
        origin: origin.seenFrom({
          edge: this.id,
          life: number,
          link: network.link(`${this.id}>origin`),
          isolate,
          ...{ view, passed },
        }),
        blobs: this.cacheApi.seenBy(isolate),
        callPeer: createCallEdge({ http, key: CLUSTER_KEY, digest: DIGEST, random, clock }),
        budget: createOriginBudget(reached, {
          clock,
          deadline: LIMITS.takeDeadline,
          breaker: LIMITS.breaker,
        }),
        log: observedLog(log, { history, time, vouches: true }),
        journal: createJournal({ databases, digest: DIGEST, ...JOURNAL_LIMITS }),
        midTier: createMidTier({
          shards: databases,
          map: () => map.current,
          missing: new MissingCopies(LIMITS.copiesMissed),
          known: new KnownShards(LIMITS),
          mapSettlesIn: LIMITS.mapSettlesIn,
          clock,
          failoverAfter: LIMITS.failoverAfter,
          failoverTries: LIMITS.failoverTries,
          digest: DIGEST,
          readDeadline: LIMITS.l2ReadDeadline,
          fillDeadline: LIMITS.l2FillDeadline,
          readBy: readTogether(databases, { clock, timers: isolate.timers, ...LIMITS.gathering }),
          variantsPerKey: LIMITS.variantsPerKey,
          traffic: () => traffic,
        }),
      },
      {
        id: this.id,
        hashSeed: 1,
        fallbackSite: { name: "default", hosts: ["*"], aliases: [], canonicalHost: "default" },
        parseUrl,
        peerUrls: new Map(),
        originShare: this.around.originShare,
        shards: () => [],
        learnt: (fields) => map.configure(fields),
        ...(notes !== null && {
          sharedView: { notes: notes.seenBy(isolate), key: CLUSTER_KEY, scope: "log" },
        }),
      },
    );
  }

  /** All that hold answers. */
  private databases(
    control: Redis,
    { clock, isolate }: { clock: Clock; isolate: Isolate },
  ): Map<string, Redis> {
    const { network, shards } = this.around;
    const databases = new Map<string, Redis>([["control", control]]);
    for (const [name, shard] of shards) {
      const over = shard.over(network.link(`${this.id}>${name}`), isolate);
      databases.set(name, guardedRedis(over, clock, LIMITS.breaker));
    }
    return databases;
  }
}

/** Requests that it says it has passed. */
function passedBy(life: Life | null): number {
  const classes = [...(life?.edge.counters.sites.values() ?? [])].flatMap((of) => [...of.values()]);
  return classes.reduce((sum, { asked }) => sum + asked.pass, 0);
}

export function viewOf(life: Life | null): ViewAt | null {
  const view = life?.edge.view.current() ?? null;
  if (view === null) return null;
  return { epoch: view.epoch, cursor: view.cursor, beyondGap: [...view.ahead.keys()] };
}
