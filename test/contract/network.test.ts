// Who is told what of the others' whereabouts, with a network between them and without.

import { expect, test } from "vitest";
import { createLinks } from "../../dev/faults/links.ts";
import { tell, type Whereabouts } from "../../dev/network.ts";
import { clusterLinks } from "../support/links.ts";

const places: Whereabouts = {
  midTier: "http://127.0.0.1:1000",
  shards: [{ id: "shard-2", url: "http://127.0.0.1:1002" }],
  origin: "http://127.0.0.1:2000",
  edges: [1, 2, 3].map((n) => ({
    id: `edge-${n}` as const,
    port: 3000 + n,
    url: `http://127.0.0.1:${3000 + n}`,
  })),
};

test("without a network everybody is told the truth, and edges nothing of their peers", async () => {
  const told = await tell(null, places);
  expect(told.control).toEqual({
    midTier: places.midTier,
    shards: places.shards,
    edges: places.edges.map(({ id, url }) => ({ id, url, region: "local" })),
  });
  for (const edge of told.edges)
    expect(edge).toMatchObject({ midTier: places.midTier, origin: places.origin, peers: null });
});

test("each way is led on its own, both ways between two edges too", async () => {
  const ways: string[] = [];
  const told = await tell(async ({ from, to }, url) => {
    ways.push(`${from} ${to} ${url}`);
    return `http://${from}.${to}`;
  }, places);
  expect(new Set(ways).size).toBe(ways.length);
  expect(ways).toHaveLength(3 * 6 + 2);
  expect(told.control.edges[1]).toMatchObject({
    ...{ id: "edge-2", url: "http://control-plane.edge-2", clientUrl: "http://127.0.0.1:3002" },
  });
  expect(told.edges[0]).toMatchObject({
    midTier: "http://edge-1.mid-tier",
    origin: "http://edge-1.origin",
    peers: { "edge-2": "http://edge-1.edge-2", "edge-3": "http://edge-1.edge-3" },
  });
});

test("a partition cuts what crosses it, both ways between edges, and nothing else", async () => {
  const links = createLinks();
  await tell(links.network, places);
  const between = clusterLinks(links, 3);
  between.partition([0, 1], ["redis", "control-plane", 2]);
  const cut = links.all().filter((link) => link.state().kind === "cut");
  expect(new Set(cut)).toEqual(
    new Set([
      ...[0, 1].map((edge) => between.edgeToRedis(edge)),
      ...[0, 1].map((edge) => between.controlToEdge(edge)),
      ...[0, 1].flatMap((edge) => [between.edgeToEdge(edge, 2), between.edgeToEdge(2, edge)]),
    ]),
  );
  between.heal();
  expect(links.all().map((link) => link.state().kind)).toEqual(links.all().map(() => "pass"));
  await links.close();
});

test("what speaks TLS is not led through a proxy", async () => {
  const links = createLinks();
  await expect(tell(links.network, { ...places, midTier: "https://db.example" })).rejects.toThrow(
    "plain HTTP",
  );
  await links.close();
});
