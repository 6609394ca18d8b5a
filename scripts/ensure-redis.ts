// Makes sure that a real redis-server is on PATH, installing the system's package where that is allowed.

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Either how to install it, or what to tell the person who has to. */
type RedisPlan =
  | { kind: "install"; commands: readonly (readonly [string, ...string[]])[] }
  | { kind: "refuse"; message: string };

/** The first redis-server on PATH, installed if need be; throws an Error whose message is for the user. */
export function ensureRedis(): string {
  const present = onPath("redis-server");
  if (present !== undefined) return present;
  const plan = planRedis((program) => onPath(program) !== undefined, process.getuid?.() === 0);
  if (plan.kind === "refuse") throw new Error(plan.message);
  console.log("test: no redis-server on PATH, installing the system's package …");
  for (const [program, ...args] of plan.commands) run(program, args);
  const installed = onPath("redis-server");
  if (installed === undefined)
    throw new Error("test: the package was installed, but no redis-server is on PATH.");
  return installed;
}

/** Which package manager does it; Homebrew refuses root, the others need it. */
function planRedis(has: (program: string) => boolean, isRoot: boolean): RedisPlan {
  if (has("brew") && !isRoot) return { kind: "install", commands: [["brew", "install", "redis"]] };
  const system: [string, (readonly [string, ...string[]])[]][] = [
    [
      "apt-get",
      [
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "redis-server"],
      ],
    ],
    ["apk", [["apk", "add", "--no-cache", "redis"]]],
    ["dnf", [["dnf", "install", "-y", "redis"]]],
  ];
  const found = system.find(([manager]) => has(manager));
  if (found !== undefined && isRoot) return { kind: "install", commands: found[1] };
  const by = found === undefined ? "" : `: sudo ${found[1].at(-1)?.join(" ")}`;
  return {
    kind: "refuse",
    message: `test: the tests need redis-server on PATH; install it${by}, or leave its tests out: npm test -- --without redis`,
  };
}

function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function run(program: string, args: readonly string[]): void {
  // Runlevel 1 keeps the package from starting a service of its own: the tests start servers themselves.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const { status, error } = spawnSync(program, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) {
    const cause = error?.message ?? `exit ${status}`;
    throw new Error(`test: ${[program, ...args].join(" ")} failed (${cause}).`);
  }
}
