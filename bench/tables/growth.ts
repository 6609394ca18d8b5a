// How costs grow: in the core, in running edges, and with the number of edges.

import type { GrowthResult } from "../growth/growth.ts";
import type { Growth } from "../growth/verdict.ts";
import { claimed, count, fixed, microseconds, milliseconds, ratio, sourced, table } from "./format.ts";
import { tableOf } from "./render.ts";

const GROWS: Record<Growth, string> = { none: "none", logarithmic: "logarithmic at most", faster: "faster" };

export const growthTables = {
  "growth/core": tableOf<GrowthResult>((result) => {
    const rows = result.axes.map(({ name, what, when, unit, points, ratio: over, logarithm, growth }) => [
      `**${name}** ${what}${when === "change" ? " (once a change)" : ""}`,
      points.map(({ size }) => count(size)).join(" → "),
      points.map(({ cost }) => (unit === "ns" ? nanoseconds(cost) : ratio(cost))).join(" → "),
      ...[ratio(over), ratio(logarithm), GROWS[growth]],
    ]);
    const headings = ["", "sizes", "cost", "largest over smallest", "a logarithm's", "growth"];
    return claimed(result, table(headings, rows), [result.verdict]);
  }),
  "growth/live": tableOf<GrowthResult>((result) => {
    const { little, much, sides } = result.live;
    const rows = sides.map(({ name, cpuMicros, perSecond }) => [
      ...[name, microseconds(cpuMicros), count(perSecond)],
    ]);
    const about = `Little: ${count(little.policies)} policies, nothing purged, ${little.keys} key in memory. Much: ${count(much.policies)} policies, ${count(much.purged)} purged URLs in the view, ${count(much.keys)} keys. The dearest over the first: ${ratio(result.live.ratio)}.`;
    const headings = ["a hit in memory of an edge that has", "CPU a request", "requests a second"];
    return sourced(result, `${table(headings, rows)}\n\n${about}`);
  }),
  "growth/edges": tableOf<GrowthResult>((result) => {
    const rows = result.edges.map(({ edges, convergedMs, controlCpuMs, pullsPerSecond }) => [
      ...[edges, milliseconds(convergedMs.p50), milliseconds(convergedMs.p99)],
      ...[milliseconds(controlCpuMs), fixed(pullsPerSecond, 2)],
    ]);
    const headings = ["edges", "all have applied a purge, p50", "p99", "control plane's CPU a purge"];
    return sourced(result, table([...headings, "pulls of the log a second and edge"], rows));
  }),
};

const nanoseconds = (value: number | null): string => `${fixed(value, 0)} ns`;
