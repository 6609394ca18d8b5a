// Keeps a child process alive: its own process group, a restart after its death, an orderly end.

import { type ChildProcess, fork } from "node:child_process";

export interface Supervised {
  /** The group's leader; changes with every restart. */
  pid(): number | null;
  /** Resolves when it has said `ready` for the first time; rejects where it dies before. */
  readonly ready: Promise<void>;
  /** To everybody in its group. False where it is down: there was nobody. */
  signal(signal: NodeJS.Signals): boolean;
  /** Killed with its group, and not started again before `release`. Resolves when it is gone. */
  hold(): Promise<void>;
  /** Starts it where it was held. */
  release(): void;
  /** To the process itself; dropped while it is down. Resolves with whether it was handed over, and never rejects. */
  send(message: object): Promise<boolean>;
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
  let held = false;
  const ready = Promise.withResolvers<void>();

  const start = (): void => {
    const started = launch(options);
    child = started;
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
      setTimeout(startWhereDown, options.restartAfterMs);
    });
  };

  const startWhereDown = (): void => {
    if (child === null && !stopping && !held) start();
  };

  start();
  return {
    pid: () => child?.pid ?? null,
    ready: ready.promise,
    signal: (signal) => signalGroup(child?.pid, signal),
    async hold() {
      held = true;
      const running = child;
      if (running === null) return;
      const gone = goneOf(running);
      killGroup(running.pid);
      await gone;
    },
    release() {
      if (!held) return;
      held = false;
      startWhereDown();
    },
    send: (message) => sendTo(child, message),
    async stop() {
      stopping = true;
      const running = child;
      if (running === null) return;
      const gone = goneOf(running);
      running.kill("SIGTERM");
      const timer = setTimeout(() => killGroup(running.pid), STOP_MS);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** In a group of its own, with its configuration as the first message. */
function launch({ module, configuration }: SuperviseOptions): ChildProcess {
  const child = fork(module, [], {
    detached: true,
    execArgv: [
      "--import",
      new URL("../scripts/lua-loader.mjs", import.meta.url).href,
      "--disable-warning=ExperimentalWarning",
    ],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  // Not on the command line, where every user of the machine could read its secrets.
  void sendTo(child, { kind: "configuration", configuration });
  return child;
}

/** To one that has gone, and has not been seen to go, it is an error of the child object's where nobody takes it. */
function sendTo(child: ChildProcess | null, message: object): Promise<boolean> {
  const handedOver = Promise.withResolvers<boolean>();
  if (child === null) handedOver.resolve(false);
  else child.send(message, (error) => handedOver.resolve(error === null));
  return handedOver.promise;
}

const goneOf = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => child.once("exit", () => resolve()));

const killGroup = (pid: number | undefined): boolean => signalGroup(pid, "SIGKILL");

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    // No such group: everybody in it has ended already.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
