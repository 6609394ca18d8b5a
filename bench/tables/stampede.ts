// Stampedes on Tidegate and on what others use.

import type { Stampede, StampedeResult } from "../stampede.ts";
import { claimed, count, microseconds, milliseconds, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const stampedeTables = {
  stampede: tableOf<StampedeResult>((result) => {
    const cells = ({ originRequestsByRound, p50Ms, p99Ms, cpuMicros, failed }: Stampede) => [
      ...[range(originRequestsByRound), milliseconds(p50Ms), milliseconds(p99Ms)],
      ...[microseconds(cpuMicros), failed],
    ];
    const rows = result.sides.flatMap(({ name, cold, expired }) => [
      [name, "cold", ...cells(cold)],
      ["", "expired", ...cells(expired)],
    ]);
    const headings = ["", "key", "origin requests", "p50", "p99", "CPU a client", "failed"];
    const absent = result.absent.map(({ name, why }) => ` Left out: ${name} (${why}).`).join("");
    return claimed(result, table(headings, rows), [result.verdict]) + absent;
  }),
};

function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? count(most) : `${count(least)} to ${count(most)}`;
}
