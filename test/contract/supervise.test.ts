// What is sent to a child process that has just gone is dropped: whoever supervises it goes on.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { supervise } from "../../dev/supervise.ts";

/** Says that it is ready, hangs up, and only then asks where it was told to. */
const CHILD = `
process.once("message", async ({ configuration }) => {
  process.send({ kind: "ready" });
  setTimeout(() => process.disconnect(), 0);
  process.once("disconnect", () => fetch(configuration.url));
  setInterval(() => undefined, 1000);
});
`;

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

test("a message to a child that has hung up is dropped", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-supervise-"));
  stops.push(() => rmSync(dir, { recursive: true, force: true }));
  const module = join(dir, "child.mjs");
  writeFileSync(module, CHILD);
  const hungUp = Promise.withResolvers<void>();
  const server = createServer((_request, response) => {
    response.end();
    hungUp.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close());
  const configuration = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const child = supervise({ name: "child", module, configuration, restartAfterMs: 1000 });
  stops.push(() => child.stop());
  await child.ready;
  await hungUp.promise;
  const thrown: unknown[] = [];
  const note = (error: unknown): void => void thrown.push(error);
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", note);
  const handedOver = [child.send({ kind: "anything" }), child.send({ kind: "anything" })];
  expect(await Promise.all(handedOver)).toEqual([false, false]);
  // What a stream could not take it says in a later turn: the server has answered once more by then.
  for (let turn = 0; turn < 3; turn++) await (await fetch(configuration.url)).text();
  process.off("uncaughtException", note);
  for (const other of others) process.on("uncaughtException", other);
  expect(thrown).toEqual([]);
  expect(child.pid()).not.toBeNull();
});

test("a signal to a child that is not there is told to be none", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-supervise-"));
  stops.push(() => rmSync(dir, { recursive: true, force: true }));
  const module = join(dir, "child.mjs");
  writeFileSync(module, 'process.send({ kind: "ready" }); setInterval(() => undefined, 1000);');
  const child = supervise({ name: "child", module, configuration: {}, restartAfterMs: 1000 });
  stops.push(() => child.stop());
  await child.ready;
  expect(child.signal("SIGCONT")).toBe(true);
  await child.hold();
  expect(child.signal("SIGKILL")).toBe(false);
});
