// Four shards under Zipf traffic: one is killed and stays away, comes back empty, and nobody outside notices.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Exchange } from "../../bench/outside/exchange.ts";
import { zipfPicker } from "../../bench/outside/pick.ts";
import { startTraffic, type Traffic } from "../../bench/outside/traffic.ts";
import { SITE_HOST, type TestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";
import type { ShardServers } from "../support/shard-servers.ts";

export interface ShardedCluster extends TestCluster {
  readonly servers: ShardServers;
}

const PATHS = Array.from({ length: 150 }, (_, n) => `/zipf/${n}`);
const PER_SECOND = 80;
/** Short, so that the edges' own memory can't answer for the shards. */
const TTL_S = 5;
const KILLED = 2;
/** Until each path has been asked for at each edge more than once. */
const WARM_MS = 2 * TTL_S * 1000;

export const ZIPF_POLICY = {
  ...{ key_pattern: "/zipf/*", class: "hot", ttl: TTL_S, ttl_mode: "override", window_ms: 5000 },
};

/** Declares the tests, on edges with several shards. */
export function shards(stage: () => ShardedCluster): void {
  let cluster: ShardedCluster;
  let traffic: Traffic;

  beforeAll(async () => {
    cluster = stage();
    cluster.site.setBelow("/zipf/", (request) => ({ body: `content of ${request.url}` }));
    await everyOne("serving");
    traffic = startTraffic({
      edges: cluster.edges,
      host: SITE_HOST,
      perSecond: PER_SECOND,
      deadlineMs: 10_000,
      pathOf: zipfPicker(PATHS, 7),
    });
  }, 60_000);
  afterAll(() => traffic?.stop());

  const statesOf = async (): Promise<Record<string, string>> => {
    const { json } = await cluster.call("GET", "/cache-metrics?window=10s");
    return Object.fromEntries(json.shards.map(({ id, state }: { id: string; state: string }) => [id, state]));
  };

  const isHit = ({ outcome }: Exchange): boolean =>
    outcome.kind === "answered" && outcome.status === 200 && /; hit/.test(outcome.cacheStatus);

  /** Of what was due since an instant of the client's clock, and has ended. Where clients are held up it is sent later. */
  function ratioSince(from: number, to = Number.POSITIVE_INFINITY): { ratio: number; of: number } {
    const asked = traffic.exchanges.filter(({ scheduledAt }) => scheduledAt >= from && scheduledAt < to);
    return { ratio: asked.filter(isHit).length / Math.max(1, asked.length), of: asked.length };
  }

  /** Resolves with the ratio of the last second as soon as it is that much. */
  const reaches = (least: number, withinMs: number) =>
    until(
      async () => ratioSince(performance.now() - 1000),
      ({ ratio, of }) => of > PER_SECOND / 2 && ratio >= least,
      { withinMs, everyMs: 100 },
    );

  /** A shard that comes back is warmed for up to a minute, as long as its hottest keys are on their way. */
  const everyOne = (state: string) =>
    until(
      statesOf,
      (states) =>
        Object.values(states).filter((one) => one === state).length === cluster.servers.ports.length,
      {
        withinMs: 80_000,
        everyMs: 250,
      },
    );

  /** The ratio of every whole second in between. */
  function secondsBetween(from: number, to: number): number[] {
    const ratios: number[] = [];
    for (let at = from; at + 1000 <= to; at += 1000) ratios.push(ratioSince(at, at + 1000).ratio);
    return ratios;
  }

  const passes = (ms: number) => {
    const end = performance.now() + ms;
    return until(
      async () => performance.now(),
      (now) => now >= end,
      { withinMs: ms + 5000, everyMs: 100 },
    );
  };

  test("a shard that is killed costs no client an error, and hits are as many as before within seconds", async () => {
    await passes(WARM_MS);
    const before = ratioSince(performance.now() - 3000).ratio;
    const killedAt = performance.now();
    cluster.servers.kill(KILLED);
    await until(statesOf, (states) => states[`shard-${KILLED + 1}`] === "down", {
      withinMs: 15_000,
      everyMs: 200,
    });
    await reaches(0.95 * before, 20_000);

    const backAt = performance.now();
    await cluster.servers.launch(KILLED);
    await everyOne("serving");
    await passes(2000);
    const endedAt = performance.now();
    await traffic.stop();
    const seconds = secondsBetween(backAt, endedAt);
    console.log(
      `hits before ${before.toFixed(3)}, worst second after its return ${Math.min(...seconds).toFixed(3)}`,
    );
    expect(Math.min(...seconds)).toBeGreaterThan(0.9 * before);
    const failures = traffic.exchanges.filter(
      ({ outcome, sentAt }) => sentAt >= killedAt && (outcome.kind !== "answered" || outcome.status !== 200),
    );
    expect(failures).toEqual([]);
  }, 180_000);
}
