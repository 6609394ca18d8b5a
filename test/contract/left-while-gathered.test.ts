// In the real runtime: what one request sends for several reaches them, though its client has left meanwhile.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { bundleWorker } from "../../dev/bundle.ts";
import { freePort } from "../../dev/ports.ts";
import { type Supervised, supervise } from "../../dev/supervise.ts";
import type { WorkerProcessConfig } from "../../dev/worker-process.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "tidegate-gathered-"));
/** Calls that wait for their answer, by what they ask. */
const held = new Map<string, ServerResponse>();
const database = createServer((request, response) => void held.set(request.url ?? "", response));
let worker: Supervised;
let base: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => database.listen(0, "127.0.0.1", resolve));
  const port = await freePort();
  const scriptPath = join(dir, "gathering.js");
  writeFileSync(scriptPath, await bundleWorker(here("../support/gathering-worker.ts")));
  const configuration: WorkerProcessConfig = {
    ...{ name: "gathering", port, scriptPath, bindings: {}, cacheDir: null, scratchDir: null },
    origin: { address: `127.0.0.1:${(database.address() as AddressInfo).port}` },
    durableObjects: null,
  };
  const module = here("../../dev/worker-process.ts");
  worker = supervise({ name: "gathering", module, configuration, restartAfterMs: 1000 });
  base = `http://127.0.0.1:${port}`;
  await worker.ready;
});

afterAll(async () => {
  await worker.stop();
  database.close();
  rmSync(dir, { recursive: true, force: true });
});

const ask = async (name: string): Promise<string> => {
  const response = await fetch(`${base}/${name}`);
  return `${response.status} ${await response.text()}`;
};

/** By a reset: a connection whose client has only said that it will send no more is not known to be gone. */
function askAndLeave(name: string): { readonly leave: () => Promise<void> } {
  const sent = request(`${base}/${name}`);
  const closed = new Promise<void>((resolve) => sent.once("close", () => resolve()));
  sent.once("error", () => undefined);
  sent.end();
  return {
    leave() {
      sent.socket?.resetAndDestroy();
      return closed;
    },
  };
}

const callOf = (path: string): Promise<ServerResponse> =>
  vi.waitUntil(() => held.get(path), { timeout: 5000, interval: 10 });

test("whoever has joined a call has his answer, though the client of whoever sends it has left", async () => {
  const first = ask("first");
  const underWay = await callOf("/first");
  const sender = askAndLeave("sender");
  await vi.waitUntil(async () => (await ask("come")) === "200 2", { timeout: 5000, interval: 10 });
  const joined = [ask("one"), ask("two")];
  const shared = await vi.waitUntil(() => [...held].find(([path]) => path.startsWith("/sender")), {
    timeout: 5000,
    interval: 10,
  });
  expect(shared[0].split(",").sort()).toEqual(["/sender", "one", "two"]);
  await sender.leave();
  // By then the runtime has heard of it.
  for (let times = 0; times < 5; times++) await ask("come");
  shared[1].end("told");
  expect(await Promise.all(joined)).toEqual(["200 told one", "200 told two"]);
  underWay.end("told");
  expect(await first).toBe("200 told first");
});
