// A call to a database that does not answer, or not to this token, is unavailable by name and at its deadline, whatever becomes of the call itself.

import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import { type UpstashConfig, upstashRedis } from "../../shared/mid-tier/upstash.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { until } from "../support/redis-server.ts";

let server: Server;
let asked: PromiseWithResolvers<ServerResponse>;
/** Of the connection that it was asked by. */
let closed: PromiseWithResolvers<void>;
let redis: (late?: UpstashConfig["late"]) => Redis;

beforeEach(async () => {
  asked = Promise.withResolvers();
  closed = Promise.withResolvers();
  server = createServer((_, response) => {
    response.on("close", () => closed.resolve());
    asked.resolve(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  redis = (late) => upstashRedis({ url, token: "t", ...(late && { late }) });
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const PING = [["PING"]];
const SOON = millis(50);
const LONG = millis(20_000);

test.for([undefined, "aborted", "given up"] as const)("%s: unavailable, by name", async (late) => {
  expect(await redis(late).run(PING, SOON)).toEqual({ kind: "unavailable", reason: "TimeoutError" });
});

test.for([undefined, "aborted"] as const)("%s: the connection is closed at the deadline", async (late) => {
  let isAsked = false;
  void asked.promise.then(() => {
    isAsked = true;
  });
  // Where this process is held up, the deadline may pass before the request is written.
  await until("it was asked in time", async () => {
    expect((await redis(late).run(PING, SOON)).kind).toBe("unavailable");
    return isAsked;
  });
  await closed.promise;
});

test("given up: a reply that comes later reaches nobody, and harms nobody", async () => {
  const outcome = await redis("given up").run(PING, SOON);
  const response = await asked.promise;
  expect(response.closed).toBe(false);
  response.end('[{"result":"PONG"}]');
  await closed.promise;
  expect(outcome.kind).toBe("unavailable");
});

test.for([undefined, "given up"] as const)("%s: what answers in time is told as it is", async (late) => {
  const run = redis(late).run(PING, LONG);
  const response = await asked.promise;
  response.end('[{"result":"PONG"}]');
  expect(await run).toEqual({ kind: "replies", replies: [{ kind: "reply", reply: "PONG" }] });
});

test("given up: what is refused is unavailable at once", async () => {
  server.close();
  server.closeAllConnections();
  expect((await redis("given up").run(PING, LONG)).kind).toBe("unavailable");
});

test("a wrong token is told from a database that is away, and nothing of what was sent", async () => {
  const answer = redis().run([["SET", "key", "a value"]], LONG);
  const response = await asked.promise;
  response.writeHead(401, { "content-type": "application/json" });
  response.end('{"error":"WRONGPASS invalid or missing auth token"}');
  expect(await answer).toEqual({ kind: "unavailable", reason: "WRONGPASS, the token is refused" });
});
