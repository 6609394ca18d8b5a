// Calls inside the cluster over a real connection.

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import { runtimeHttp } from "../../shared/runtime/http.ts";

let answer: (response: ServerResponse) => void;
let url: string;
const server = createServer((_, response) => answer(response));

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const call = (deadline = 5000) =>
  runtimeHttp.send({ method: "GET", url, headers: {}, body: null }, millis(deadline));

test("a text comes whole, whatever it was cut into", async () => {
  const bytes = Buffer.from("äöü");
  answer = (response) => {
    response.write(bytes.subarray(0, 3));
    setImmediate(() => response.end(bytes.subarray(3)));
  };
  expect(await call()).toMatchObject({ kind: "answer", status: 200, text: "äöü" });
});

test("an answer without an end is given up, not kept", async () => {
  const piece = Buffer.alloc(1024 * 1024, "x");
  let closed: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    closed = resolve;
  });
  answer = (response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once("drain", more);
    };
    response.once("close", closed);
    more();
  };
  expect(await call()).toEqual({ kind: "unreachable", reason: "too-large" });
  await gone;
});

test("a redirect is an answer like any other, and followed by nobody", async () => {
  answer = (response) => response.writeHead(302, { location: "/elsewhere" }).end();
  expect(await call()).toMatchObject({ kind: "answer", status: 302 });
});

test("silence ends with the deadline", async () => {
  answer = () => undefined;
  expect(await call(50)).toEqual({ kind: "unreachable", reason: "timeout" });
});
