// One world from one plan: edges, Redis, origin, control plane and clients under virtual time, playing two lists.

import type { Position } from "../../shared/core/position.ts";
import { policyField, siteField } from "../../shared/wire/configuration.ts";
import { SHARD_MAP_FIELD } from "../../shared/wire/shard-map.ts";
import type { Chance } from "./chance.ts";
import { Clients } from "./clients.ts";
import { ControlHost } from "./control-host.ts";
import { EdgeHost, type Surroundings } from "./edge-host.ts";
import { History } from "./history.ts";
import { Network } from "./network.ts";
import { SimulatedNotes } from "./notes.ts";
import { Operators } from "./operators.ts";
import { SimulatedOrigin } from "./origin.ts";
import { isTimed } from "./plan/faults.ts";
import { CONVERGED, type Plan } from "./plan/plan.ts";
import { plainAsk, SITE, type Work } from "./plan/work.ts";
import { playFault } from "./play-fault.ts";
import { SimulatedRedis } from "./redis.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Longer than the sum of all deadlines that one request can meet. */
const LONGEST_END = 60_000;

export async function runWorld(plan: Plan, chance: Chance): Promise<History> {
  const time = new VirtualTime();
  const history = new History();
  history.trace.push(`0 world ${plan.profile}, ${plan.edges.length} edges, ${1 + plan.shards.length} shards`);
  const network = new Network({ time, chance });
  const origin = new SimulatedOrigin(plan.resources, { time, chance, history });
  const redis = await SimulatedRedis.begin({ time, history }, plan.shards.length > 0);
  const shards = new Map<string, SimulatedRedis>();
  for (const name of plan.shards) shards.set(name, await SimulatedRedis.beside({ time, history }, name));
  const notes = plan.sharesView ? new SimulatedNotes(time, chance) : null;
  const originShare = plan.budget?.share ?? null;
  await new World({ time, chance, history, network, redis, shards, origin, originShare, notes }, plan).run();
  return history;
}

class World {
  private readonly around: Surroundings;
  private readonly plan: Plan;
  private readonly hosts: ReadonlyMap<string, EdgeHost>;
  private readonly control: ControlHost;
  private readonly operators: Operators;
  private readonly clients: Clients;

  constructor(around: Surroundings, plan: Plan) {
    this.around = around;
    this.plan = plan;
    const hosts = new Map<string, EdgeHost>();
    for (const id of plan.edges) hosts.set(id, new EdgeHost(id, around, hosts));
    this.hosts = hosts;
    this.control = new ControlHost(around, plan, this.hosts);
    this.operators = new Operators(around, this.control);
    this.clients = new Clients(around);
  }

  async run(): Promise<void> {
    const { time, history } = this.around;
    const { faults, duration } = this.plan;
    const hosts = new Map<string, EdgeHost | ControlHost>(this.hosts).set("control", this.control);
    const place = { ...this.around, hosts };
    this.control.begin();
    const fields = [siteField(SITE), ...this.plan.policies.map(({ id }) => policyField(SITE, id))];
    // Whoever looks after the shards does so with the beat.
    if (this.plan.beats) fields.push(SHARD_MAP_FIELD);
    while (!history.configuration.has(fields)) await time.runUntil(time.now + 100);
    for (const fault of faults) if (!isTimed(fault)) playFault(fault, place);
    for (const host of this.hosts.values()) host.begin();
    history.beganAt = time.now;
    const end = time.now + duration;
    for (const fault of faults)
      if (isTimed(fault)) time.at(history.beganAt + fault.at, () => playFault(fault, place));
    for (const work of this.plan.work) time.at(history.beganAt + work.at, () => this.play(work));
    await time.runUntil(end);
    this.heal();
    await time.runUntil(end + CONVERGED);
    // Twice, so that the second finds what the first has taught.
    for (const at of [end + CONVERGED, end + 2 * CONVERGED]) {
      this.askEverything();
      await time.runUntil(at + CONVERGED);
    }
    this.control.rest();
    await time.runUntil(end + LONGEST_END);
  }

  private play(work: Work): void {
    const { operators } = this;
    switch (work.kind) {
      case "ask": {
        const host = this.hosts.get(work.edge);
        if (host !== undefined) this.clients.ask(host, work.ask);
        break;
      }
      case "change":
        this.around.origin.write(work.path);
        break;
      case "purge":
        void operators.purge(work.mode, work.selectors, {
          looks: work.looks,
          accepted: (at) => this.readPurged(work.readAt, at),
        });
        break;
      case "append":
        void operators.append(work.payload);
        break;
      case "retag": {
        const governed = this.plan.resources.filter(({ governedBy }) => governedBy.id === work.policy);
        const paths = governed.map(({ path }) => path);
        void operators.retag(work.policy, paths, work.back);
        break;
      }
      case "reorder":
        this.control.reorder(work.policy);
    }
  }

  /** Whoever names the purge's position reads what came of it. */
  private readPurged(readAt: (Work & { kind: "purge" })["readAt"], least: Position): void {
    const host = this.hosts.get(readAt?.edge ?? "");
    const resource = this.plan.resources.find(({ path }) => path === readAt?.path);
    if (host !== undefined && resource !== undefined) this.clients.ask(host, plainAsk(resource, ""), least);
  }

  private heal(): void {
    const { history, network, origin, redis, shards, time } = this.around;
    history.healedAt = time.now;
    for (const part of [network, origin, redis, ...shards.values()]) part.heal();
  }

  private askEverything(): void {
    for (const host of this.hosts.values()) {
      if (host.life === null) host.begin();
      for (const resource of this.plan.resources)
        for (const variant of resource.varies ? ["", "en"] : [""])
          this.clients.ask(host, plainAsk(resource, variant));
    }
  }
}
