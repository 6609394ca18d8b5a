// Puts an edge together from its ports: the same parts in a worker and in the simulator.

import type { Chunking } from "../shared/core/chunks.ts";
import type { Site } from "../shared/core/routing.ts";
import type { BucketTerms } from "../shared/core/token-bucket.ts";
import { millis } from "../shared/core/units.ts";
import type { ParseUrl } from "../shared/ports/url.ts";
import { Peers } from "../shared/view/peers.ts";
import { SharedView, type SharedViewPorts } from "../shared/view/shared-view.ts";
import { ViewKeeper } from "../shared/view/view-keeper.ts";
import { OriginChecks } from "./audit/origin-checks.ts";
import { Sampler } from "./audit/sampler.ts";
import { LIMITS } from "./config.ts";
import { newCounters } from "./counters.ts";
import { DistinctKeys } from "./distinct-keys.ts";
import type { Edge, EdgePorts, ShardCounts } from "./edge.ts";
import { HeldOctets } from "./held-octets.ts";
import { Heat } from "./hot/heat.ts";
import { CounterReports } from "./internal/counter-reports.ts";
import { LastConfiguration } from "./last-configuration.ts";
import { Observed } from "./observe/observed.ts";
import { OriginGuards } from "./origin/guard.ts";
import { Router } from "./router.ts";
import { RequestTail } from "./tail/request-tail.ts";
import { DataCentreTier } from "./tiers/data-centre.ts";
import { MemoryTier } from "./tiers/memory.ts";
import { Timings } from "./timing.ts";
import { UnsentWrites } from "./writes/unsent.ts";
import { flushUnsent } from "./writes/write-around.ts";

export interface EdgeSetUp {
  readonly id: string;
  /**
   * Of this isolate, 32 bits: of hashes of keys in memory, unknown to clients, for these choose URLs; and of what isolates
   * draw so that they do not all act at once.
   */
  readonly hashSeed: number;
  /** Serves while no configuration has been learnt. */
  readonly fallbackSite: Site;
  readonly parseUrl: ParseUrl;
  /** Where peers are reached, by id, where not at the URLs that the control plane tells. */
  readonly peerUrls: ReadonlyMap<string, string>;
  readonly shards: () => readonly ShardCounts[];
  /** Where left out nobody counts what is missing either. */
  readonly lookForCopies?: Edge["lookForCopies"];
  /** Is told of every configuration that is learnt. */
  readonly learnt: (fields: ReadonlyMap<string, string>) => void;
  /** What this isolate may ask of an origin while the buckets can't be reached; null = what the site says. */
  readonly originShare: BucketTerms | null;
  /** Whether requests are counted; where left out, they are. */
  readonly countsRequests?: boolean;
  /** Whether answers say what they have passed; where left out, they don't. */
  readonly serverTiming?: boolean;
  /** Where isolates of the data centre leave each other what they pull; where left out, each pulls for itself. */
  readonly sharedView?: Pick<SharedViewPorts, "notes"> & { readonly key: string; readonly scope: string };
  /** Which bodies are kept in chunks, where not by the limits. */
  readonly chunking?: Chunking;
}

export function createEdge(ports: EdgePorts, setUp: EdgeSetUp): Edge {
  const counters = newCounters(setUp.countsRequests);
  const router = new Router(setUp.fallbackSite, setUp.parseUrl, counters);
  const guards = new OriginGuards(ports, setUp.originShare);
  const peers = new Peers({ self: setUp.id, urls: setUp.peerUrls });
  const sharedView = sharedViewOf(ports, setUp);
  const view = new ViewKeeper({
    ...ports,
    shared: sharedView,
    begunAt: ports.clock.now(),
    self: setUp.id,
    peers,
    counters,
    configured: (fields) => {
      setUp.learnt(fields);
      router.configure(fields);
      guards.configure(fields);
    },
    async reached(background) {
      const view = edge.view.current();
      if (view !== null && router.isConfigured)
        background.keep(edge.lastConfiguration.remember(view.configuration));
      await flushUnsent(edge, background);
    },
  });
  const edge: Edge = {
    ...ports,
    id: setUp.id,
    timings: setUp.serverTiming === true ? new Timings(ports.clock) : null,
    ...{ bornAt: ports.clock.now(), seed: setUp.hashSeed },
    ...{ view, sharedView },
    peers,
    router,
    counters,
    counterReports: new CounterReports(LIMITS),
    distinct: new DistinctKeys(),
    guards,
    sampler: new Sampler(LIMITS),
    originChecks: new OriginChecks(LIMITS),
    memory: new MemoryTier(setUp.hashSeed),
    dataCentre: new DataCentreTier(ports),
    bucket:
      ports.bucketBlobs === undefined ? null : new DataCentreTier({ ...ports, blobs: ports.bucketBlobs }),
    flights: new Map(),
    chunkFlights: new Map(),
    chunking: setUp.chunking ?? { from: LIMITS.chunkedFrom, size: LIMITS.chunk },
    shown: new WeakMap(),
    ...{ looks: new Map(), recalls: new Map(), checks: new Map() },
    heat: new Heat(LIMITS),
    observed: new Observed(LIMITS),
    tail: new RequestTail(LIMITS.tailBatch),
    unsent: new UnsentWrites(),
    ...heldOctets(),
    flushing: new Map(),
    lastConfiguration: new LastConfiguration(ports.blobs),
    shards: setUp.shards,
    lookForCopies: setUp.lookForCopies ?? (async () => {}),
  };
  return edge;
}

function heldOctets(): Pick<Edge, "uploads" | "collected"> {
  // What is held for longer has lost its request, or nobody waits for it any more.
  const lostAfter = millis(LIMITS.uploadDeadline + LIMITS.followerGuard);
  return {
    uploads: new HeldOctets({ all: LIMITS.uploadsHeld, ofSite: LIMITS.uploadsHeldOfSite, lostAfter }),
    collected: new HeldOctets({ all: LIMITS.collected, ofSite: LIMITS.collectedOfSite, lostAfter }),
  };
}

function sharedViewOf({ clock, timers, digest }: EdgePorts, { sharedView }: EdgeSetUp): SharedView | null {
  if (sharedView === undefined) return null;
  const { key, scope, notes } = sharedView;
  return new SharedView({ clock, timers, notes, seal: { digest, key, scope } });
}
