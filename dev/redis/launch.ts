// Starts a real redis-server whose acknowledged writes survive a kill, and tells when it answers.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

type LaunchOptions = {
  readonly port: number;
  /** Made if missing; holds the append-only file. */
  readonly dir: string;
  /** Default: the one on PATH. */
  readonly binary?: string;
  /** Every line the server prints. */
  readonly onLine?: (line: string) => void;
};

export type RedisServer = {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly port: number;
  /** Ends it in order, after `STOP_MS` by force. */
  stop(): Promise<void>;
};

const START_MS = 10_000;
const STOP_MS = 5_000;
const POLL_MS = 20;
const PROBE_MS = 500;
/** Several times what classes' budgets, the log and a journal take: whoever fills it all the same is told, and the machine lives. */
const MEMORY = "1gb";

/** Kept to say why it did not start. */
const KEPT_LINES = 5;

export async function launchRedisServer(options: LaunchOptions): Promise<RedisServer> {
  const binary = options.binary ?? findRedisServer();
  if (binary === null) throw new Error("There is no redis-server on PATH");
  mkdirSync(options.dir, { recursive: true });
  const child = spawn(binary, serverArguments(options), { stdio: ["ignore", "pipe", "pipe"] });
  const lines = collectLines(child, options.onLine);
  const failed = startFailure(child, { binary, lines });
  // Should this process end in an orderly way, the server does not outlive it.
  const killOnExit = () => child.kill("SIGKILL");
  process.once("exit", killOnExit);
  child.once("exit", () => process.off("exit", killOnExit));
  const pid = await Promise.race([answers(child, options.port), failed]);
  return { pid, process: child, port: options.port, stop: () => stop(child) };
}

export function findRedisServer(): string | null {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const candidate = join(folder, "redis-server");
    if (folder !== "" && isExecutable(candidate)) return candidate;
  }
  return null;
}

function serverArguments({ port, dir }: LaunchOptions): string[] {
  const settings = {
    port,
    bind: "127.0.0.1",
    dir,
    appendonly: "yes",
    appendfsync: "always",
    save: "",
    maxmemory: MEMORY,
    "maxmemory-policy": "noeviction",
    daemonize: "no",
    logfile: "",
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function collectLines(child: ChildProcess, onLine: LaunchOptions["onLine"]): string[] {
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        onLine?.(line);
        last.push(line);
        if (last.length > KEPT_LINES) last.shift();
      }
    });
  }
  return last;
}

/** Rejects if the process ends or cannot be spawned; never resolves. */
function startFailure(
  child: ChildProcess,
  { binary, lines }: { binary: string; lines: string[] },
): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (cause) => reject(new Error(`Cannot run ${binary}: ${cause.message}`, { cause })));
    // "close" comes after the last line was read, "exit" may come before it.
    child.once("close", (code, signal) => {
      const inUse = lines.some((line) => line.includes("Address already in use"));
      const why = inUse ? "its port is in use" : lines.join("\n");
      reject(new Error(`redis-server ended (${signal ?? code}): ${why}`));
    });
  });
  // Once the server has started, its end is its supervisor's affair.
  failed.catch(() => {});
  return failed;
}

/** The process id, once it is this process that answers on the port. */
async function answers(child: ChildProcess, port: number): Promise<number> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const text = await probe(port);
    if (text.startsWith("+PONG") && text.includes(`process_id:${child.pid}\r\n`)) return child.pid ?? 0;
    await pause(POLL_MS);
  }
  // Where it has ended, why is told first by whoever has read its last line.
  if (child.exitCode !== null) await once(child, "close");
  child.kill("SIGKILL");
  throw new Error(`redis-server did not answer on port ${port} within ${START_MS} ms`);
}

/** What a PING and an INFO bring, or nothing. */
function probe(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ port, host: "127.0.0.1" });
    const end = () => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(PROBE_MS, end).once("error", end).once("close", end);
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
    });
    // QUIT makes the server close the connection when everything is sent.
    socket.write("PING\r\nINFO server\r\nQUIT\r\n");
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(force);
}
