// Looks from outside: what answers, what doesn't, how many keys there are, and whether an edge takes a signature of now.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { looksAt } from "../../chaos/look.ts";
import { systemDigest } from "../../shared/runtime/system.ts";
import { CLOCK_PATH } from "../../shared/wire/clock.ts";
import { SIGNATURE_HEADER, SignatureChecker } from "../../shared/wire/signature.ts";

const KEY = "cluster-key";
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      body += piece;
    });
    request.on("end", () => answer(request, response, body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let look: ReturnType<typeof looksAt>;
/** What is added to the clock of the edge. */
let wrongBy = 0;

beforeAll(async () => {
  const database = await serve((request, response, body) => {
    const isKnown = request.headers.authorization === "Bearer secret";
    response.writeHead(isKnown ? 200 : 401).end(body === '["DBSIZE"]' ? '{"result":7}' : '{"result":"PONG"}');
  });
  const silent = await serve(() => undefined);
  const resets = await serve((request) => request.socket.destroy());
  const half = await serve(
    (_request, response) => void response.writeHead(200, { "content-length": 9 }).write("half"),
  );
  const edge = await serve(async ({ method = "", url: path = "", headers }, response, body) => {
    const checker = new SignatureChecker({ key: KEY, digest: systemDigest, maxAgeMs: 30_000 });
    const signature = String(headers[SIGNATURE_HEADER] ?? "") || null;
    const verdict = await checker.check({ method, path, body }, signature, Date.now() + wrongBy);
    // As an edge does: what time it is there it says however wrong that is.
    const isTold = path === CLOCK_PATH && verdict.kind === "refused" && verdict.reason === "too old";
    response.writeHead(verdict.kind === "refused" && !isTold ? 404 : 200).end("{}");
  });
  const token = "secret";
  look = looksAt({
    clusterKey: KEY,
    edges: [{ id: "edge-1", url: edge }],
    databases: [
      { id: "control", url: database, token },
      { id: "shard-2", url: silent, token },
      { id: "shard-3", url: resets, token },
      { id: "shard-4", url: half, token },
    ],
    ways: [
      { from: "edge-1", to: "mid-tier", url: database },
      { from: "control-plane", to: "edge-1", url: edge },
      { from: "control-plane", to: "shard-2", url: silent },
    ],
  });
});

test("a database says how many keys it has, or is not answering", async () => {
  const seen = (place: string) => look({ kind: "database", place });
  expect(await seen("control")).toMatchObject({ kind: "answered", status: 200, keys: 7 });
  const others = await Promise.all(["shard-2", "shard-3", "shard-4"].map(seen));
  expect(others).toEqual(others.map(() => ({ kind: "unanswered" })));
});

test("a way is looked along through its proxy, to whatever is at its end", async () => {
  const answered = { kind: "answered", keys: null, tookMs: expect.any(Number) };
  expect(await look({ kind: "way", from: "edge-1", to: "mid-tier" })).toMatchObject({
    ...answered,
    status: 200,
  });
  // Unsigned, it is answered as if nothing were there: that is an answer.
  expect(await look({ kind: "way", from: "control-plane", to: "edge-1" })).toMatchObject({
    ...answered,
    status: 404,
  });
  expect(await look({ kind: "way", from: "control-plane", to: "shard-2" })).toEqual({ kind: "unanswered" });
  await expect(look({ kind: "way", from: "edge-2", to: "mid-tier" })).rejects.toThrow("no such place");
});

test("an edge whose clock is a minute wrong takes no signature of this minute", async () => {
  const seen = () => look({ kind: "clock", place: "edge-1" });
  expect(await seen()).toMatchObject({ status: 200 });
  for (wrongBy of [60_000, -60_000]) expect(await seen()).toMatchObject({ kind: "answered", status: 404 });
});
