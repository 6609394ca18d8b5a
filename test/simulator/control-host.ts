// The control plane of the simulated world: the production code on a host of its own, one life after another.

import { LIMITS } from "../../control-plane/config.ts";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import type { ControlPlane } from "../../control-plane/control-plane.ts";
import { createControlPlane } from "../../control-plane/create-control-plane.ts";
import { laterNoted, type WitnessStore } from "../../control-plane/log/witness.ts";
import { refreshDue } from "../../control-plane/refresh/refresh.ts";
import { Pulse } from "../../control-plane/tick/pulse.ts";
import { guardedRedis } from "../../shared/mid-tier/guarded.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { LogHead } from "../../shared/ports/mid-tier.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import { memoryAuditWitness } from "../support/memory-audit-witness.ts";
import type { Chance } from "./chance.ts";
import { DIGEST } from "./digest.ts";
import type { EdgeHost, Surroundings } from "./edge-host.ts";
import { HostClock } from "./host-clock.ts";
import { CLUSTER_KEY, httpOver, urlOf } from "./http.ts";
import { Isolate } from "./isolate.ts";
import { observedLog } from "./observed-log.ts";
import type { Plan } from "./plan/plan.ts";
import type { PolicyPlan } from "./plan/resources.ts";
import { HOST, SITE } from "./plan/work.ts";

/** After so many milliseconds somebody who is refused knows it. */
const NOBODY_THERE = 20;

interface ControlLife {
  readonly plane: ControlPlane;
  readonly isolate: Isolate;
}

export class ControlHost {
  readonly id = "control";
  readonly clock: HostClock;
  life: ControlLife | null = null;
  private readonly around: Surroundings;
  private readonly plan: Plan;
  private readonly hosts: ReadonlyMap<string, EdgeHost>;
  private readonly chance: Chance;
  private lives = 0;
  private readonly isolates: Isolate[] = [];
  private wakesAt = 0;
  private beats: boolean;
  /** Kept apart from the log, and by no isolate. */
  private noted: LogHead | null = null;
  /** What the environment gives policies beside their plan. */
  private readonly tags = new Map<string, readonly string[]>();
  /** Policies to which it says that the order of a query makes no difference. */
  private readonly orderless = new Set<string>();

  constructor(around: Surroundings, plan: Plan, hosts: ReadonlyMap<string, EdgeHost>) {
    this.around = around;
    this.plan = plan;
    this.hosts = hosts;
    this.beats = plan.beats;
    this.chance = around.chance.fork("control plane");
    this.clock = new HostClock(around.time);
  }

  begin(): void {
    this.lives += 1;
    const { time, history } = this.around;
    const isolate = new Isolate({ time, history, wakesAt: () => this.wakesAt });
    this.life = { plane: this.plane(isolate), isolate };
    this.isolates.push(isolate);
    this.say(`begins life ${this.lives}`);
    const { plane } = this.life;
    if (this.beats) this.keepBeating(plane, isolate);
    else this.bootOnce(plane, isolate);
  }

  crash(): void {
    if (this.life === null) return;
    this.say("crashes");
    for (const isolate of this.isolates) isolate.alive = false;
    this.life = null;
  }

  recycle(): void {
    this.say("is recycled");
    this.begin();
  }

  freeze(span: number, sleeps: "wall" | "monotonic" | "neither"): void {
    this.wakesAt = Math.max(this.wakesAt, this.around.time.now + span);
    if (sleeps !== "neither") this.clock.suspend(span, sleeps);
  }

  /** Nothing happens any more unless somebody asks. */
  rest(): void {
    this.beats = false;
  }

  /** A new release, whose environment gives the policy one more tag, or no longer does. */
  retag(policyId: string, { tag, to }: { tag: string; to: "give" | "take" }): void {
    this.say(`${to}s ${policyId} the tag ${tag}`);
    const others = (this.tags.get(policyId) ?? []).filter((one) => one !== tag);
    this.tags.set(policyId, to === "give" ? [...others, tag] : others);
    this.begin();
  }

  /** A new release, to which the order of a query makes a difference where it made none, or none where it did. */
  reorder(policyId: string): void {
    this.say(`takes the order of queries of ${policyId} the other way`);
    if (!this.orderless.delete(policyId)) this.orderless.add(policyId);
    this.begin();
  }

  /** One request to its API; resolves with null where no answer comes. */
  ask<T>(
    patience: number,
    act: (plane: ControlPlane, background: Background) => Promise<T>,
  ): Promise<T | null> {
    return new Promise((resolve) => {
      const { life } = this;
      this.around.time.after(life === null ? NOBODY_THERE : patience, () => resolve(null));
      life?.isolate.serve(async (request) => {
        resolve(await act(life.plane, life.isolate.background(request)));
        request.leave();
      });
    });
  }

