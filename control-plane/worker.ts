// The control plane's worker: reads its environment, puts the parts together once an isolate, and owns the beat.

import { DurableObject } from "cloudflare:workers";
import { elapsed, type Instant } from "../shared/core/units.ts";
import { guardedRedis } from "../shared/mid-tier/guarded.ts";
import { upstashRedis } from "../shared/mid-tier/upstash.ts";
import type { LogHead } from "../shared/ports/mid-tier.ts";
import type { Redis } from "../shared/ports/redis.ts";
import { runtimeHttp } from "../shared/runtime/http.ts";
import { systemClock, systemDigest, systemRandom, systemTimers } from "../shared/runtime/system.ts";
import { parseUrl } from "../shared/runtime/url.ts";
import type { CallEdge } from "../shared/wire/call-edge.ts";
import { CONTROL, type Database } from "../shared/wire/databases.ts";
import { AlertWatch } from "./alerts/watch.ts";
import { createApi } from "./api/app.ts";
import type { Api } from "./api/environment.ts";
import { AuditWatch } from "./audit-log/watch.ts";
import type { AuditNoted } from "./audit-log/witness.ts";
import { watchExperiment } from "./chaos/follow.ts";
import { LIMITS } from "./config.ts";
import { type Environment, readEnvironment, SHA_256 } from "./configuration/settings.ts";
import type { ControlPlane } from "./control-plane.ts";
import { createControlPlane } from "./create-control-plane.ts";
import { fewAtOrigins, slowTurns } from "./edges/few-at-once.ts";
import { refreshDue } from "./refresh/refresh.ts";
import { remoteAuditWitness, storedAuditWitness } from "./runtime/audit-witness.ts";
import { storedJournalWitness } from "./runtime/journal-witness.ts";
import { remoteWitness, storedWitness } from "./runtime/witness.ts";
import { Absence } from "./tick/absence.ts";
import { BeatAlarm } from "./tick/alarm.ts";
import type { BeatFailures } from "./tick/beat.ts";
import { keepAwake } from "./tick/keep-awake.ts";
import { Pulse } from "./tick/pulse.ts";
import { carryOnWarmups, type WarmupPace } from "./warmup/advance.ts";

export interface ControlPlaneEnv extends Environment {
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
  /** JSON: the databases that hold answers, where it isn't `control` alone. */
  readonly SHARDS?: string;
  readonly ADMIN_TOKEN?: string;
  readonly TICK: DurableObjectNamespace<Tick>;
}

/** What an isolate is meant to keep. */
interface Isolate {
  readonly plane: ControlPlane;
  readonly api: Api;
}

let kept: Isolate | null = null;

/** Two first requests may both begin; no promise is shared, since one request must not wait for another's. */
async function isolate(env: ControlPlaneEnv): Promise<Isolate> {
  if (kept === null) {
    const begun = await begin(env);
    kept ??= begun;
  }
  return kept;
}

async function begin(env: ControlPlaneEnv): Promise<Isolate> {
  const clock = systemClock();
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env;
  const redis = guardedRedis(upstashRedis({ url, token }), clock, LIMITS.breaker);
  const environment = readEnvironment(env, await adminTokenHash(env));
  const plane = createControlPlane(
    {
      clock,
      timers: systemTimers,
      random: systemRandom,
      digest: systemDigest,
      parseUrl,
      http: runtimeHttp,
      redis,
      databases: shardDatabases(environment.databases, redis),
      witness: remoteWitness(() => env.TICK.get(env.TICK.idFromName("tick"))),
      auditWitness: remoteAuditWitness(() => env.TICK.get(env.TICK.idFromName("tick"))),
    },
    { clusterKey: env.CLUSTER_KEY ?? "", environment },
  );
  for (const fault of environment.settings.faults) console.error(`environment: ${fault}`);
  const tick = () => env.TICK.get(env.TICK.idFromName("tick"));
  const wake = keepAwake(clock, { ensure: () => tick().ensure(), hurry: () => tick().hurry() });
  return { plane, api: createApi({ plane, wake }) };
}

/** Asked once a beat each, so that no breaker has to spare them. */
function shardDatabases(databases: readonly Database[], control: Redis): ControlPlane["databases"] {
  return new Map(
    databases.map(({ id, weight, ...access }) => {
      const redis = id === CONTROL ? control : upstashRedis(access);
      return [id, { redis, weight, url: access.url }];
    }),
  );
}

async function adminTokenHash({ ADMIN_TOKEN, ADMIN_TOKEN_SHA256 }: ControlPlaneEnv): Promise<string | null> {
  if (ADMIN_TOKEN_SHA256 !== undefined)
    return SHA_256.test(ADMIN_TOKEN_SHA256) ? ADMIN_TOKEN_SHA256.toLowerCase() : null;
  return ADMIN_TOKEN === undefined || ADMIN_TOKEN === "" ? null : systemDigest.sha256Hex(ADMIN_TOKEN);
}

