// What a site says of its origin: read in full, or refused by the name of the field.

import { describe, expect, test } from "vitest";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import { readEnvironment as readEdge } from "../../edge/environment.ts";
import { decodeOrigin } from "../../shared/wire/origin-limits.ts";

const share = { rate: 5, burst: 2 };

function faultsOf(limits: unknown): string {
  const site = { name: "shop", hosts: ["*"], aliases: [], canonicalHost: "shop.test", limits };
  const env = { CLUSTER_KEY: "key", SITES: JSON.stringify([site]) };
  return readEnvironment(env, "token").settings.faults.join("; ");
}

test("a bucket holds what comes in a second, where nothing else is said", () => {
  expect(decodeOrigin(JSON.stringify({ rate: 20, share: { rate: 0.5 } }))?.budget).toEqual({
    rate: 20,
    burst: 20,
    share: { rate: 0.5, burst: 1 },
  });
});

test("limits are a field of their own, and stand in the log before the site", () => {
  const site = { name: "shop", hosts: ["*"], aliases: [], canonicalHost: "shop.test" };
  const sites = JSON.stringify([{ ...site, limits: { rate: 20, share } }]);
  const { settings } = readEnvironment({ CLUSTER_KEY: "key", SITES: sites }, "token");
  expect(settings.faults).toEqual([]);
  expect([...settings.fields.keys()]).toEqual(["origin/shop", "site/shop"]);
  expect(JSON.parse(settings.fields.get("site/shop") ?? "")).toEqual(site);
});

describe("refused", () => {
  test.each([
    [{ rate: 0, share }, "/0/limits/rate must be more than 0"],
    [{ rate: 10 }, "/0/limits/share is needed with a rate"],
    [{ burst: 10 }, "/0/limits/burst needs a rate beside it"],
    [{ share }, "/0/limits/share needs a rate beside it"],
    [{ concurrency: 0 }, "/0/limits/concurrency"],
    [{ retryShare: 2 }, "/0/limits/retryShare"],
    [{ failureStatuses: [404] }, "/0/limits/failureStatuses/0"],
    [{ rate: 10, share, classes: { hott: {} } }, "/0/limits/classes/hott must be one of hot"],
    [{ rate: 10, share, classes: { hot: { cost: 3 } } }, "/0/limits/classes/hot/cost must not be more"],
    [{ classes: { hot: { rate: 3 } } }, "/0/limits/classes/hot/rate needs the site's rate"],
    [{ rates: 10 }, "/0/limits/rates is not a known field"],
  ])("%j", (limits, message) => {
    expect(faultsOf(limits)).toContain(message);
  });

  test("an edge's share that can't be read is told, and left out", () => {
    const read = (share: string) => readEdge({ EDGE_ID: "one", CLUSTER_KEY: "key", ORIGIN_SHARE: share });
    expect(read('{"rate": 5}').originShare).toEqual({ rate: 5, burst: 5 });
    expect(read('{"rate": -1}')).toMatchObject({ originShare: null });
    expect(read('{"rate": -1}').faults).toContain("ORIGIN_SHARE: /rate must be more than 0");
    expect(read("ten").faults.join()).toContain("ORIGIN_SHARE");
  });
});