  say(what: string): void {
    this.around.history.trace.push(`${this.around.time.now} control ${what}`);
  }

  private plane(isolate: Isolate): ControlPlane {
    const { history, network, time } = this.around;
    const clock = this.clock.forIsolate();
    const redis = guardedRedis(
      this.around.redis.over(network.link("control>redis"), isolate),
      clock,
      LIMITS.breaker,
    );
    const chance = this.chance.fork(`life ${this.lives}`);
    const made = createControlPlane(
      {
        databases: this.databases(redis, isolate),
        clock,
        timers: isolate.timers,
        random: { token: () => chance.token(), unit: () => chance.unit() },
        digest: DIGEST,
        parseUrl,
        http: httpOver({ from: this.id, isolate, network, hosts: this.hosts }),
        witness: this.witness(isolate),
        auditWitness: memoryAuditWitness(),
        redis,
      },
      { clusterKey: CLUSTER_KEY, environment: this.environment() },
    );
    const log = observedLog(made.log, { history, time, vouches: false });
    return { ...made, log, metrics: { ...made.metrics, fold: uncounted(made.metrics) } };
  }

  private databases(control: Redis, isolate: Isolate): ControlPlane["databases"] {
    const { network, shards } = this.around;
    const databases = new Map([["control", { redis: control, weight: 1 }]]);
    for (const [name, shard] of shards)
      databases.set(name, { redis: shard.over(network.link(`control>${name}`), isolate), weight: 1 });
    return databases;
  }

  private environment() {
    const { plan } = this;
    const limits = plan.budget === null ? {} : { limits: plan.budget };
    const site = { name: SITE, hosts: [HOST], aliases: [], canonicalHost: HOST, ...limits };
    const edges = plan.edges.map((id) => ({ id, url: urlOf(id) }));
    const policies = plan.policies.map((policy) => ({
      ...rowOf(policy, this.tags.get(policy.id)),
      ...(this.orderless.has(policy.id) && { key: { query: { sort: true } } }),
    }));
    const read = readEnvironment(
      {
        CLUSTER_KEY: CLUSTER_KEY,
        EDGES: JSON.stringify(edges),
        SITES: JSON.stringify([site]),
        POLICIES: JSON.stringify(policies),
        PUSH: plan.pushes ? "on" : "off",
      },
      "nobody",
    );
    if (read.settings.faults.length > 0) throw new Error(read.settings.faults.join("; "));
    return read;
  }

  /** As the alarm of a durable object does it: it is set again first, and never runs twice at a time. */
  private keepBeating(plane: ControlPlane, isolate: Isolate): void {
    const witness = this.witness(isolate);
    const pulse = new Pulse();
    let refreshing = false;
    isolate.serve(async (request) => {
      while (this.beats && this.life?.isolate === isolate) {
        const began = this.around.time.now;
        const agenda = plane.agenda.read();
        if (!refreshing) {
          refreshing = true;
          const renew = async () => (await agenda).has("due") && refreshDue(plane);
          void renew().finally(() => {
            refreshing = false;
          });
        }
        await pulse.run({ ...plane, witness }, { witness, agenda });
        await isolate.pass(Math.max(0, began + LIMITS.beat - this.around.time.now));
      }
      request.leave();
    });
  }

  /** In a durable object's storage: near, and there after every crash. */
  private witness(isolate: Isolate): WitnessStore {
    return {
      read: async () => {
        await isolate.pass(1);
        return { kind: "noted", head: this.noted };
      },
      note: async (head) => {
        await isolate.pass(1);
        this.noted = laterNoted(this.noted, head);
      },
      put: async (head) => {
        await isolate.pass(1);
        this.noted = head;
      },
    };
  }

  /** Where nothing beats, the configuration is brought in all the same. */
  private bootOnce(plane: ControlPlane, isolate: Isolate): void {
    isolate.serve(async (request) => {
      while (this.life?.isolate === isolate && (await bootConfiguration(plane)).kind !== "done")
        await isolate.pass(100);
      request.leave();
    });
  }
}

/** Who was seen where matters here; what edges have counted does not, and costs more than all the rest of a beat. */
const uncounted =
  ({ fold }: ControlPlane["metrics"]): ControlPlane["metrics"]["fold"] =>
  (reports, now) =>
    fold(
      reports.map(({ edge, report }) => ({ edge, report: { ...report, counters: {} } })),
      now,
    );

const rowOf = (policy: PolicyPlan, tags: readonly string[] = []) => ({
  id: policy.id,
  site: SITE,
  tags,
  key_pattern: policy.pattern,
  // Its judge knows what the origin was told by whom, and no journal in between.
  write_policy: policy.class === "hot" ? "write-through" : "write-around",
  class: policy.class,
  window_ms: policy.window,
  fence: policy.fence,
});
