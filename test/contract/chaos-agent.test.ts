// The agent's routes: for those who hold the key alone, one experiment at a time, and an abort switch that heals.

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Runs } from "../../chaos/agent/runs.ts";
import { startAgentServer } from "../../chaos/agent/server.ts";
import { signedCall } from "../../chaos/signed-call.ts";
import { systemDigest, systemRandom } from "../../shared/runtime/system.ts";
import { CHAOS_AGENT_PATH, type ChaosReport } from "../../shared/wire/chaos.ts";
import { SIGNATURE_HEADER, signRequest } from "../../shared/wire/signature.ts";
import { ChaosBench } from "../support/chaos-bench.ts";

const KEY = "the-cluster-key";
const ORDER = { id: "one", experiment: "kill-shard", target: "shard-2", durationMs: 12_000, seed: 1 };

let bench: ChaosBench;
let runs: Runs;
let reported: ChaosReport[];
let server: Server;
let url: string;
/** Experiments stand still until it is called. */
let goOn: () => void;

beforeEach(async () => {
  bench = new ChaosBench();
  reported = [];
  const gate = Promise.withResolvers<void>();
  goOn = gate.resolve;
  const pass = bench.ports.sleep;
  const experiment: typeof bench.ports = {
    ...bench.ports,
    sleep: async (ms, signal) => {
      const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      if (!signal.aborted) await Promise.race([gate.promise, ended]);
      return pass(ms, signal);
    },
  };
  runs = new Runs({
    wall: () => bench.now,
    report: async (report) => void reported.push(report),
    experiment,
  });
  server = await startAgentServer({ port: 0, clusterKey: KEY, runs });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  goOn();
  await runs.ended();
  server.closeAllConnections();
  server.close();
});

