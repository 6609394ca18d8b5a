// The flags of `npm start`: every mistake is one clear line and exit code 2, before anything is started.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, watch, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { holdDataDirectory } from "../../dev/data-directory.ts";
import { readOptions, UsageError } from "../../dev/options.ts";
import { policyRows } from "../../dev/policies.ts";
import { freePort } from "../../dev/ports.ts";

const dir = mkdtempSync(join(tmpdir(), "tidegate-options-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("flags", () => {
  test("what the environment says of alerts and traces is handed on, and nothing else of it", () => {
    const told = {
      ...{ ALERTS: "{}", ALERT_WEBHOOK_URL: "http://hook.test" },
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", OTEL_SERVICE_NAME: "tide" },
    };
    const env = { ...told, RUNBOOK_BASE: "", HOME: "/root" };
    expect(readOptions(["--redis", "embedded"], env)?.handedOn).toEqual(told);
  });

  test("the defaults are those of the documentation", () => {
    expect(readOptions(["--redis", "embedded"], {})).toEqual({
      handedOn: {},
      origin: null,
      edges: 3,
      edgePort: 8787,
      controlPort: 8780,
      redis: { kind: "embedded", databases: 1 },
      token: null,
      data: ".tidegate",
      policies: null,
      push: true,
      protection: { rate: null, burst: null, concurrency: null },
    });
  });

  test.each([
    [["--edges", "0"], /--edges must be a whole number from 1/],
    [["--edges", "three"], /--edges must be a whole number/],
    [["--edge-port", "70000"], /--edge-port must be/],
    [["--control-port", "8788"], /--control-port 8788 lies among the edges' ports/],
    [["--origin", "ftp://x"], /--origin must be an http or https URL/],
    [["--origin", "http://x/path"], /--origin must name a server only/],
    ...["http://u@x", "http://:pw@x", "http://x/#frag", "http://x/#", "http://x/?"].map(
      (origin): [string[], RegExp] => [["--origin", origin], /--origin must name a server only/],
    ),
    [["--origin", "http://127.0.0.1:8789"], /--origin http:\/\/127.0.0.1:8789 is an edge itself/],
    [["--origin", "http://localhost", "--edge-port", "80"], /--origin http:\/\/localhost is an edge itself/],
    [["--origin", "http://0.0.0.0:8787"], /is an edge itself/],
    [["--origin", "http://[::1]:8780"], /--origin http:\/\/\[::1\]:8780 is the control plane itself/],
    ...["--data", "--token", "--origin", "--policies", "--redis", "--private-origins", "--edges"].map(
      (flag): [string[], RegExp] => [[flag, ""], new RegExp(`^${flag} is empty$`)],
    ),
    [["--origin", "nonsense"], /--origin must be an http or https URL/],
    [["--token", "short"], /--token must be 8 to 256/],
    [["--redis", "memcached"], /--redis must be server, embedded/],
    [["--redis", "redis://a,redis://a"], /--redis names a database twice/],
    [["--redis", "redis://a,nonsense"], /--redis must be server, embedded/],
    [["--redis", "redis://"], /--redis must be server, embedded/],
    [["--redis", "redis:///1"], /--redis must be server, embedded/],
    [["--redis", "https://a.test,https://b.test"], /--redis must be server, embedded/],
    [["--redis", "embedded", "--shards", "0"], /--shards must be a whole number from 1/],
    [["--redis", "redis://a", "--shards", "2"], /--shards is for databases that are started here/],
    [["--redis", "https://x.test"], /UPSTASH_REDIS_REST_TOKEN/],
    [["--origin-rate", "0"], /--origin-rate must be a whole number from 1/],
    [["--origin-burst", "5"], /--origin-burst needs --origin-rate/],
    [["--origin-concurrency", "many"], /--origin-concurrency must be/],
    [["--no-such-flag"], /--no-such-flag/],
    [["stray"], /stray/],
    [["--edges"], /--edges/],
  ])("%j is refused", (args, message) => {
    expect(() => readOptions(args, {})).toThrow(UsageError);
    expect(() => readOptions(args, {})).toThrow(message);
  });
});

describe("policies", () => {
  const file = (text: string): string => {
    const path = join(dir, "policies.json");
    writeFileSync(path, text);
    return path;
  };

  test.each([
    ["{", /is not JSON: /],
    ["\ufeff{}", /must be a JSON array/],
    ['{"key_pattern": "/x"}', /must be a JSON array/],
    ['[{"key_pattern": "/(a+)+", "class": "hot"}]', /\/0\/key_pattern .*regular expressions/],
    ['[{"id": "suggestions", "key_pattern": "/x", "class": "hot"}]', /\/0\/id must not be suggestions/],
    ['[{"key_pattern": "/x", "class": "hot", "tags": ["a "]}]', /\/0\/tags\/0 must not begin or end/],
    ['[{"key_pattern": "/x", "class": "hot", "class": "static"}]', /gives \/0\/class twice/],
    ['[{"key_pattern": "/x", "class": "warm"}]', /\/0\/class must be one of/],
    ['[{"key_pattern": "/x", "class": "hot", "ttl": "soon"}]', /\/0\/ttl must be a duration/],
    ['[{"key_pattern": "/x", "class": "hot", "tll": "5s"}]', /tll/],
    [
      '[{"id": "a", "key_pattern": "/x", "class": "hot"}, {"id": "a", "key_pattern": "/y", "class": "hot"}]',
      /\/1\/id repeats "a"/,
    ],
    [
      '[{"key_pattern": "/x", "class": "warm"}, {"key_pattern": "/y", "class": "hot"}, {"key_pattern": "/z"}]',
      /\/0\/class must be one of.*; \/2\/class /,
    ],
  ])("%s is refused by name", (text, message) => {
    expect(() => policyRows(file(text), false)).toThrow(message);
  });

  test("a file that is not there is said", () => {
    expect(() => policyRows(join(dir, "nowhere.json"), false)).toThrow(/ENOENT/);
  });
});

describe("npm start", () => {
  const taken = createServer();
  beforeAll(() => new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve)));
  afterAll(() => taken.close());

  const START = ["--import", "./scripts/lua-loader.mjs", "dev/start.ts"];
  const startAt = (data: string, ...args: string[]) =>
    spawnSync(process.execPath, [...START, "--data", data, ...args], { encoding: "utf8" });
  const start = (...args: string[]) => startAt(join(dir, "data"), ...args);

  test("a bad flag is one line on stderr and exit code 2", () => {
    const run = start("--edges", "none");
    expect([run.status, run.stdout]).toEqual([2, ""]);
    expect(run.stderr.trim().split("\n")).toHaveLength(1);
  });

  test.each([["/proc/nowhere"], ["/dev/null/below"]])(
    "a data directory that can't be made (%s) is said",
    (data) => {
      const run = startAt(data);
      expect(run.status).toBe(2);
      expect(run.stderr).toMatch(new RegExp(`^tidegate: --data ${data}: E[A-Z]+\n$`));
    },
  );

  test("a data directory that another run holds is refused", () => {
    const held = holdDataDirectory(join(dir, "held"));
    const run = startAt(join(dir, "held"), "--edge-port", "18787", "--control-port", "18780");
    expect([run.status, run.stderr]).toEqual([
      2,
      `tidegate: --data ${held.dir} is in use by process ${process.pid}\n`,
    ]);
    held.release();
    expect(() => holdDataDirectory(join(dir, "held")).release()).not.toThrow();
  });

  test("an interrupt of a terminal, which reaches the bundler too, ends it cleanly before it is ready", async () => {
    const stage = join(dir, "interrupted");
    mkdirSync(stage);
    const bundler = join(stage, "bundler.sh");
    writeFileSync(bundler, `#!/bin/sh\n: > '${stage}/runs'\nexec cat > /dev/null\n`, { mode: 0o755 });
    const bundling = new Promise<void>((resolve) => {
      const watcher = watch(stage, (_, name) => {
        if (name !== "runs") return;
        watcher.close();
        resolve();
      });
    });
    const ports = ["--edge-port", String(await freePort()), "--control-port", String(await freePort())];
    const child = spawn(
      process.execPath,
      [...START, "--data", join(stage, "data"), "--redis", "embedded", "--edges", "1", ...ports],
      // A group of its own, as a terminal makes one.
      { detached: true, env: { ...process.env, ESBUILD_BINARY_PATH: bundler } },
    );
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    const ended = once(child, "close");
    await Promise.race([bundling, ended]);
    process.kill(-(child.pid ?? 0), "SIGINT");
    expect([await ended, said]).toEqual([[0, null], ""]);
  }, 60_000);

  test("a port that is taken is named, with its flag", () => {
    const { port } = taken.address() as AddressInfo;
    const run = start("--control-port", String(port));
    expect(run.status).toBe(2);
    expect(run.stderr).toBe(`tidegate: port ${port} (--control-port) is taken\n`);
  });
});
