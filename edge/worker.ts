// The edge worker: reads its environment, puts the edge together once an isolate, and speaks the runtime's HTTP.

import { mix } from "../shared/core/mix.ts";
import type { Site } from "../shared/core/routing.ts";
import { readTogether } from "../shared/mid-tier/gathered.ts";
import { createJournal } from "../shared/mid-tier/journal.ts";
import { LOG_LIMITS } from "../shared/mid-tier/limits.ts";
import { createLog } from "../shared/mid-tier/log.ts";
import { type Looking, lookForCopies } from "../shared/mid-tier/look-for-copies.ts";
import { createMidTier } from "../shared/mid-tier/mid-tier.ts";
import { createOriginBudget } from "../shared/mid-tier/origin-budget.ts";
import type { Background, Clock } from "../shared/ports/clock.ts";
import type { MidTier } from "../shared/ports/mid-tier.ts";
import { runtimeHttp } from "../shared/runtime/http.ts";
import { systemDigest, systemRandom, systemTimers } from "../shared/runtime/system.ts";
import { parseUrl } from "../shared/runtime/url.ts";
import { createCallEdge } from "../shared/wire/call-edge.ts";
import { CONTROL } from "../shared/wire/databases.ts";
import { INTERNAL_PREFIX } from "../shared/wire/internal.ts";
import { KnownShardMap } from "../shared/wire/shard-map.ts";
import { SIGNATURE_HEADER, SignatureChecker } from "../shared/wire/signature.ts";
import { LIMITS } from "./config.ts";
import { createEdge } from "./create-edge.ts";
import type { Edge } from "./edge.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { handleRequest } from "./handle-request.ts";
import { answerInternal, type InternalEdge, NOT_FOUND } from "./internal/routes.ts";
import type { Reply } from "./request.ts";
import { cacheApiStore } from "./runtime/blob-store.ts";
import { bucketStore } from "./runtime/bucket-store.ts";
import { NativeRequest } from "./runtime/native-request.ts";
import { nativeResponse } from "./runtime/native-response.ts";
import { runtimeOrigin } from "./runtime/origin.ts";
import type { Fetches, OriginWays } from "./runtime/origin-ways.ts";
import { rememberedDigest } from "./runtime/remembered-digest.ts";
import { keepShapes } from "./runtime/shapes.ts";
import { type OpenShards, openShards } from "./runtime/shards.ts";
import { skewedClock, skewOf } from "./runtime/skew.ts";
import { NativeSource } from "./runtime/streams.ts";
import { isHandshake, openWebSocket } from "./runtime/web-socket.ts";
import { readWhole } from "./share-body.ts";
import { dataCentreNotes } from "./tiers/data-centre-notes.ts";
import { JOURNAL_LIMITS } from "./writes/journal-limits.ts";

export interface EdgeEnv extends Environment {
  /** Where the origin isn't the zone's own: a service binding, which keeps Host. */
  readonly ORIGIN?: Fetches;
  /** Where that binding leads to the origin that each request names: what it knows edges by. */
  readonly ORIGIN_KEY?: string;
  /** Large bodies of class `immutable` for all data centres. */
  readonly BLOBS?: R2Bucket;
}

/** Serves any Host by the origin's headers until the log has told more. */
const FALLBACK_SITE: Site = {
  ...{ name: "default", hosts: ["*"], aliases: [], canonicalHost: "default" },
  origin: "unknown",
};

const globalFetch: Fetches = { fetch: (target, init) => fetch(target, init) };

const waysOf = ({ ORIGIN = globalFetch, ORIGIN_KEY = "" }: EdgeEnv): OriginWays => ({
  zone: ORIGIN,
  world: globalFetch,
  gatewayKey: ORIGIN_KEY === "" ? null : ORIGIN_KEY,
});

/** What an isolate is meant to keep. */
let kept: InternalEdge | null = null;

function isolate(env: EdgeEnv): InternalEdge {
  if (kept !== null) return kept;
  const skew = skewOf(env.CHAOS);
  const clock = skewedClock(skew);
  keepShapes(clock);
  const {
    id,
    region,
    version,
    clusterKey,
    peerUrls,
    originShare,
    control,
    databases,
    countsRequests,
    serverTiming,
    sharesView,
    faults,
  } = readEnvironment(env);
  for (const fault of faults) console.error(`environment: ${fault}`);
  const shards = openShards({ control, databases }, clock);
  const redis = shards.control;
  const map = new KnownShardMap(CONTROL);
  const system = { clock, timers: systemTimers, random: systemRandom };
  const bucket = bucketOf(env, clock);
  const blobs = cacheApiStore(() => caches.default);
  const edge = createEdge(
    {
      ...system,
      digest: rememberedDigest(systemDigest, LIMITS),
      origin: runtimeOrigin(waysOf(env)),
      blobs,
      ...bucket.ports,
      callPeer: createCallEdge({ http: runtimeHttp, key: clusterKey, ...system, digest: systemDigest }),
      budget: createOriginBudget(redis, { clock, deadline: LIMITS.takeDeadline, breaker: LIMITS.breaker }),
      log: createLog(redis, { ...LOG_LIMITS, readDeadline: LIMITS.logDeadline }),
      journal: createJournal({ databases: shards.databases, digest: systemDigest, ...JOURNAL_LIMITS }),
      midTier: midTierOf(shards, map, clock),
    },
    {
      ...{ id, parseUrl, peerUrls, originShare, countsRequests, serverTiming },
      hashSeed: mix(systemRandom.token()),
      fallbackSite: FALLBACK_SITE,
      shards: shards.counts,
      lookForCopies: (isOver) => lookForCopies(lookingOf(shards, map, clock), isOver),
      learnt: (fields) => map.configure(fields),
      ...bucket.setUp,
      ...(sharesView && {
        sharedView: { notes: dataCentreNotes(blobs), key: clusterKey, scope: control.url },
      }),
    },
  );
  const checker = new SignatureChecker({
    key: clusterKey,
    digest: systemDigest,
    maxAgeMs: LIMITS.signatureAge,
  });
  kept = { edge, checker, boot: systemRandom.token(), region, version, skew };
  return kept;
}

