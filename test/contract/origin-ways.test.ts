// How a request gets to the origin of its site: by which fetch, to what URL, and told what.

import { expect, test } from "vitest";
import { type Fetches, type OriginWays, wayTo } from "../../edge/runtime/origin-ways.ts";

const fetches: Fetches = { fetch: async () => new Response() };
const [zone, world] = [{ ...fetches }, { ...fetches }];
const url = "http://a.test:8080/x//y?q=%20&r=http://b/?";

const way = (gatewayKey: string | null, origin: Parameters<typeof wayTo>[1]["origin"]) => {
  const ways: OriginWays = { zone, world, gatewayKey };
  const found = wayTo(ways, { url, origin });
  return { ...found, by: found.fetches === zone ? "zone" : "world" };
};

test("without a gateway the zone's is fetched as it stands, and any other by its own URL", () => {
  expect(way(null, "zone")).toMatchObject({ by: "zone", url, headers: [] });
  expect(way(null, "https://b.test:8443")).toMatchObject({
    ...{ by: "world", url: "https://b.test:8443/x//y?q=%20&r=http://b/?" },
    headers: [["x-forwarded-host", "a.test:8080"]],
  });
});

test("a gateway is told whom each request is for, and asked by the request's own URL, which keeps Host", () => {
  const headers = (origin: string) => [
    ["tidegate-origin", origin],
    ["tidegate-origin-key", "secret"],
  ];
  expect(way("secret", "zone")).toMatchObject({ by: "zone", url, headers: headers("zone") });
  // Nobody has told whom: the gateway may know better.
  expect(way("secret", "unknown")).toMatchObject({ by: "zone", url, headers: [] });
  expect(way(null, "unknown")).toMatchObject({ by: "zone", url, headers: [] });
  expect(way("secret", "http://b.test")).toMatchObject({
    by: "zone",
    url,
    headers: headers("http://b.test"),
  });
});
