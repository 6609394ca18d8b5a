// One world from one seed: edges, Redis, origin, control plane and clients under virtual time.

import type { SelectorSpec } from "../../shared/core/selector.ts";
import { Chance } from "./chance.ts";
import { Clients } from "./clients.ts";
import { ControlPlane, HOST } from "./control-plane.ts";
import { EdgeHost, type Surroundings } from "./edge-host.ts";
import { History } from "./history.ts";
import { SimulatedOrigin } from "./origin.ts";
import { CONVERGED, type Plan, planOf, type Resource } from "./plan.ts";
import { SimulatedRedis } from "./redis.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Longer than the sum of all deadlines that one request can meet. */
const LONGEST_END = 60_000;

export interface Outcome {
  readonly plan: Plan;
  readonly history: History;
}

export async function runWorld(seed: number): Promise<Outcome> {
  const chance = new Chance(`seed ${seed}`);
  const plan = planOf(chance.fork("plan"));
  const time = new VirtualTime();
  const history = new History();
  history.trace.push(`0 world ${plan.profile}, ${plan.edges} edges`);
  const origin = new SimulatedOrigin(plan.resources, plan.origin, { time, chance, history });
  const redis = await SimulatedRedis.begin(time);
  const around: Surroundings = { time, chance, history, redis, origin, links: plan.links };
  await new World(around, plan).run();
  return { plan, history };
}

class World {
  private readonly around: Surroundings;
  private readonly plan: Plan;
  private readonly chance: Chance;
  private readonly hosts: readonly EdgeHost[];
  private readonly control: ControlPlane;
  private readonly clients: Clients;

  constructor(around: Surroundings, plan: Plan) {
    this.around = around;
    this.plan = plan;
    this.chance = around.chance.fork("events");
    this.hosts = Array.from({ length: plan.edges }, (_, i) => new EdgeHost(`edge${i}`, around));
    this.control = new ControlPlane(around, plan, this.hosts);
    this.clients = new Clients(around);
  }

  async run(): Promise<void> {
    const { time } = this.around;
    let configured = false;
    void this.control.configure().then(() => {
      configured = true;
    });
    while (!configured) await time.runUntil(time.now + 100);
    for (const host of this.hosts) host.begin();
    const end = time.now + this.plan.duration;
    this.begin(end);
    await time.runUntil(end);
    this.heal();
    await time.runUntil(end + CONVERGED);
    // Twice, so that the second finds what the first has taught.
    for (const at of [end + CONVERGED, end + 2 * CONVERGED]) {
      this.askEverything();
      await time.runUntil(at + CONVERGED);
    }
    await time.runUntil(end + LONGEST_END);
  }

  /** Every kind of event comes at random, until the end. */
  private begin(end: number): void {
    const { time } = this.around;
    const kind = (name: keyof Plan["every"], act: (chance: Chance) => void): void => {
      const mean = this.plan.every[name];
      if (mean === null) return;
      const chance = this.chance.fork(name);
      const next = (): void => {
        const at = time.now + chance.wait(mean);
        if (at >= end) return;
        time.at(at, () => {
          act(chance);
          next();
        });
      };
      next();
    };
    kind("request", (chance) => this.request(chance));
    kind("burst", (chance) => this.burst(chance));
    kind("invalidation", (chance) => this.invalidate(chance));
    kind("tick", () => this.tick());
    kind("cut", (chance) => this.cut(chance));
    kind("controlCut", (chance) => this.control.link.cutFor(chance.between(200, 1500)));
    kind("originDown", (chance) => this.around.origin.down(chance.between(200, 2000)));
    kind("crash", (chance) => this.crash(chance));
    kind("recycle", (chance) => this.pickHost(chance).recycle());
    kind("damage", (chance) => this.damage(chance));
    kind("logLoss", () => this.loseLog());
    kind("policyTag", (chance) => void this.tagPolicy(chance));
    kind("clockStep", (chance) => this.pickHost(chance).stepClock(chance.between(-3000, 3000)));
  }

  private heal(): void {
    this.around.history.healedAt = this.around.time.now;
    this.control.heal();
    this.around.origin.heal();
    for (const host of this.hosts) host.heal();
  }

