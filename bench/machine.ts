// The machine that a benchmark ran on, as far as it explains figures.

import { createRequire } from "node:module";
import { cpus, loadavg, totalmem } from "node:os";

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly node: string;
  readonly workerd: string;
  /** Processes that wanted a core over the last minute, as the benchmark began: others', and what it ran before. */
  readonly loadAtStart: number;
}

export function machine(): Machine {
  const { version } = createRequire(import.meta.url)("workerd/package.json") as { version: string };
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    workerd: version,
    loadAtStart: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

export const described = ({ cores, cpu, memoryGiB, node, workerd }: Machine): string =>
  `${cores} × ${cpu}, ${memoryGiB} GiB, Node ${node}, workerd ${workerd}`;
