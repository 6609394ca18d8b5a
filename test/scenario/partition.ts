// Four of five edges are parted from Redis and the control plane in several ways, while an outside client asks them all and judges what it gets.

import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { CheckedGroup, CheckedLoad, OutsideChecker } from "../../bench/outside/checker.ts";
import type { Exchange } from "../../bench/outside/exchange.ts";
import { zipfPicker } from "../../bench/outside/pick.ts";
import type { OriginAsk } from "../../bench/outside/versioned-content.ts";
import { type FaultyCluster, SITE_HOST } from "../support/cluster.ts";
import { until } from "../support/http.ts";
import { checkerOf } from "../support/outside-checker.ts";

const PARTED = [0, 1, 2, 3];
const ALL = [...PARTED, 4];
const HOT_WINDOW_MS = 1000;
const STANDARD_WINDOW_MS = 1500;
const EPSILON_MS = 200;
/** Four times the longest window: on a busy machine a round comes late. */
const REACHED_WITHIN_MS = 4 * STANDARD_WINDOW_MS;
const HEALED_WITHIN_MS = 2000;
/** Longer than any deadline of an edge but the origin's, and much shorter than that. */
const DEADLINE_MS = 10_000;

const headers = { "cache-control": "max-age=600, stale-while-revalidate=1, stale-if-error=1" };
const life = { freshMs: 600_000, staleMs: 1000 };

const GROUPS: readonly CheckedGroup[] = [
  {
    below: "/hot/",
    class: "hot",
    tags: ["news"],
    headers: { ...headers, "cache-tag": "news" },
    ...life,
    boundMs: HOT_WINDOW_MS,
  },
  { below: "/pages/", class: "standard", tags: [], headers, ...life, boundMs: STANDARD_WINDOW_MS },
];
const PATHS = ["/hot/0", "/pages/0", "/hot/1", "/pages/1"];

export const PARTITION_POLICIES = [
  { id: "hot", key_pattern: "/hot/*", class: "hot", window_ms: HOT_WINDOW_MS },
  { id: "pages", key_pattern: "/pages/*", class: "standard", window_ms: STANDARD_WINDOW_MS },
];