const midTierOf = (shards: OpenShards, map: KnownShardMap, clock: Clock): MidTier =>
  createMidTier({
    shards: shards.databases,
    map: () => map.current,
    digest: systemDigest,
    clock,
    readDeadline: LIMITS.l2ReadDeadline,
    failoverAfter: LIMITS.failoverAfter,
    failoverTries: LIMITS.failoverTries,
    fillDeadline: LIMITS.l2FillDeadline,
    readBy: readTogether(shards.databases, { clock, timers: systemTimers, ...LIMITS.gathering }),
    variantsPerKey: LIMITS.variantsPerKey,
    traffic: shards.traffic,
    missing: shards.missing,
    known: shards.known,
    mapSettlesIn: LIMITS.mapSettlesIn,
  });

const lookingOf = ({ databases, missing }: OpenShards, map: KnownShardMap, clock: Clock): Looking => ({
  ...{ shards: databases, missing, clock, limits: LIMITS },
  map: () => map.current,
  deadline: LIMITS.l2FillDeadline,
});

/** Where a bucket is bound, what L2 does not take goes there. */
function bucketOf({ BLOBS }: EdgeEnv, clock: Clock) {
  if (BLOBS === undefined) return { ports: {}, setUp: {} };
  const chunking = { from: LIMITS.sharedBody, size: LIMITS.chunk };
  return { ports: { bucketBlobs: bucketStore(BLOBS, clock) }, setUp: { chunking } };
}

export default {
  fetch(request: Request, env: EdgeEnv, context: ExecutionContext): Response | Promise<Response> {
    const internal = isolate(env);
    const asked = new NativeRequest(request, context, internal.edge.clock);
    if (isInternal(asked.url)) return internalResponse(internal, request, asked);
    const { edge } = internal;
    if (!isHandshake(asked)) return answered(edge, asked);
    const otherwise = (): Response | Promise<Response> => answered(edge, asked);
    return openWebSocket(edge, asked, { ways: waysOf(env), otherwise }).catch(brokenInvariant);
  },
} satisfies ExportedHandler<EdgeEnv>;

function answered(edge: Edge, request: NativeRequest): Response | Promise<Response> {
  const reply = handleRequest(edge, request);
  return reply instanceof Promise ? settled(reply, request) : nativeResponse(reply, request);
}

async function settled(reply: Promise<Reply>, background: Background): Promise<Response> {
  try {
    return nativeResponse(await reply, background);
  } catch (error) {
    return brokenInvariant(error);
  }
}

/** A fault of ours: logged with its cause, and never a runtime's bare page. */
function brokenInvariant(error: unknown): Response {
  console.error("tidegate-edge:", error);
  return Response.json(
    { type: "urn:tidegate:problem:internal", title: "Internal Server Error", status: 500, code: "internal" },
    { status: 500, headers: { "content-type": "application/problem+json", "cache-control": "no-store" } },
  );
}

/** Behind the two slashes of the shortest scheme. */
const SHORTEST_AUTHORITY = "http://".length;

/** The path begins behind the third slash, and no host is empty. */
const isInternal = (url: string): boolean =>
  url.startsWith(INTERNAL_PREFIX, url.indexOf("/", SHORTEST_AUTHORITY + 1));

async function internalResponse(
  internal: InternalEdge,
  request: Request,
  background: Background,
): Promise<Response> {
  const url = new URL(request.url);
  const signature = request.headers.get(SIGNATURE_HEADER);
  // Nothing is read for those who show no signature, nor more than any genuine message has.
  const body = signature === null ? null : await readText(request, LIMITS.internalBody);
  if (body === null) return Response.json(NOT_FOUND.json, { status: NOT_FOUND.status });
  const path = url.pathname + url.search;
  const asked = { method: request.method, path, signature, body, background };
  const { status, text, signature: ours } = await answerInternal(internal, asked);
  const headers = new Headers({ "content-type": "application/json", "cache-control": "no-store" });
  if (ours !== null) headers.set(SIGNATURE_HEADER, ours);
  return new Response(text, { status, headers });
}

/** Null where it is longer than the limit. */
async function readText(request: Request, limit: number): Promise<string | null> {
  const { body } = request;
  if (body === null) return "";
  const bytes = await readWhole(new NativeSource(body, { length: null, idle: LIMITS.originIdle }), limit);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}
