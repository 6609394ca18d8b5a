// Makes one fault of a plan's list happen.

import { comparePositions } from "../../shared/core/position.ts";
import type { ControlHost } from "./control-host.ts";
import { EdgeHost, type Surroundings, viewOf } from "./edge-host.ts";
import { describe, type Fault } from "./plan/faults.ts";

export interface Place extends Surroundings {
  readonly hosts: ReadonlyMap<string, EdgeHost | ControlHost>;
}

export function playFault(fault: Fault, place: Place): void {
  const { history, network, origin, redis, shards, time } = place;
  history.trace.push(`${time.now} fault ${describe(fault)}`);
  switch (fault.kind) {
    case "lossy": {
      const { requests, replies } = fault;
      Object.assign(network.quality(fault.on), { lostRequests: requests, lostReplies: replies });
      break;
    }
    case "sluggish":
      Object.assign(network.quality(fault.on), { slow: fault.share, slowest: fault.slowest });
      break;
    case "repeating":
      network.quality(fault.on).repeated = fault.share;
      break;
    case "origin":
      origin.fails(fault.does, fault.share);
      break;
    case "cut":
      network.link(fault.link).cut(fault);
      break;
    case "slow":
      network.link(fault.link).slow(fault);
      break;
    case "origin-down":
      origin.down(fault.for);
      break;
    case "origin-slow":
      origin.slow(fault.for);
      break;
    case "replica":
    case "damage":
    case "evict":
    case "log-loss":
    case "flush":
    case "redis-restart":
    case "full":
    case "failover":
      redis.suffer(fault);
      if (fault.kind === "failover") noteWhoIsAhead(place);
      break;
    case "shard-restart":
      shards.get(fault.shard)?.suffer({ ...fault, kind: "redis-restart" });
      break;
    case "shard-flush":
      shards.get(fault.shard)?.suffer({ ...fault, kind: "flush" });
      break;
    case "shard-full":
      shards.get(fault.shard)?.suffer({ ...fault, kind: "full" });
      break;
    default:
      befall(fault, place);
  }
}

/** They will find out that what they know of the log is not in it any more. */
function noteWhoIsAhead({ history, hosts }: Place): void {
  const loss = history.losses.at(-1);
  for (const host of hosts.values()) {
    if (!(host instanceof EdgeHost)) continue;
    const { id, life } = host;
    const view = viewOf(life);
    if (loss === undefined || life === null || view === null) continue;
    if (comparePositions({ epoch: view.epoch, seq: view.cursor }, loss.survived) > 0)
      loss.ahead.push(`${id}/${life.number}`);
  }
}

type HostFault = Extract<Fault, { host: string }>;

function befall(fault: HostFault, { history, hosts, time }: Place): void {
  const host = hosts.get(fault.host);
  if (host === undefined) throw new Error(`no such host: ${fault.host}`);
  switch (fault.kind) {
    case "skewed":
    case "clock-step":
      host.clock.step(fault.by);
      if (fault.by > 0) history.leaps.push({ edge: host.id, at: time.now });
      break;
    case "freeze":
      host.freeze(fault.for, fault.sleeps);
      break;
    case "recycle":
      host.recycle();
      break;
    case "crash":
      host.crash();
      time.after(fault.for, () => {
        if (host.life === null) host.begin();
      });
  }
}
