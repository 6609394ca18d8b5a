// `npm start -- --chaos` killed outright while a database is paused: nobody that it has started outlives it.

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { signedCall } from "../../chaos/signed-call.ts";
import { freePort } from "../../dev/ports.ts";
import { keptSecret } from "../../dev/secrets.ts";
import { CHAOS_AGENT_PATH, type ChaosOrder } from "../../shared/wire/chaos.ts";
import { until } from "../support/http.ts";

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly name: string;
  /** `T` is stopped, `Z` has ended. */
  readonly state: string;
}

/** Everybody on this machine, as the kernel tells it. */
const everybody = (): Running[] =>
  readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const [, name = "", rest = ""] =
        /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${entry}/stat`, "utf8")) ?? [];
      const [state = "", parent, group] = rest.split(" ");
      return [{ pid: Number(entry), parent: Number(parent), group: Number(group), name, state }];
    } catch {
      // Gone between the two looks.
      return [];
    }
  });

function startedBy(root: number): Running[] {
  const all = everybody();
  const found = all.filter(({ pid }) => pid === root);
  // Grows while it is walked: children come behind their parents.
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid));
  return found;
}

const alive = (pids: ReadonlySet<number>): Running[] =>
  everybody().filter(({ pid, state }) => pids.has(pid) && state !== "Z");

async function startChaos(data: string) {
  const [edgePort, controlPort] = [await freePort(), await freePort()];
  const flags = ["--chaos", "--edges", "1", "--shards", "2", "--redis", "server", "--data", data];
  const ports = ["--edge-port", String(edgePort), "--control-port", String(controlPort)];
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const args = ["--import", "./scripts/lua-loader.mjs", "dev/start.ts", ...flags, ...ports];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  await until(
    () => said,
    (text) => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${text}`);
      return /^ready$/m.test(text);
    },
    { withinMs: 60_000 },
  );
  return { pid: child.pid ?? 0, agent: /^chaos agent +(\S+)$/m.exec(said)?.[1] ?? "" };
}

test("the pause ends with its starter, and the database with the pause", async () => {
  const data = mkdtempSync(join(tmpdir(), "tidegate-test-"));
  const started = await startChaos(data);
  const pids = new Set(startedBy(started.pid).map(({ pid }) => pid));
  try {
    const order: ChaosOrder = {
      ...{ id: "one", experiment: "pause-shard", target: "shard-2", durationMs: 60_000, seed: 1 },
    };
    const key = keptSecret(data, "cluster-key");
    const body = JSON.stringify(order);
    const url = started.agent + CHAOS_AGENT_PATH;
    expect(await signedCall(url, { key, method: "POST", body })).toMatchObject({ status: 200 });
    // The database and its keeper: each of a group that is stopped stops by itself, one before the other.
    const stopped = await until(
      async () => alive(pids).filter(({ state }) => state === "T"),
      (found) => found.length >= 2,
      { withinMs: 60_000 },
    );
    expect(stopped.map(({ name }) => name)).toContain("redis-server");

    process.kill(started.pid, "SIGKILL");
    const left = await until(
      async () => alive(pids),
      (found) => found.length === 0,
      { withinMs: 15_000 },
    );
    expect(left).toEqual([]);
  } finally {
    for (const { pid } of alive(pids)) process.kill(pid, "SIGKILL");
    rmSync(data, { recursive: true, force: true });
  }
}, 150_000);
