// The client that counts what a server takes: it asks until its time is over, and says where a server does not answer.

import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { load } from "../../bench/http-load.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function loadOn(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return load({ port, path: "/", connections: 2, durationMs: 20 });
}

test("every request is counted, with what it took", async () => {
  let asked = 0;
  const { requests, latencies } = await loadOn((_request, response) => {
    asked += 1;
    response.setHeader("content-length", 2).end("ok");
  });
  expect(requests).toBe(asked);
  expect(latencies).toHaveLength(asked);
  expect(asked).toBeGreaterThanOrEqual(2);
});

test.each<[string, RequestListener, RegExp]>([
  ["hangs up without an answer", (request) => void request.socket.end(), /hung up/],
  ["breaks off", (_request, response) => void response.destroy(), /hung up|ECONNRESET/],
  ["fails", (_request, response) => void response.writeHead(503).end(), /503/],
  ["does not say how long its answer is", (_request, response) => void response.end(), /Content-Length/],
])("a server that %s ends it", async (_what, answer, problem) => {
  const chunked: RequestListener = (request, response) => {
    response.removeHeader("content-length");
    response.flushHeaders();
    answer(request, response);
  };
  const listener = String(problem).includes("Content-Length") ? chunked : answer;
  await expect(loadOn(listener)).rejects.toThrow(problem);
});
