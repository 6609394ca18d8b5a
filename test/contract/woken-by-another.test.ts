// Requests that are woken by another request go on as themselves, also once the runtime has optimized their waiting.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { bundleWorker } from "../../dev/bundle.ts";
import { freePort } from "../../dev/ports.ts";
import { type Supervised, supervise } from "../../dev/supervise.ts";
import type { WorkerProcessConfig } from "../../dev/worker-process.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "tidegate-woken-"));
let origin: Server;
let worker: Supervised;
let base: string;

beforeAll(async () => {
  origin = createServer((_request, response) => response.end("an answer of the origin"));
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const port = await freePort();
  const scriptPath = join(dir, "woken.js");
  writeFileSync(scriptPath, await bundleWorker(here("../support/woken-worker.ts")));
  const configuration: WorkerProcessConfig = {
    name: "woken",
    port,
    scriptPath,
    bindings: {},
    origin: { address: `127.0.0.1:${(origin.address() as AddressInfo).port}` },
    cacheDir: null,
    scratchDir: null,
    durableObjects: null,
  };
  const module = here("../../dev/worker-process.ts");
  worker = supervise({ name: "woken", module, configuration, restartAfterMs: 1000 });
  base = `http://127.0.0.1:${port}`;
  await worker.ready;
});

afterAll(async () => {
  await worker.stop();
  origin.close();
  rmSync(dir, { recursive: true, force: true });
});

const ask = async (path: string): Promise<string> => {
  const response = await fetch(`${base}/${path}`);
  return `${response.status} ${await response.text()}`;
};

const WAITERS = 5;

/** What so many requests get that one more wakes, when their way of waiting has been optimized. */
async function answersOf(means: string): Promise<string[]> {
  for (let round = 0; round < 3; round++) await ask(`optimize/${means}`);
  const answers = Array.from({ length: WAITERS }, () => ask(`wait/${means}`));
  await vi.waitUntil(async () => (await ask(`waiting/${means}`)) === `200 ${WAITERS}`, { timeout: 5000 });
  await ask(`wake/${means}`);
  return Promise.all(answers);
}

const WELL = Array.from({ length: WAITERS }, () => "200 an answer of the origin");

test.each(["ending", "flight", "call"])(
  "whoever waits by a %s gets an answer that is its own",
  async (means) => {
    expect(await answersOf(means)).toEqual(WELL);
  },
);

// Where this holds no more, the rule against it has lost its reason (docs/adr/0025).
test("whoever waits by a promise made in place does not", async () => {
  const differs = async () => !isDeepStrictEqual(await answersOf("constructor"), WELL);
  await vi.waitUntil(differs, { timeout: 15_000, interval: 0 });
});
