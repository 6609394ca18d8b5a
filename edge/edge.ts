// What one edge is made of: everything that an isolate keeps, and its ways to the outside.

import type { Chunking } from "../shared/core/chunks.ts";
import type { Position } from "../shared/core/position.ts";
import type { StoredAnswer } from "../shared/core/stored-answer.ts";
import type { CacheKey, Instant, Millis } from "../shared/core/units.ts";
import type { Wanted } from "../shared/mid-tier/missing-copies.ts";
import type { BlobStore } from "../shared/ports/blob-store.ts";
import type { Clock, Timers } from "../shared/ports/clock.ts";
import type { Random, RememberedDigest } from "../shared/ports/identity.ts";
import type { Journal } from "../shared/ports/journal.ts";
import type { Log, MidTier } from "../shared/ports/mid-tier.ts";
import type { Origin } from "../shared/ports/origin.ts";
import type { OriginBudget } from "../shared/ports/origin-budget.ts";
import type { Peers } from "../shared/view/peers.ts";
import type { SharedView } from "../shared/view/shared-view.ts";
import type { ViewKeeper } from "../shared/view/view-keeper.ts";
import type { CallEdge } from "../shared/wire/call-edge.ts";
import type { UnderWay } from "./ask-together.ts";
import type { OriginChecks } from "./audit/origin-checks.ts";
import type { Sampler } from "./audit/sampler.ts";
import type { Checked } from "./check-together.ts";
import type { Flight } from "./coalesce.ts";
import type { Counters } from "./counters.ts";
import type { DistinctKeys } from "./distinct-keys.ts";
import type { HeldOctets } from "./held-octets.ts";
import type { Heat } from "./hot/heat.ts";
import type { CounterReports } from "./internal/counter-reports.ts";
import type { ChunkFlight } from "./large/chunk.ts";
import type { LastConfiguration } from "./last-configuration.ts";
import type { Observed } from "./observe/observed.ts";
import type { OriginGuards } from "./origin/guard.ts";
import type { Router } from "./router.ts";
import type { Shown } from "./shown.ts";
import type { RequestTail } from "./tail/request-tail.ts";
import type { DataCentreOutcome, DataCentreTier } from "./tiers/data-centre.ts";
import type { MemoryTier } from "./tiers/memory.ts";
import type { Timings } from "./timing.ts";
import type { Flushings } from "./writes/flushing.ts";
import type { UnsentWrites } from "./writes/unsent.ts";

/** The outside of an edge. */
export interface EdgePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly digest: RememberedDigest;
  readonly origin: Origin;
  readonly blobs: BlobStore;
  /** Shared by all data centres; none where left out. */
  readonly bucketBlobs?: BlobStore;
  readonly midTier: MidTier;
  readonly journal: Journal;
  readonly log: Log;
  readonly callPeer: CallEdge;
  readonly budget: OriginBudget;
}

export interface Edge extends EdgePorts {
  readonly id: string;
  /** What answers say in `Server-Timing`; null where they say nothing. */
  readonly timings: Timings | null;
  /** When this life of it began. */
  readonly bornAt: Instant;
  /** Of this isolate: those of a network all have one id. */
  readonly seed: number;
  readonly view: ViewKeeper;
  /** Null where isolates of the data centre share nothing of it. */
  readonly sharedView: SharedView | null;
  readonly peers: Peers;
  readonly router: Router;
  readonly memory: MemoryTier;
  readonly dataCentre: DataCentreTier;
  /** Large bodies for all data centres, kept as this one keeps them; null where there is no bucket. */
  readonly bucket: DataCentreTier | null;
  readonly flights: Map<CacheKey, Flight>;
  /** Chunks of large bodies that are on their way, by the digest under which they are stored. */
  readonly chunkFlights: Map<string, ChunkFlight>;
  readonly chunking: Chunking;
  /** What clients see of answers' headers, as long as anybody holds the answer. */
  readonly shown: WeakMap<StoredAnswer, Shown>;
  /** Look-ups in the data centre that are under way. */
  readonly looks: Map<string, UnderWay<DataCentreOutcome>>;
  /** The same for what was found of an answer that is there, by its id. */
  readonly recalls: Map<string, UnderWay<Position>>;
  /** Checks by the log's full index that are under way. */
  readonly checks: Map<string, UnderWay<Checked>>;
  readonly counters: Counters;
  readonly counterReports: CounterReports;
  readonly distinct: DistinctKeys;
  readonly guards: OriginGuards;
  readonly sampler: Sampler;
  readonly originChecks: OriginChecks;
  readonly heat: Heat;
  readonly observed: Observed;
  readonly tail: RequestTail;
  readonly unsent: UnsentWrites;
  /** Of clients' content, until it has been sent on. */
  readonly uploads: HeldOctets;
  /** Of answers, until they have been stored. */
  readonly collected: HeldOctets;
  readonly flushing: Flushings;
  readonly lastConfiguration: LastConfiguration;
  /** Counts of every shard as this isolate saw it. */
  readonly shards: () => readonly ShardCounts[];
  /** Looks whether copies that this isolate failed to make are there by now, or over. Never rejects. */
  readonly lookForCopies: (isOver: (wanted: Wanted) => boolean) => Promise<void>;
}

export interface ShardCounts {
  readonly id: string;
  readonly counts: Readonly<Record<string, number>>;
  /** How long its calls took, by `bucketOf`, and in all. */
  readonly took: readonly number[];
  readonly tookMs: number;
  /** The age of the oldest copy that it is known to lack. */
  readonly lag: Millis;
}
