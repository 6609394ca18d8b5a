// Installs the locked packages when node_modules is missing or stale, before an npm script needs them.

import { spawn } from "node:child_process";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { withInstallLock } from "./install-lock.mjs";

const OLDEST_NODE = 20;
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");

// What a user may have set for npm itself; everything else that a surrounding npm script exports would
// change what is installed (omit, global, ignore-scripts, package_lock_only …).
const KEPT_CONFIG =
  /^npm_config_(registry|@.+:registry|cache|cafile|ca|userconfig|globalconfig|proxy|https?_proxy|noproxy|strict_ssl|fetch_.+)$/i;

await main();

async function main() {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    fail(`Tidegate needs Node ${OLDEST_NODE} or newer; this is ${process.version}.`);
  }
  if (isInstalled()) return;
  try {
    await withInstallLock(join(root, ".tidegate", "install"), installUnlessInstalled);
  } catch (error) {
    fail(`bootstrap: ${error instanceof Error ? error.message : error}`);
  }
}

/** True when npm's own record of what it installed, written last, agrees with package-lock.json. */
function isInstalled() {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const present = packagesOf(join(modules, ".package-lock.json"));
  if (wanted === undefined) fail("bootstrap: package-lock.json is missing or unreadable.");
  if (present === undefined || !existsSync(projectNode())) return false;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path !== "" && present[path] === undefined && !entry.optional) return false;
  }
  return Object.entries(present).every(([path, entry]) => sameRelease(wanted[path], entry));
}

function sameRelease(wanted, present) {
  return wanted?.version === present.version && wanted?.integrity === present.integrity;
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** The Node that npm scripts run under once installed: a devDependency whose install script makes it. */
function projectNode() {
  return join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
}

async function installUnlessInstalled() {
  if (isInstalled()) return;
  // `npm ci` empties what the link leads to: another checkout's packages, which agree with another lock file.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new Error(
      "node_modules is a link to packages that package-lock.json doesn't agree with; remove the link.",
    );
  }
  console.error("bootstrap: installing packages with npm ci (about a minute) …");
  const { command, args, shell } = npm();
  const child = spawn(
    command,
    [...args, "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: root,
      env: cleanEnvironment(),
      shell,
      // npm's own chatter goes to stderr, so that a caller's stdout stays the script's.
      stdio: ["ignore", process.stderr, process.stderr],
    },
  );
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  const code = await new Promise((done, reject) => {
    child.once("error", (error) => reject(new Error(`npm could not be started: ${error.message}`)));
    child.once("close", (exit, signal) => done(signal ?? exit));
  });
  if (code !== 0) throw new Error(`npm ci failed (${code}); what it said is above.`);
  if (!isInstalled()) {
    throw new Error("npm ci left packages out; is ignore-scripts or omit set in an .npmrc?");
  }
}

/** The npm that runs us, under a Node outside node_modules: npm ci deletes the one inside. */
function npm() {
  const cli = process.env.npm_execpath ?? "";
  const node = [process.env.npm_node_execpath, process.execPath, ...nodesOnPath()].find(
    (path) => path !== undefined && !isInside(modules, path) && existsSync(path),
  );
  if (node !== undefined && /npm-cli\.c?js$/.test(cli) && !isInside(modules, cli)) {
    return { command: node, args: [cli], shell: false };
  }
  return { command: "npm", args: [], shell: process.platform === "win32" };
}

function nodesOnPath() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  return cleanPath().map((folder) => join(folder, name));
}

function cleanPath() {
  const folders = (process.env.PATH ?? process.env.Path ?? "").split(delimiter);
  return folders.filter((folder) => folder !== "" && !isInside(modules, resolve(folder)));
}

function isInside(folder, path) {
  return path === folder || path.startsWith(folder + sep);
}

function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => isKept(name));
  const pathName = kept.find(([name]) => name.toUpperCase() === "PATH")?.[0] ?? "PATH";
  return { ...Object.fromEntries(kept), [pathName]: cleanPath().join(delimiter) };
}

function isKept(name) {
  if (/^npm_config_/i.test(name)) return KEPT_CONFIG.test(name);
  // Lower case only: npm exports npm_package_* and npm_lifecycle_*, people name secrets NPM_TOKEN.
  return !name.startsWith("npm_") && name !== "INIT_CWD" && name !== "NODE_ENV";
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
