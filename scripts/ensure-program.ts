// Makes sure that a program is on PATH, installing the system's package where that is allowed.

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

type Command = readonly [string, ...string[]];

export interface Wanted {
  /** Any of these will do. */
  readonly programs: readonly [string, ...string[]];
  /** By package manager, what it is called there. */
  readonly packages: Readonly<Partial<Record<"brew" | "apt-get" | "apk" | "dnf", string>>>;
  /** What `npm test -- --without NAME` leaves out where it is missing. */
  readonly without: string;
}

/** Either how to install it, or what to tell the person who has to. */
type Plan = { kind: "install"; commands: readonly Command[] } | { kind: "refuse"; message: string };

/** The first one on PATH, installed if need be; throws an Error whose message is for the user. */
export function ensureProgram(wanted: Wanted): string {
  const present = found(wanted);
  if (present !== undefined) return present;
  const [name] = wanted.programs;
  const plan = planFor(wanted, process.getuid?.() === 0);
  if (plan.kind === "refuse") throw new Error(plan.message);
  console.log(`test: no ${name} on PATH, installing the system's package …`);
  for (const command of plan.commands) run(command);
  const installed = found(wanted);
  if (installed === undefined) throw new Error(`test: the package was installed, but no ${name} is on PATH.`);
  return installed;
}

const found = ({ programs }: Wanted): string | undefined =>
  programs.map(onPath).find((path) => path !== undefined);

/** Which package manager does it; Homebrew refuses root, the others need it. */
function planFor({ programs, packages, without }: Wanted, isRoot: boolean): Plan {
  const has = (manager: keyof Wanted["packages"]): boolean =>
    packages[manager] !== undefined && onPath(manager) !== undefined;
  if (has("brew") && !isRoot)
    return { kind: "install", commands: [["brew", "install", packages.brew ?? ""]] };
  const system: [keyof Wanted["packages"], readonly Command[]][] = [
    [
      "apt-get",
      [
        ["apt-get", "update"],
        ["apt-get", "install", "-y", packages["apt-get"] ?? ""],
      ],
    ],
    ["apk", [["apk", "add", "--no-cache", packages.apk ?? ""]]],
    ["dnf", [["dnf", "install", "-y", packages.dnf ?? ""]]],
  ];
  const way = system.find(([manager]) => has(manager));
  if (way !== undefined && isRoot) return { kind: "install", commands: way[1] };
  const by = way === undefined ? "" : `: sudo ${way[1].at(-1)?.join(" ")}`;
  return {
    kind: "refuse",
    message: `test: the tests need ${programs.join(" or ")} on PATH; install it${by}, or leave its tests out: npm test -- --without ${without}`,
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

function run([program, ...args]: Command): void {
  // Runlevel 1 keeps a package from starting a service of its own: the tests start servers themselves.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const { status, error } = spawnSync(program, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) {
    const cause = error?.message ?? `exit ${status}`;
    throw new Error(`test: ${[program, ...args].join(" ")} failed (${cause}).`);
  }
}
