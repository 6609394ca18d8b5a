// Receipts on real processes: what they say of edges behind a partition, and how soon after it they have converged.

import { afterEach, beforeAll, expect, test } from "vitest";
import { type FaultyCluster, type Json, SITE_HOST } from "../support/cluster.ts";
import { until } from "../support/http.ts";

const PARTED = [0, 1, 2, 3];
/** A hot page's window, and what is added to it. */
const BOUND_MS = 1000 + 250;

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
    const { status, json } = await cluster.call("POST", "/invalidate", body);
    expect(status).toBe(202);
    return async () => (await cluster.call("GET", json.receipt)).json;
  };

  test.each(["black-hole", "cut"] as const)(
    "behind a partition (%s) edges are pending; a second after it has healed every receipt has converged",
    async (kind) => {
      const took: number[] = [];
      for (let round = 0; round < 4; round++) {
        cluster.links.partition(PARTED, ["redis", "control-plane", 4], { kind });
        const receipt = await receiptOf({ urls: [`http://${SITE_HOST}/img/a`] });
        // Out of step with the beat.
        await until(receipt, ({ acceptedAt }) => Date.now() - Date.parse(acceptedAt) > 1500 + 270 * round, {
          withinMs: 10_000,
          everyMs: 100,
        });
        expect(statesOf(await receipt())).toEqual(["pending", "pending", "pending", "pending", "applied"]);
        cluster.links.heal();
        const healed = performance.now();
        await until(receipt, ({ state }) => state === "converged", { withinMs: 5000, everyMs: 20 });
        took.push(performance.now() - healed);
        expect(statesOf(await receipt())).toEqual(Array.from({ length: 5 }, () => "applied"));
      }
      console.log(
        `converged after a partition (${kind}): ${took.map((ms) => `${Math.round(ms)} ms`).join(", ")}`,
      );
      expect(Math.max(...took)).toBeLessThan(1000);
    },
    60_000,
  );

  test("edges that can't reach the log or one another have it from the control plane all the same", async () => {
    cluster.links.partition(PARTED, ["redis"]);
    for (const near of PARTED)
      for (const far of [...PARTED, 4]) if (near !== far) cluster.links.partition([near], [far]);
    for (const path of ["/img/a", "/img/b", "/hot/a"]) {
      const body = { urls: [`http://${SITE_HOST}${path}`], wait: true, timeoutMs: 3000 };
      const { status, json } = await cluster.call("POST", "/invalidate", body);
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