  private askEverything(): void {
    for (const host of this.hosts) {
      if (host.life === null) host.begin();
      for (const resource of this.plan.resources) this.clients.ask(host, resource, true);
    }
  }

  private pickHost(chance: Chance): EdgeHost {
    return chance.pick(this.hosts);
  }

  private request(chance: Chance): void {
    this.clients.ask(this.pickHost(chance), chance.zipf(this.plan.resources), false);
  }

  /** Many at once for one resource, mostly at one edge. */
  private burst(chance: Chance): void {
    const resource = chance.zipf(this.plan.resources);
    const favourite = this.pickHost(chance);
    for (let i = chance.between(5, 10); i > 0; i--) {
      const host = chance.hit(0.7) ? favourite : this.pickHost(chance);
      this.around.time.after(chance.between(0, 30), () => this.clients.ask(host, resource, true));
    }
  }

  /** The origin changes first, then it is purged; sometimes several things at once, sometimes without a change. */
  private invalidate(chance: Chance): void {
    const times = chance.hit(0.1) ? 5 : 1;
    for (let i = 0; i < times; i++) {
      if (chance.hit(0.15)) void this.control.touch();
      // What nobody asks for fills views and index all the same, until what they forgot has to be checked.
      for (let noise = chance.between(0, 3); noise > 0; noise--) {
        const pathAndQuery = `/nobody/${chance.between(1, 1000)}`;
        void this.control.purge("hard", [{ kind: "url", host: HOST, pathAndQuery }]);
      }
      const resource = chance.zipf(this.plan.resources);
      if (chance.hit(0.85)) this.around.origin.write(resource.path);
      const mode = chance.hit(0.65) ? "hard" : "soft";
      const delay = chance.between(0, 30);
      this.around.time.after(delay, () => void this.control.purge(mode, [specFor(resource, chance)]));
    }
  }

  /** The tag is purged soon after, and what bears it only by the policy's word has to go as well. */
  private async tagPolicy(chance: Chance): Promise<void> {
    const policy = chance.pick(this.plan.policies);
    const tag = `late-${policy.id}`;
    await this.control.tagPolicy(policy.id, tag);
    for (const resource of this.plan.resources)
      if (resource.governedBy === policy) this.around.origin.write(resource.path);
    await this.control.purge("hard", [{ kind: "tag", tag }]);
  }

  private tick(): void {
    for (const host of this.hosts) void this.control.tick(host);
  }

  private cut(chance: Chance): void {
    const span = chance.between(200, 3000);
    const all = chance.hit(0.2);
    const one = this.pickHost(chance);
    for (const host of this.hosts) {
      if (!all && host !== one) continue;
      host.say(`is cut off from redis for ${span}`);
      host.link.cutFor(span);
    }
  }

  private crash(chance: Chance): void {
    const host = this.pickHost(chance);
    const { life } = host;
    if (life === null) return;
    const { history, time } = this.around;
    host.crash();
    for (const exchange of history.exchanges) {
      const its = exchange.edge === host.id && exchange.life <= life.number;
      if (its && exchange.outcome.kind === "under-way") exchange.outcome = { kind: "lost", at: time.now };
    }
    time.after(chance.between(0, 400), () => {
      if (host.life === null) host.begin();
    });
  }

  private damage(chance: Chance): void {
    const what = this.around.redis.damage(chance);
    if (what !== null) this.around.history.trace.push(`${this.around.time.now} redis damaged: ${what}`);
  }

  private loseLog(): void {
    this.around.redis.loseLog();
    this.around.history.trace.push(`${this.around.time.now} redis lost the log`);
  }
}

/** Something that names the resource, narrowly or widely. */
function specFor(resource: Resource, chance: Chance): SelectorSpec {
  const roll = chance.unit();
  const [path = ""] = resource.path.split("?");
  if (roll < 0.45) return { kind: "url", host: HOST, pathAndQuery: resource.path };
  if (roll < 0.65) return { kind: "tag", tag: chance.pick([...resource.tags, "moving0", "moving1"]) };
  if (roll < 0.8)
    return { kind: "prefix", host: HOST, path: chance.hit(0.5) ? path : `/${path.split("/")[1]}` };
  if (roll < 0.88) return { kind: "class", class: resource.governedBy.class };
  return roll < 0.94 ? { kind: "host", host: HOST } : { kind: "everything" };
}
