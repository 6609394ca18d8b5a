// A miss beside a plain proxy.

import type { MissResult } from "../miss.ts";
import { count, microseconds, milliseconds, ratio, sourced, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const missTables = {
  miss: tableOf<MissResult>((result) => {
    const rows = result.sides.map(({ name, cpuMicros, perSecond, p50Ms, p99Ms }) => [
      ...[name, microseconds(cpuMicros), count(perSecond), milliseconds(p50Ms), milliseconds(p99Ms)],
    ]);
    const headings = ["", "CPU a request", "requests a second, 16 at a time", "p50, one at a time", "p99"];
    const about = `An edge takes ${ratio(result.cpuOverProxy)} times the CPU of a plain proxy, and ${milliseconds(result.addedP50Ms)} longer (p50).`;
    return sourced(result, `${table(headings, rows)}\n\n${about}`);
  }),
};
