// An edge in this process over a given Redis: no peers, no Cache API, an origin only if given; and messages to it.

import { LIMITS } from "../../edge/config.ts";
import { createEdge } from "../../edge/create-edge.ts";
import type { Edge, EdgePorts } from "../../edge/edge.ts";
import { answerInternal } from "../../edge/internal/routes.ts";
import { JOURNAL_LIMITS } from "../../edge/writes/journal-limits.ts";
import { millis } from "../../shared/core/units.ts";
import { createJournal } from "../../shared/mid-tier/journal.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import { createOriginBudget } from "../../shared/mid-tier/origin-budget.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import type { Origin } from "../../shared/ports/origin.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { systemClock, systemDigest, systemRandom, systemTimers } from "../../shared/runtime/system.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import { SignatureChecker, signRequest } from "../../shared/wire/signature.ts";
import { oneShard } from "./one-shard.ts";

const KEY = "cluster-key";
const checker = new SignatureChecker({ key: KEY, digest: systemDigest, maxAgeMs: 30_000 });

const away = { kind: "unreachable", reason: "refused" } as const;
const NO_ORIGIN: Origin = { fetch: async () => ({ ...away, detail: "" }) };

const NO_BLOBS: BlobStore = {
  match: async () => ({ kind: "absent" }),
  matchRange: async () => ({ kind: "absent" }),
  restate: async () => ({ kind: "absent" }),
  put: async () => ({ kind: "stored" }),
  delete: async () => {},
};

export function bareEdge(
  redis: Redis,
  origin = NO_ORIGIN,
  log = createLog(redis, LOG_LIMITS),
  more: {
    readonly journal?: Partial<Parameters<typeof createJournal>[0]>;
    readonly blobs?: BlobStore;
    readonly host?: Partial<Pick<EdgePorts, "clock" | "timers" | "random"> & { readonly digest: Digest }>;
  } = {},
): Edge {
  const { digest = systemDigest } = more.host ?? {};
  return createEdge(
    {
      clock: systemClock(),
      timers: systemTimers,
      random: systemRandom,
      digest,
      ...more.host,
      origin,
      callPeer: async () => away,
      blobs: more.blobs ?? NO_BLOBS,
      budget: createOriginBudget(redis, {
        clock: systemClock(),
        deadline: millis(1000),
        breaker: LIMITS.breaker,
      }),
      log,
      journal: createJournal({
        databases: new Map([["one", redis]]),
        digest,
        ...JOURNAL_LIMITS,
        ...more.journal,
      }),
      midTier: createMidTier({
        ...oneShard(redis),
        digest,
        readDeadline: millis(1000),
        fillDeadline: millis(1000),
        variantsPerKey: 3,
      }),
    },
    {
      id: "one",
      hashSeed: 1,
      fallbackSite: { name: "default", hosts: ["*"], aliases: [], canonicalHost: "default" },
      parseUrl,
      peerUrls: new Map(),
      originShare: null,
      shards: () => [],
      learnt: () => {},
    },
  );
}

/** What the edge answers to a signed message. */
export async function tellEdge(edge: Edge, path: string, body: string): Promise<unknown> {
  const message = { method: "POST", path, body };
  const by = { key: KEY, digest: systemDigest, random: systemRandom, nowWall: Date.now() };
  const signature = await signRequest(message, by);
  const reply = await answerInternal(
    { edge, checker, boot: "boot", region: "test", version: null, skew: null },
    { ...message, signature, background: UNKEPT },
  );
  return JSON.parse(reply.text);
}
