// The gateway before several origins: who may name one, and which of them are asked.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NamedOrigins } from "../../dev/named-origins.ts";
import { type OriginGateway, startOriginGateway } from "../../dev/origin-gateway.ts";
import { ask } from "../support/http.ts";

const KEY = "between the edges and the gateway";
const named: Record<string, string> = {};
const lookups: string[] = [];

/** Knows the names of the test, and where they lead. */
const lookup: NamedOrigins["lookup"] = (hostname, done) => {
  lookups.push(hostname);
  const address = named[hostname];
  if (address === undefined) done(new Error("no such host"), []);
  else done(null, [{ address, family: 4 }]);
};

let servers: Server[];
let ports: number[];
let gateway: OriginGateway;

async function start(reach: NamedOrigins["reach"]): Promise<void> {
  gateway = await startOriginGateway(new URL(`http://127.0.0.1:${ports[0]}`), { key: KEY, reach, lookup });
}

beforeEach(async () => {
  lookups.length = 0;
  for (const name of Object.keys(named)) delete named[name];
  servers = ["own", "other"].map((name) =>
    createServer((request, response) =>
      response.end(`${name} ${request.headers.host} ${JSON.stringify(Object.keys(request.headers))}`),
    ),
  );
  ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    }),
  );
});
afterEach(async () => {
  await gateway.close();
  for (const server of servers) server.close();
});

/** What comes back; null where the connection ends without an answer. */
const get = (headers: Record<string, string>) =>
  ask(`http://${gateway.address}/x`, { headers: { host: "site.test", ...headers } }).catch(() => null);
const from = (origin: string, key = KEY) => get({ "tidegate-origin": origin, "tidegate-origin-key": key });

describe("a request", () => {
  test("that names none is for the origin that the gateway stands before, and so is one for the zone's", async () => {
    await start("loopback");
    expect((await get({}))?.text).toMatch(/^own site\.test/);
    expect((await from("zone"))?.text).toMatch(/^own site\.test/);
  });

  test("that names one gets there, with the Host that it came with, and its name and key stay behind", async () => {
    await start("loopback");
    const got = await from(`http://127.0.0.1:${ports[1]}`);
    expect(got?.text).toMatch(/^other site\.test/);
    expect(got?.text).not.toContain("tidegate");
  });

  test("that names one and does not show the key is refused", async () => {
    await start("all");
    const origin = `http://127.0.0.1:${ports[1]}`;
    expect((await from(origin, "guess"))?.status).toBe(403);
    expect((await get({ "tidegate-origin": origin }))?.status).toBe(403);
    expect((await from("file:///etc/passwd"))?.status).toBe(403);
  });

  test("of an edge that knows no site yet gets where its host was led last", async () => {
    await start("loopback");
    await from(`http://127.0.0.1:${ports[1]}`);
    expect((await get({}))?.text).toMatch(/^other site\.test/);
    expect((await get({ host: "another.test" }))?.text).toMatch(/^own another\.test/);
    await from("zone");
    expect((await get({}))?.text).toMatch(/^own site\.test/);
  });

  test("whose origin does not answer gets no other's answer", async () => {
    await start("loopback");
    await new Promise((resolve) => servers[1]?.close(resolve));
    expect(await from(`http://127.0.0.1:${ports[1]}`)).toBeNull();
  });
});

describe("an origin beyond what is allowed", () => {
  test("is not asked by its address, in whatever form", async () => {
    await start("none");
    for (const host of ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
      expect((await from(`http://${host}:${ports[1]}`))?.status, host).toBe(403);
  });

  test("is not asked by a name that leads there", async () => {
    named["inside.test"] = "127.0.0.1";
    await start("none");
    expect(await from(`http://inside.test:${ports[1]}`)).toBeNull();
    expect(lookups).toEqual(["inside.test"]);
  });

  test("where loopback is allowed, the metadata of clouds still is not", async () => {
    named["metadata.test"] = "169.254.169.254";
    named["near.test"] = "127.0.0.1";
    await start("loopback");
    expect((await from("http://169.254.169.254"))?.status).toBe(403);
    expect(await from("http://metadata.test")).toBeNull();
    expect((await from(`http://near.test:${ports[1]}`))?.text).toMatch(/^other/);
  });
});
