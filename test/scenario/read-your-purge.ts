// Read-your-purge: whoever names a purge's position is not answered from before it, though nothing was pushed.

import { beforeAll, expect, test } from "vitest";
import { SITE_HOST, type TestCluster } from "../support/cluster.ts";

export const SLOW_POLICY = {
  ...{ key_pattern: "/slow/*", class: "hot", ttl: 600, ttl_mode: "override", window_ms: 600_000 },
};

/** Declares the tests, on two edges that nothing is pushed to. */
export function readYourPurge(stage: () => TestCluster): void {
  let cluster: TestCluster;

  beforeAll(() => {
    cluster = stage();
  });

  /** The purge's position, and what it takes to see it: edges are asked at once. */
  async function changeAndPurge(path: string, body: string): Promise<string> {
    cluster.site.set(path, { body, headers: { "cache-control": "max-age=600" } });
    const answer = await cluster.invalidate({ urls: [`http://${SITE_HOST}${path}`] });
    expect(answer.status).toBe(202);
    return answer.json.position;
  }

  const at = (edge: number, path: string, position: string) =>
    cluster.get(edge, path, { "tidegate-min-position": position });

  test("a purge is read by whoever names its position, at every edge and at once", async () => {
    for (let round = 1; round <= 10; round++) {
      const position = await changeAndPurge("/slow/page", `version ${round}`);
      for (const edge of [0, 1])
        expect((await at(edge, "/slow/page", position)).text).toBe(`version ${round}`);
    }
  });

  test("an answer that is there serves it as soon as the view reaches the position", async () => {
    const position = await changeAndPurge("/slow/kept", "kept");
    await at(0, "/slow/kept", position);
    const again = await at(0, "/slow/kept", position);
    expect(again.cacheStatus).toContain("tidegate-l1; hit");
  });

  test("a position that the log has not reached is refused with 412", async () => {
    const [epoch, seq] = (await changeAndPurge("/slow/ahead", "here")).split("-");
    const refused = await at(0, "/slow/ahead", `${epoch}-${Number(seq) + 1000}`);
    expect([refused.status, refused.headers["content-type"]]).toEqual([412, "application/problem+json"]);
    expect(JSON.parse(refused.text)).toMatchObject({ code: "position-not-reached", status: 412 });
    expect((await cluster.get(0, "/slow/ahead")).status).toBe(200);
  });

  test("of a position in another epoch only a view pulled since the arrival is good enough", async () => {
    const [, seq] = (await changeAndPurge("/slow/epoch", "old")).split("-");
    await cluster.get(1, "/slow/epoch");
    await changeAndPurge("/slow/epoch", "new");
    expect((await at(1, "/slow/epoch", `1-${seq}`)).text).toBe("new");
  });

  test.each(["", "7", "-", "1-x", "1-2-3", "1 - 2", "99999999999999999999-1"])(
    "the position %j is refused with 400 by name",
    async (position) => {
      const refused = await at(0, "/slow/page", position);
      expect(refused.status).toBe(400);
      expect(JSON.parse(refused.text).detail).toContain("Tidegate-Min-Position");
    },
  );

  test("the origin is not told of it", async () => {
    const told: unknown[] = [];
    cluster.site.set("/slow/origin", ({ headers }) => {
      told.push(headers["tidegate-min-position"]);
      return { body: "asked", headers: {} };
    });
    const answer = await cluster.call("POST", "/invalidate", { urls: [`http://${SITE_HOST}/slow/origin`] });
    await at(0, "/slow/origin", answer.json.position);
    expect(told).toEqual([undefined]);
  });
}
