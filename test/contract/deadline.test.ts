// Deadlines of calls: on time, and where the process itself was held up, so that what has come by then is read first.

import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { millis } from "../../shared/core/units.ts";
import { upstashRedis } from "../../shared/mid-tier/upstash.ts";
import { atDeadline } from "../../shared/runtime/deadline.ts";
import { runtimeHttp } from "../../shared/runtime/http.ts";

const SOON = millis(100);
/** Until then a request has been read, on a busy machine too. */
const IN_TIME = millis(1000);

describe("a timer", () => {
  const over = vi.fn();
  /** How much later than due timers fire. */
  let late = 0;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    over.mockReset();
    late = 0;
    const { now } = performance;
    vi.spyOn(performance, "now").mockImplementation(() => now.call(performance) + late);
  });
  afterEach(() => vi.useRealTimers());

  test("that fires on time is the deadline", () => {
    atDeadline(SOON, over);
    vi.advanceTimersByTime(SOON - 1);
    expect(over).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(over).toHaveBeenCalledOnce();
  });

  test("that fires late leaves a moment for what has come, and no more than that", () => {
    atDeadline(SOON, over);
    late = 1500;
    vi.advanceTimersByTime(SOON);
    expect(over).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(over).toHaveBeenCalledOnce();
  });

  test.each([0, 1500])("is stopped before its deadline, and behind it where it is %d ms late", (held) => {
    const stop = atDeadline(SOON, over);
    late = held;
    vi.advanceTimersByTime(held === 0 ? SOON - 1 : SOON);
    stop();
    vi.advanceTimersByTime(10_000);
    expect(over).not.toHaveBeenCalled();
  });
});

/** A server in a thread of its own, which answers when this one is held up, and tells by the numbers that both share. */
const SERVER = `
  const { workerData, parentPort } = require("node:worker_threads");
  const told = new Int32Array(workerData);
  const server = require("node:http").createServer((request, response) => {
    request.resume().on("end", () => {
      Atomics.store(told, 0, 1);
      Atomics.wait(told, 1, 0);
      response.end('[{"result":"PONG"}]', () => {
        Atomics.store(told, 2, 1);
        Atomics.notify(told, 2);
      });
    });
  }).listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

describe("a process that is held up until long after a reply has come", () => {
  const told = new Int32Array(new SharedArrayBuffer(12));
  let server: Worker;
  let url: string;

  beforeEach(async () => {
    told.fill(0);
    server = new Worker(SERVER, { eval: true, workerData: told.buffer });
    const port = await new Promise((resolve) => server.once("message", resolve));
    url = `http://127.0.0.1:${port}`;
  });
  afterEach(() => server.terminate());

  /** As by a long computation: from when the request has been read until some time after the answer has been sent. */
  async function heldUp(): Promise<void> {
    while (Atomics.load(told, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    Atomics.store(told, 1, 1);
    Atomics.notify(told, 1);
    Atomics.wait(told, 2, 0);
    Atomics.wait(told, 2, 1, 1.5 * IN_TIME);
  }

  test.for(["aborted", "given up"] as const)("reads it: a call to Redis that would be %s", async (late) => {
    const call = upstashRedis({ url, token: "t", late }).run([["PING"]], IN_TIME);
    await heldUp();
    expect(await call).toEqual({ kind: "replies", replies: [{ kind: "reply", reply: "PONG" }] });
  });

  test("reads it: a call inside the cluster", async () => {
    const call = runtimeHttp.send({ method: "POST", url, headers: {}, body: "" }, IN_TIME);
    await heldUp();
    expect(await call).toMatchObject({ kind: "answer", status: 200 });
  });
});