/** Declares the tests, on five edges with those policies. */
export function partition(stage: () => FaultyCluster): void {
  let cluster: FaultyCluster;
  let checker: OutsideChecker;
  let traffic: CheckedLoad;
  /** Of the load that runs. */
  let exchanges: Exchange[];
  let begunAt: number;
  /** Whatever the origin was asked. */
  const asks: OriginAsk[] = [];

  beforeAll(() => {
    cluster = stage();
    checker = checkerOf(cluster, {
      ...{ groups: GROUPS, epsilonMs: EPSILON_MS },
      onAsk: (ask) => asks.push(ask),
    });
  });

  beforeEach(async () => {
    exchanges = [];
    begunAt = performance.now();
    traffic = checker.start({
      ...{ edges: cluster.edges, perSecond: 100, deadlineMs: DEADLINE_MS, pathOf: zipfPicker(PATHS, 1) },
      watch: (exchange) => exchanges.push(exchange),
    });
    await everyEdgeServes(PATHS);
  }, 40_000);
  afterEach(async () => {
    cluster.links.heal();
    await traffic?.stop();
  });

  const urlOf = (path: string): string => `http://${SITE_HOST}${path}`;

  /** Every edge has given the version of these paths that there is now. */
  async function everyEdgeServes(paths: readonly string[]): Promise<void> {
    const wanted = ALL.flatMap((edge) => paths.map((path) => `${edge} ${path} ${checker.versionOf(path)}`));
    await until(
      () => {
        const given = new Set(
          exchanges.map(({ edge, path, outcome }) => {
            const version = outcome.kind === "answered" ? outcome.stated?.version : null;
            return `${edge} ${path} ${version}`;
          }),
        );
        return wanted.filter((each) => !given.has(each));
      },
      (missing) => missing.length === 0,
      { withinMs: 30_000 },
    );
  }

  /** Asked at the edges' own ports, past all links. */
  const positions = (): Promise<string[]> =>
    Promise.all(
      ALL.map(async (edge) => {
        const body = JSON.stringify({ v: 1, peers: [], watch: [] });
        const got = await cluster.signed(edge, "/.tidegate/status", body);
        return (JSON.parse(got.text) as { position: string }).position;
      }),
    );

  const allReach = (position: string | null, withinMs: number): Promise<string[]> =>
    until(positions, (reached) => reached.every((each) => each === position), { withinMs });

  /** Sent again for as long as a 503 says so; its position. */
  async function purge(...given: Parameters<OutsideChecker["purge"]>): Promise<string | null> {
    const { status, position } = await until(
      () => checker.purge(...given),
      (purged) => purged.status !== 503,
      { withinMs: 10_000, everyMs: 1000 },
    );
    expect(status).toBe(202);
    return position;
  }

  function change(path: string): Promise<string | null> {
    checker.write(path);
    return purge({ urls: [urlOf(path)] });
  }

  /** What passed between the parted edges and Redis, and from the control plane to them. */
  const passed = (): number[] =>
    PARTED.flatMap((edge) => [cluster.links.edgeToRedis(edge), cluster.links.controlToEdge(edge)]).map(
      (link) => link.counts().replies,
    );

  /**
   * Served from memory though the cut is longer ago than any window, and so is whatever the origin was asked of the path:
   * only what peers say of the log can vouch for that.
   */
  function isOldHit({ path, sentAt, endedAt, outcome }: Exchange, cutAt: number): boolean {
    if (outcome.kind !== "answered" || !outcome.cacheStatus.startsWith("tidegate-l1; hit")) return false;
    const from = sentAt - STANDARD_WINDOW_MS - EPSILON_MS;
    const asked = asks.some((ask) => ask.path === path && ask.askedAt > from && ask.askedAt < endedAt);
    return from > cutAt && !asked;
  }

  const nameOf = ({ edge, path, sentAt, outcome }: Exchange): string =>
    `${outcome.kind}: ${path} at ${edge}, ${Math.round(sentAt - begunAt)} ms after the load began`;

  async function nothingWasWrong(): Promise<void> {
    const { violations, all, client } = await traffic.stop();
    expect(violations.first).toEqual([]);
    expect(violations.count).toBe(0);
    expect(exchanges.filter(({ outcome }) => outcome.kind !== "answered").map(nameOf)).toEqual([]);
    expect(all.errorsBy).toEqual({});
    expect(client.withheld).toBe(0);
  }

  test("cut off, four edges learn purges from the fifth, replace what they name, and go on serving the rest", async () => {
    cluster.links.partition(PARTED, ["redis", "control-plane"]);
    const cutAt = performance.now();
    const before = passed();
    await allReach(await change("/hot/0"), REACHED_WITHIN_MS);
    await allReach(await change("/pages/0"), REACHED_WITHIN_MS);
    for (const path of ["/hot/0", "/hot/1"]) checker.write(path);
    await purge({ tags: ["news"] });
    checker.write("/pages/1");
    const last = await purge({ urls: [urlOf("/pages/1")] }, "soft");
    await allReach(last, REACHED_WITHIN_MS);
    await everyEdgeServes(PATHS);
    await until(
      () => PARTED.filter((edge) => !exchanges.some((one) => one.edge === edge && isOldHit(one, cutAt))),
      (without) => without.length === 0,
      { withinMs: 10_000 },
    );
    expect(passed()).toEqual(before);
    cluster.links.heal();
    await allReach(last, HEALED_WITHIN_MS);
    await nothingWasWrong();
  }, 60_000);

  test("parted one way, nothing that four edges send reaches Redis and no push reaches them; word goes round by one of them", async () => {
    const { links } = cluster;
    links.partition(PARTED, ["redis", "control-plane"], { kind: "one-way", arrives: "replies" });
    for (const edge of [1, 2, 3]) links.edgeToEdge(edge, 4).set({ kind: "one-way", arrives: "requests" });
    const told = links.edgeToEdge(0, 4).counts().replies;
    const position = await change("/hot/0");
    await allReach(position, REACHED_WITHIN_MS);
    await everyEdgeServes(["/hot/0"]);
    expect(links.edgeToEdge(0, 4).counts().replies).toBeGreaterThan(told);
    links.heal();
    await allReach(position, HEALED_WITHIN_MS);
    await nothingWasWrong();
  }, 60_000);

  test("with Redis a black hole for every edge, every request ends in good time, and a purge still shows", async () => {
    cluster.links.partition(ALL, ["redis"], { kind: "black-hole" });
    const begun = exchanges.length;
    const position = await change("/pages/0");
    await everyEdgeServes(["/pages/0"]);
    const cold = await Promise.all(ALL.map((edge) => cluster.get(edge, "/pages/none-yet")));
    expect(cold.map(({ status }) => status)).toEqual(ALL.map(() => 200));
    await until(
      () => exchanges.length - begun,
      (ended) => ended >= 150,
      { withinMs: 10_000 },
    );
    cluster.links.heal();
    await allReach(position, HEALED_WITHIN_MS);
    await nothingWasWrong();
  }, 60_000);
}
