// The command line run in this process: its arguments, an answering control plane, and whoever sits before it.

import { run } from "../../cli/run.ts";
import type { Fetch } from "../../client/runtime.ts";

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Of `--json`. */
  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes are looked into.
  readonly json: any;
  /** Of `tail --json`. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly lines: readonly any[];
  readonly asked: readonly string[];
}

export interface Seat {
  readonly fetch?: Fetch;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Files that others may read. */
  readonly open?: readonly string[];
  /** A terminal on all three streams, and what is typed at each question. */
  readonly terminal?: { readonly typed?: readonly string[] };
  /** Handed the action of Ctrl-C as soon as somebody listens to it. */
  readonly onListening?: (interrupt: () => void) => void;
}

const URL_BASE = "http://control.test";

export async function runCli(args: readonly string[], seat: Seat = {}): Promise<Ran> {
  const { fetch, files = {}, terminal } = seat;
  const said = { stdout: "", stderr: "" };
  const asked: string[] = [];
  const sink = (name: "stdout" | "stderr") => ({
    write: (text: string) => {
      said[name] += text;
    },
    isTerminal: terminal !== undefined,
    columns: 100,
  });
  const exit = await run(args, {
    env: { TIDEGATE_URL: URL_BASE, TIDEGATE_TOKEN: "secret", ...seat.env },
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    ask:
      terminal === undefined
        ? null
        : async (question) => {
            asked.push(question);
            return terminal.typed?.[asked.length - 1] ?? "";
          },
    async readText(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
      return text;
    },
    tokenFiles: [".tidegate/admin-token"],
    configFiles: ["/project/tidegate.toml", "/tidegate.toml"],
    home: "/home/user",
    isReadableByOthers: async (path) => seat.open?.includes(path) === true,
    self: ["node", "cli.ts"],
    onInterrupt(action) {
      seat.onListening?.(action);
      return () => {};
    },
    ...(fetch !== undefined && { fetch }),
  });
  const isJson = args.includes("--json") && said.stdout !== "";
  // `tail` alone gives a document a line.
  const lines = isJson && args[0] === "tail" && exit === 0 ? said.stdout.trim().split("\n") : null;
  const json = isJson && lines === null ? JSON.parse(said.stdout) : null;
  return { exit, ...said, json, lines: (lines ?? []).map((line) => JSON.parse(line)), asked };
}