/** The beat: an alarm that sets itself again before it does anything. Its state is in Redis. */
export class Tick extends DurableObject<ControlPlaneEnv> {
  /** The steps that were said to fail since all went well. */
  private readonly failing = new Set<string>();
  /** What goes on beside the beat. */
  private readonly atWork = new Set<string>();
  private readonly witness = storedWitness(this.ctx.storage);
  private readonly auditWitness = storedAuditWitness(this.ctx.storage);
  private readonly journalWitness = storedJournalWitness(this.ctx.storage);
  private readonly auditWatch = new AuditWatch();
  private watchedAt: Instant | null = null;
  private readonly pace: WarmupPace = new Map();
  private readonly slow = slowTurns();
  private readonly pulse = new Pulse(this.slow);
  private callEdge: CallEdge | null = null;
  private readonly alerts = new AlertWatch();
  private readonly clock = systemClock();
  private readonly beatAlarm = new BeatAlarm(this.ctx.storage, () => this.clock.wall());
  private readonly absence = new Absence();
  private chaosLookedAt: Instant | null = null;

  ensure(): Promise<void> {
    return this.beatAlarm.ensure();
  }

  hurry(): Promise<void> {
    return this.beatAlarm.hurry();
  }

  async noteHead(head: LogHead): Promise<void> {
    await this.witness.note(head);
  }

  async auditNoted(): Promise<AuditNoted> {
    const noted = await this.auditWitness.read();
    if (noted.kind === "unavailable") throw new Error(noted.reason);
    return { head: noted.head, breaches: noted.breaches };
  }

  override async alarm(): Promise<void> {
    await this.beatAlarm.begin();
    const beganAt = this.clock.now();
    const { plane: shared } = await isolate(this.env);
    this.callEdge ??= fewAtOrigins(shared.callEdge, this.slow);
    const { witness, auditWitness, journalWitness, callEdge } = this;
    const plane = { ...shared, witness, auditWitness, callEdge };
    const agenda = plane.agenda.read();
    const wasAway = this.absence.wasAway(beganAt);
    if (!wasAway) this.goByEdges(plane, agenda);
    this.beside("the audit log", () => this.watchAudit(plane));
    this.beside("the experiment", () => this.watchChaos(plane));
    const failures = await this.pulse.run(plane, { witness, journalWitness, agenda });
    if (!failures.has("status")) this.absence.looked(beganAt);
    if (wasAway) this.goByEdges(plane, agenda);
    this.tell(failures);
  }

  /** What judges by who is there, or leaves out who seems not to be. */
  private goByEdges(plane: ControlPlane, agenda: Promise<ReadonlySet<string>>): void {
    this.beside("warm-ups", async () => (await agenda).has("warmups") && carryOnWarmups(plane, this.pace));
    this.beside("the refresher", async () => (await agenda).has("due") && refreshDue(plane));
    this.beside("the alert rules", () => this.alerts.run(plane));
  }

  /** Not awaited: a slow origin must not hold up the beat. The next one finds it still at work. */
  private beside(what: string, work: () => Promise<unknown>): void {
    if (this.atWork.has(what)) return;
    this.atWork.add(what);
    void work()
      .catch((error: unknown) => console.error(what, error))
      .finally(() => this.atWork.delete(what));
  }

  private async watchAudit(plane: ControlPlane): Promise<void> {
    const now = this.clock.now();
    if (this.watchedAt !== null && elapsed(this.watchedAt, now) < LIMITS.auditWatchEvery) return;
    this.watchedAt = now;
    const wrong = await this.auditWatch.look(plane);
    if (wrong !== null) console.error(wrong);
  }

  private async watchChaos(plane: ControlPlane): Promise<void> {
    if (plane.settings.chaosAgent === null) return;
    const now = this.clock.now();
    if (this.chaosLookedAt !== null && elapsed(this.chaosLookedAt, now) < LIMITS.chaosLookEvery) return;
    this.chaosLookedAt = now;
    await watchExperiment(plane);
  }

  /** Each step once an outage, not once a second. */
  private tell(failures: BeatFailures): void {
    const news = [...failures].filter(([step]) => !this.failing.has(step));
    for (const [step] of news) this.failing.add(step);
    if (news.length > 0)
      console.error(`the beat: ${news.map(([step, reason]) => `${step}: ${reason}`).join("; ")}`);
    if (failures.size > 0 || this.failing.size === 0) return;
    this.failing.clear();
    console.error("the beat is well again");
  }
}

export default {
  async fetch(request: Request, env: ControlPlaneEnv, context: ExecutionContext): Promise<Response> {
    const { api } = await isolate(env);
    return api.fetch(request, env, context);
  },
} satisfies ExportedHandler<ControlPlaneEnv>;
