// Watching requests on the command line, against a scripted control plane: what is asked, shown, and said to be left out.

import { describe, expect, test } from "vitest";
import { createControlClient } from "../../client/control-client.ts";
import { runCli } from "../support/command-line.ts";
import { problem, type Step, scriptedControl } from "../support/scripted-control.ts";

const REQUEST = {
  ...{ at: "2026-01-02T03:04:05.678Z", edge: "edge-1", region: "local", site: "default", method: "GET" },
  ...{
    host: "a.test",
    path: "/p?q",
    status: 200,
    class: "hot",
    policy: "hot",
    result: "miss",
    tier: "origin",
  },
  ...{ cacheStatus: "tidegate-l1; fwd=uri-miss", ms: 12.34, bytes: 2048, why: "nothing was held" },
};
const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const streaming = (text: string): Step => ({
  status: 200,
  text,
  headers: { "content-type": "text/event-stream" },
});
const one = (more: object = {}) => event("request", { ...REQUEST, ...more });
const left = (requests: number | null) =>
  event("dropped", { reason: requests === null ? "lost" : "rate", edge: "edge-1", requests });

describe("tail", () => {
  test("flags become the route's query, those that are repeated by commas", async () => {
    const { fetch, sent } = scriptedControl([streaming(one())]);
    const flags = ["--result", "miss,stale", "--result", "error", "--class", "hot", "--status", "5xx"];
    await runCli(["tail", ...flags, "--path", "/api/*", "--rate", "7", "-n", "1"], { fetch });
    expect(new URL(sent[0]?.url ?? "").searchParams.toString()).toBe(
      "result=miss%2Cstale%2Cerror&class=hot&status=5xx&path=%2Fapi%2F*&rate=7",
    );
  });

  test("a request is a line: when, what it got, from where, and why", async () => {
    const { fetch } = scriptedControl([streaming(`:\n\n${one()}`)]);
    const { stdout, exit } = await runCli(["tail", "-n", "1"], { fetch });
    const line =
      "03:04:05.678  miss       origin   200         12.3      2 KiB  hot         edge-1    GET a.test/p?q  nothing was held\n";
    expect([stdout, exit]).toEqual([line, 0]);
  });

  test("with --json each is one line of JSON, and nothing else is on stdout", async () => {
    const { fetch } = scriptedControl([streaming(left(3) + one() + one({ path: "/2" }))]);
    const ran = await runCli(["tail", "-n", "2", "--json"], { fetch });
    expect(ran.lines.map(({ path }) => path)).toEqual(["/p?q", "/2"]);
  });

  test("what is not shown is said at the end: how many by the rate, and that some were lost", async () => {
    const { fetch } = scriptedControl([streaming(left(1200) + left(34) + left(null) + one())]);
    const { stderr } = await runCli(["tail", "-n", "1"], { fetch });
    expect(stderr).toBe(
      "1 234 requests more were not shown: --rate shows more of them.\nSome were lost on their way here; nobody knows how many.\n",
    );
  });

  test("Ctrl-C ends it with 0", async () => {
    const { fetch } = scriptedControl(["silent"]);
    const ran = await runCli(["tail"], { fetch, onListening: (interrupt) => queueMicrotask(interrupt) });
    expect([ran.exit, ran.stderr]).toEqual([0, ""]);
  });

  test("control characters are shown as what they are", async () => {
    const { fetch } = scriptedControl([streaming(one({ path: "/\u001b[2J" }))]);
    const { stdout } = await runCli(["tail", "-n", "1"], { fetch });
    expect(stdout).toContain("a.test/\\u001b[2J");
  });

  test.each([
    [problem(401, "unauthorized"), 3],
    [problem(400, "invalid-query", { errors: [{ pointer: "/status", message: "must be 404" }] }), 2],
    [problem(409, "conflict"), 5],
    ["refused" as const, 7],
  ])("what can't begin ends with its exit code: %#", async (step, exit) => {
    const ran = await runCli(["tail"], scriptedControl([step]));
    expect(ran.exit).toBe(exit);
  });
});

test("a stream that ends is begun anew, and said to be interrupted", async () => {
  const control = scriptedControl((_, at) =>
    at === 0 ? streaming(one()) : at === 1 ? "refused" : streaming(one({ path: "/2" })),
  );
  const client = createControlClient({
    url: "http://control.test",
    fetch: control.fetch,
    runtime: control.runtime,
  });
  const kinds: string[] = [];
  const read = async (): Promise<void> => {
    for await (const event of client.tail()) {
      kinds.push(event.kind === "request" ? event.request.path : event.kind);
      if (kinds.length === 4) return;
    }
  };
  await control.finish(read());
  expect(kinds).toEqual(["/p?q", "interrupted", "interrupted", "/2"]);
});
