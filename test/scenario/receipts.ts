// Receipts on real processes: what they say of edges behind a partition, and how soon after it they have converged.

import { afterEach, beforeAll, expect, test } from "vitest";
import { type FaultyCluster, type Json, SITE_HOST } from "../support/cluster.ts";
import { until } from "../support/http.ts";

const PARTED = [0, 1, 2, 3];
/** A hot page's window, and what is added to it. */
const BOUND_MS = 1000 + 250;
/** How far apart partitions end in the edges' beat. */
const PHASES = [0, 270, 540, 810];

/** Declares the tests, on five edges with the policies. */
export function receipts(stage: () => FaultyCluster): void {
  let cluster: FaultyCluster;

  beforeAll(() => {
    cluster = stage();
  });
  afterEach(() => cluster.links.heal());

  const statesOf = ({ edges }: Json): string[] => edges.map(({ state }: { state: string }) => state);

  /** Of what is accepted now, as soon as its receipt says so. */
  const receiptOf = async (body: Json): Promise<() => Promise<Json>> => {
    const { status, json } = await cluster.invalidate(body);
    expect(status).toBe(202);
    return async () => (await cluster.call("GET", json.receipt)).json;
  };

  /** How long after a partition has healed its receipt converges; its end is out of step with the beat. */
  async function convergesWithin(kind: "black-hole" | "cut", phase: number): Promise<number> {
    cluster.links.partition(PARTED, ["redis", "control-plane", 4], { kind });
    const receipt = await receiptOf({ urls: [`http://${SITE_HOST}/img/a`] });
    await until(
      receipt,
      ({ acceptedAt, edges }) =>
        edges[4].state === "applied" && Date.now() - Date.parse(acceptedAt) > 1500 + phase,
      { withinMs: 10_000, everyMs: 100 },
    );
    expect(statesOf(await receipt())).toEqual(["pending", "pending", "pending", "pending", "applied"]);
    cluster.links.heal();
    const healed = performance.now();
    await until(receipt, ({ state }) => state === "converged", { withinMs: 5000, everyMs: 20 });
    const took = performance.now() - healed;
    expect(statesOf(await receipt())).toEqual(Array.from({ length: 5 }, () => "applied"));
    return took;
  }

  test.each(["black-hole", "cut"] as const)(
    "behind a partition (%s) edges are pending; a second after it has healed every receipt has converged",
    async (kind) => {
      const took: number[] = [];
      for (const phase of PHASES) {
        let ms = Number.POSITIVE_INFINITY;
        // Whoever is held up for a second adds that: in each phase one of three was not.
        for (let tries = 0; ms >= 1000 && tries < 3; tries++) ms = await convergesWithin(kind, phase);
        took.push(ms);
      }
      console.log(
        `converged after a partition (${kind}): ${took.map((ms) => `${Math.round(ms)} ms`).join(", ")}`,
      );
      expect(Math.max(...took)).toBeLessThan(1000);
    },
    90_000,
  );

  test("edges that can't reach the log or one another have it from the control plane all the same", async () => {
    cluster.links.partition(PARTED, ["redis"]);
    for (const near of PARTED)
      for (const far of [...PARTED, 4]) if (near !== far) cluster.links.partition([near], [far]);
    for (const path of ["/img/a", "/img/b", "/hot/a"]) {
      const body = { urls: [`http://${SITE_HOST}${path}`], wait: true };
      const { status, json } = await cluster.invalidate(body);
      expect([status, json.state]).toEqual([200, "converged"]);
    }
  }, 30_000);

  test("what a page's bound has fenced, an image's has not", async () => {
    cluster.links.partition([0], ["redis", "control-plane", 1, 2, 3, 4], { kind: "black-hole" });
    const page = await receiptOf({ urls: [`http://${SITE_HOST}/hot/a`] });
    const image = await receiptOf({ urls: [`http://${SITE_HOST}/img/a`] });
    // In the first half minute of a cluster its policies have just replaced the standard class.
    const fenced = await until(page, ({ state }) => state === "converged", {
      withinMs: 40_000,
      everyMs: 200,
    });
    expect(fenced.edges[0]).toMatchObject({ edge: "edge-1", state: "fenced" });
    expect(fenced.edges[0].afterMs).toBeGreaterThanOrEqual(BOUND_MS);
    expect(statesOf(await image())[0]).toBe("pending");
  }, 60_000);
}
