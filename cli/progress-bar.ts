// A warm-up's progress on one line: a bar, how much of it is done, how fast, and how long it takes still.

import type { Warmup } from "../client/schemas.ts";
import { grouped, span } from "./wording.ts";

const WIDEST = 40;

export function progressBar(
  job: Pick<Warmup, "state" | "total" | "done" | "failed" | "skipped" | "later" | "etaSeconds">,
  columns: number,
): string {
  const { total, failed, skipped, later, etaSeconds } = job;
  const settled = job.done + failed + skipped;
  const part = total === 0 ? 0 : Math.min(1, settled / total);
  const text = [
    ` ${String(Math.floor(part * 100)).padStart(3)} %`,
    `${grouped(settled)}/${grouped(total)}`,
    ...(failed > 0 ? [`${grouped(failed)} failed`] : []),
    ...(later > 0 ? [`${grouped(later)} later`] : []),
    ...(job.state !== "running"
      ? [job.state]
      : etaSeconds === null
        ? []
        : [`${span(etaSeconds * 1000)} left`]),
  ].join("  ");
  const width = Math.min(WIDEST, columns - text.length - 3);
  if (width < 5) return text.trim();
  const full = Math.round(part * width);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}]${text}`;
}
