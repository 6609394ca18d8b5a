// Keeps a child process alive: its own process group, a restart after its death, an orderly end.

import { type ChildProcess, fork } from "node:child_process";

export interface Supervised {
  /** The group's leader; changes with every restart. */
  pid(): number | null;
  /** Resolves when it has said `ready` for the first time; rejects where it dies before. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  readonly name: string;
  readonly module: string;
  /** What the process is sent as its first message; may hold secrets. */
  readonly configuration: unknown;
  readonly restartAfterMs: number;
  /** Told of every message, and of `ready` after every restart. */
  readonly onMessage?: (message: { kind: string; [field: string]: unknown }) => void;
  readonly onExit?: () => void;
}

const STOP_MS = 5000;

export function supervise(options: SuperviseOptions): Supervised {
  let child: ChildProcess | null = null;
  let stopping = false;
  const ready = Promise.withResolvers<void>();

  const start = (): void => {
    const started = fork(options.module, [], {
      detached: true,
      execArgv: [
        "--import",
        new URL("../scripts/lua-loader.mjs", import.meta.url).href,
        "--disable-warning=ExperimentalWarning",
      ],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child = started;
    // Not on the command line, where every user of the machine could read its secrets.
    started.send({ kind: "configuration", configuration: options.configuration });
    started.on("message", (message: { kind: string }) => {
      if (message.kind === "ready") ready.resolve();
      options.onMessage?.(message);
    });
    started.once("exit", () => {
      // What the leader left behind in its group (a workerd, say) would go on serving on its port.
      killGroup(started.pid);
      child = null;
      ready.reject(new Error(`${options.name} did not start`));
      if (stopping) return;
      options.onExit?.();
      setTimeout(() => {
        if (!stopping) start();
      }, options.restartAfterMs);
    });
  };

  start();
  return {
    pid: () => child?.pid ?? null,
    ready: ready.promise,
    async stop() {
      stopping = true;
      const running = child;
      if (running === null) return;
      const gone = new Promise<void>((resolve) => running.once("exit", () => resolve()));
      running.kill("SIGTERM");
      const timer = setTimeout(() => killGroup(running.pid), STOP_MS);
      await gone;
      clearTimeout(timer);
    },
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // No such group: everybody in it has ended already.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