async function call(method: "GET" | "POST" | "DELETE", path: string, body?: object, key = KEY) {
  const { status, text } = await signedCall(url + path, {
    ...{ key, method },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status, json: text === "" ? null : JSON.parse(text) };
}

const order = (more: object = {}) => call("POST", CHAOS_AGENT_PATH, { ...ORDER, ...more });

async function refusedWith(signature: string): Promise<readonly [number, unknown]> {
  const refused = await fetch(`${url}${CHAOS_AGENT_PATH}/one`, {
    headers: { [SIGNATURE_HEADER]: signature },
  });
  return [refused.status, await refused.json()];
}

describe("whoever does not hold the key", () => {
  test.each<[string, "GET" | "POST" | "DELETE", string]>([
    ["an order", "POST", CHAOS_AGENT_PATH],
    ["a report", "GET", `${CHAOS_AGENT_PATH}/one`],
    ["an end", "DELETE", `${CHAOS_AGENT_PATH}/one`],
  ])(
    "is told that his key is another, and without any not even that %s can be had",
    async (_what, method, path) => {
      await order();
      const body = method === "POST" ? { ...ORDER, id: "two" } : undefined;
      const refused = await call(method, path, body, "another-key");
      expect(refused).toMatchObject({ status: 401, json: { error: "wrong-signature" } });
      expect(Object.keys(refused.json)).toEqual(["error", "problem"]);
      const unsigned = await fetch(url + path, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      expect([unsigned.status, await unsigned.text()]).toEqual([404, ""]);
      expect(runs.report("two")).toBeNull();
      expect(runs.report("one")?.state).toBe("running");
    },
  );

  test("can't send a heard order again", async () => {
    const caught: string[] = [];
    server.prependListener("request", (request) => {
      caught.push(String(request.headers[SIGNATURE_HEADER]));
    });
    await order();
    const again = await fetch(url + CHAOS_AGENT_PATH, {
      method: "POST",
      headers: { [SIGNATURE_HEADER]: caught[0] ?? "" },
      body: JSON.stringify(ORDER),
    });
    expect([again.status, await again.json()]).toMatchObject([401, { error: "repeated-request" }]);
  });

  test.each([
    ["wrong-signature", `t=${Date.now()},n=nonce-nonce,v=${"0".repeat(64)}`],
    ["wrong-signature", `t=${Date.now() - 60_000},n=nonce-nonce,v=${"0".repeat(64)}`],
    ["malformed-signature", "let me in"],
  ])("is refused with %s by %s", async (error, signature) => {
    expect(await refusedWith(signature)).toMatchObject([401, { error }]);
  });

  test.each([-60_000, 60_000])(
    "is told that a message of %i ms from now is stale only with the key",
    async (ms) => {
      const message = { method: "GET", path: `${CHAOS_AGENT_PATH}/one`, body: "" };
      const by = { digest: systemDigest, random: systemRandom, nowWall: Date.now() + ms };
      for (const [key, error] of [
        [KEY, "stale-signature"],
        ["another", "wrong-signature"],
      ] as const)
        expect(await refusedWith(await signRequest(message, { ...by, key }))).toMatchObject([401, { error }]);
    },
  );

  test("sends no order that is too long to be one", async () => {
    const long = await call("POST", CHAOS_AGENT_PATH, { ...ORDER, reason: "x".repeat(20_000) });
    expect(long).toMatchObject({ status: 413, json: { error: "too-long" } });
  });
});

describe("orders", () => {
  test("one at a time: a second one is told who runs", async () => {
    expect(await order()).toMatchObject({ status: 200, json: { state: "running", target: "shard-2" } });
    expect(await order({ id: "two" })).toEqual({ status: 409, json: { problem: "one is running" } });
  });

  test("sent again they are the same one", async () => {
    await order();
    expect(await order()).toMatchObject({ status: 200, json: { id: "one", state: "running" } });
  });

  test("when one is over, the next one may be run", async () => {
    await order();
    goOn();
    await runs.ended();
    expect(await order({ id: "two" })).toMatchObject({ status: 200, json: { id: "two" } });
  });

  test.each<[string, object]>([
    ["what is no experiment", { experiment: "drop-tables" }],
    ["longer than five minutes", { durationMs: 300_001 }],
    ["too short to see anything", { durationMs: 500 }],
    ["a place that there isn't", { target: "shard-9" }],
    ["a direction without a partition", { arrives: "requests" }],
    ["a seed that is none", { seed: -1 }],
    ["no name", { id: "" }],
  ])("refused: %s", async (_what, more) => {
    expect(await order(more)).toMatchObject({ status: 400, json: { problem: expect.any(String) } });
    expect(bench.pulled).toEqual([]);
  });
});

test("a report is handed over when it is final, once", async () => {
  await order();
  expect(reported).toEqual([]);
  goOn();
  await runs.ended();
  expect(reported.map(({ id, state, phase }) => ({ id, state, phase }))).toEqual([
    { id: "one", state: "passed", phase: "over" },
  ]);
  expect(await call("GET", `${CHAOS_AGENT_PATH}/one`)).toMatchObject({
    status: 200,
    json: { state: "passed" },
  });
});

describe("the abort switch", () => {
  test("heals before it answers, and the report says that it was ended early", async () => {
    await order();
    await bench.ports.pull({ kind: "hold", place: "shard-2" });
    expect(bench.broken.size).toBe(1);
    const { json } = await call("DELETE", `${CHAOS_AGENT_PATH}/one`);
    expect([...bench.broken]).toEqual([]);
    expect(json).toMatchObject({ state: "aborted", problem: "it was ended early" });
    await runs.ended();
    expect(reported[0]).toMatchObject({ state: "aborted", phase: "over" });
  });

  test("changes nothing about what is over", async () => {
    await order();
    goOn();
    await runs.ended();
    expect(await call("DELETE", `${CHAOS_AGENT_PATH}/one`)).toMatchObject({ json: { state: "passed" } });
  });

  test("of what was never ordered there is none", async () => {
    expect(await call("DELETE", `${CHAOS_AGENT_PATH}/nine`)).toMatchObject({ status: 404 });
  });
});
