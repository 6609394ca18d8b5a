// A small control plane: purges until they are acknowledged, pushes what it appended, ticks, and configures.

import type { InvalidationMode, LogEntry, LogPayload } from "../../shared/core/log-entry.ts";
import type { Position } from "../../shared/core/position.ts";
import { formatSelector, type SelectorSpec } from "../../shared/core/selector.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import type { Log } from "../../shared/ports/mid-tier.ts";
import { encodeSite, policyField, siteField } from "../../shared/wire/configuration.ts";
import { decodePush, encodePush } from "../../shared/wire/internal.ts";
import type { Chance } from "./chance.ts";
import type { EdgeHost, Surroundings } from "./edge-host.ts";
import { Link } from "./network.ts";
import { observedLog } from "./observed-log.ts";
import type { Plan, PolicyPlan } from "./plan.ts";
import { SMALL_LOG } from "./small-limits.ts";

export const SITE = "shop";
export const HOST = "shop.example";

export class ControlPlane {
  readonly link: Link;
  private readonly around: Surroundings;
  private readonly chance: Chance;
  private readonly plan: Plan;
  private readonly hosts: readonly EdgeHost[];
  private readonly log: Log;
  /** Entries as appended, with the instant: a push may carry several. */
  private readonly appended: { entry: LogEntry; at: number }[] = [];
  private pushLost: number;

  constructor(around: Surroundings, plan: Plan, hosts: readonly EdgeHost[]) {
    this.around = around;
    this.plan = plan;
    this.hosts = hosts;
    this.chance = around.chance.fork("control plane");
    this.link = new Link("control", around.links, around);
    this.pushLost = plan.pushLost;
    const redis = around.redis.over(this.link, () => true);
    const limits = { ...SMALL_LOG, readDeadline: 400, replicationDeadline: 100 } as unknown;
    this.log = observedLog(createLog(redis, limits as Parameters<typeof createLog>[1]), around);
  }

  heal(): void {
    this.link.heal();
    this.pushLost = 0;
  }

  /** Site and policies stand in the log before anybody asks for anything. */
  async configure(): Promise<void> {
    const site = { name: SITE, hosts: [HOST], aliases: [], canonicalHost: HOST };
    await this.append({ kind: "config", field: siteField(SITE), value: encodeSite(site) });
    for (const policy of this.plan.policies)
      await this.append({ kind: "config", field: policyField(SITE, policy.id), value: rowOf(policy) });
  }

  /** From here on the policy's resources bear a tag more, those stored long before included. */
  async tagPolicy(policyId: string, tag: string): Promise<void> {
    const policy = this.plan.policies.find(({ id }) => id === policyId);
    if (policy === undefined) throw new Error(`no such policy: ${policyId}`);
    this.say(`gives ${policyId} the tag ${tag}`);
    const position = await this.append({
      kind: "config",
      field: policyField(SITE, policyId),
      value: rowOf(policy, [tag]),
    });
    this.around.history.policyTags.push({ policyId, tag, position });
  }

  /** A change of configuration that changes nothing for anybody, but moves the log. */
  async touch(): Promise<void> {
    await this.append({ kind: "config", field: policyField(SITE, "unused"), value: rowOf(UNUSED) });
  }

  async purge(mode: InvalidationMode, specs: readonly SelectorSpec[]): Promise<void> {
    const selectors = specs.map((spec) => formatSelector(SITE, spec));
    this.say(`purges ${mode} ${selectors.join(" + ")}`);
    await this.append({ kind: "invalidate", mode, selectors });
  }

  /** Lets an edge without traffic learn the log, and send what it could not send before. */
  async tick(host: EdgeHost): Promise<void> {
    const { life } = host;
    if (life === null || this.chance.hit(this.pushLost)) return;
    await life.edge.view.pull(life.background);
  }

  /** The same operation again and again, until the log has answered. */
  private async append(payload: LogPayload): Promise<Position> {
    const operationId = this.chance.token();
    while (true) {
      const outcome = await this.log.append({
        operationId,
        requestDigest: operationId,
        actor: "simulator",
        action: "purge",
        payload,
        detail: "",
        replicas: 0,
      });
      if (outcome.kind === "appended") {
        if (outcome.entry !== null) this.push(outcome.entry);
        return outcome.position;
      }
      await this.around.time.pass(this.chance.between(20, 200));
    }
  }

  private push(entry: LogEntry): void {
    const { time } = this.around;
    this.appended.push({ entry, at: time.now });
    const latest = this.appended.slice(this.chance.hit(0.3) ? -3 : -1);
    const message = encodePush(latest.map((one) => ({ ...one.entry, age: time.now - one.at })));
    for (const host of this.hosts) {
      if (this.chance.hit(this.pushLost)) continue;
      for (let copies = this.chance.hit(0.1) ? 2 : 1; copies > 0; copies--) {
        const slow = this.plan.profile !== "quiet" && this.chance.hit(0.3);
        time.after(this.chance.between(1, slow ? 1500 : 10), () => this.deliver(host, message));
      }
    }
  }

  private deliver(host: EdgeHost, message: string): void {
    const entries = decodePush(message);
    if (entries === null) throw new Error("a push of ours can't be read");
    if (host.life === null) return;
    host.say(`is pushed ${entries.map(({ epoch, seq }) => `${epoch}-${seq}`).join(" ")}`);
    host.life.edge.view.receive(entries, host.life.background);
  }

  private say(what: string): void {
    this.around.history.trace.push(`${this.around.time.now} control ${what}`);
  }
}

const rowOf = (policy: PolicyPlan, tags: readonly string[] = []): string =>
  JSON.stringify({
    tags,
    key_pattern: policy.pattern,
    class: policy.class,
    window_ms: policy.window,
    fence: policy.fence,
  });

const UNUSED: PolicyPlan = {
  id: "unused",
  pattern: "/unused/*",
  class: "hot",
  window: 1000,
  fence: "revalidate",
};
