// What it takes at internet scale: commands, money and waiting, by traffic, window and whether views are shared.

import type { ScalingResult, Scenario } from "../scaling.ts";
import { count, fixed, milliseconds, sourced, table } from "./format.ts";
import { tableOf } from "./render.ts";

const HOT_MS = 5000;
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
const perSecond = (value: number): string => (value < 100 ? value.toFixed(1) : count(value));
const usd = (value: number): string => (value < 100 ? value.toFixed(2) : count(value));
const plan = (value: number | null): string => (value === null ? "none" : usd(value));
const span = (ms: number): string => (ms < 60_000 ? `${ms / 1000} s` : `${ms / 60_000} min`);
const traffic = (name: string): string =>
  name === "even" ? "6000 isolates, 0.1 a second each" : `${name.replace("^", "<sup>")}</sup> a day`;

const row = (one: Scenario) => [
  ...[traffic(one.name), count(one.isolates), one.shares ? "shared" : "each its own"],
  `${perSecond(one.commandsPerSecond)} ± ${Math.max(1, Math.round(one.errorShare * 100))} %`,
  ...[
    usd(one.usdPerDay),
    plan(one.fixedUsdPerDay),
    percent(one.waitedForLogShare),
    percent(one.waitedForLookShare),
  ],
  ...[milliseconds(one.addedMsPerRequest), milliseconds(one.lateness.p99), milliseconds(one.lateness.max)],
];

const HEADINGS = [
  ...[
    "traffic",
    "isolates",
    "views",
    "commands a second",
    "USD a day",
    "fixed plan",
    "requests that wait for Redis",
  ],
  ...["for the Cache API alone", "added a request", "purge, p99", "most"],
];

export const scalingTables = {
  "scaling/traffic": tableOf<ScalingResult>((result) => {
    const rows = result.scenarios.filter(({ windowMs }) => windowMs === HOT_MS).map(row);
    return sourced(result, table(HEADINGS, rows));
  }),
  "scaling/windows": tableOf<ScalingResult>(({ scenarios }) => {
    const headings = ["traffic", "Δ", "each its own", "USD a day", "shared", "USD a day", "fewer"];
    const rows = scenarios
      .filter(({ name, shares }) => !shares && ["10^8", "10^10"].includes(name))
      .flatMap((own) => {
        const shared = scenarios.find(
          ({ name, shares, windowMs }) => shares && name === own.name && windowMs === own.windowMs,
        );
        if (shared === undefined) return [];
        const of = ({ commandsPerSecond, usdPerDay }: Scenario) => [
          perSecond(commandsPerSecond),
          usd(usdPerDay),
        ];
        const fewer = `${fixed(own.commandsPerSecond / shared.commandsPerSecond, 1)} ×`;
        return [[traffic(own.name), span(own.windowMs), ...of(own), ...of(shared), fewer]];
      });
    return table(headings, rows);
  }),
  "scaling/requests": tableOf<ScalingResult>(({ perMillion }) => {
    const headings = [
      "a million requests",
      "from memory",
      "from L2",
      "missed",
      "commands",
      "Redis, USD",
      "Workers, USD",
    ];
    const rows = perMillion.map(({ name, memory, l2, commands, redisUsd, workersUsd }) => [
      ...[name, percent(memory), percent(l2), percent(1 - memory - l2)],
      ...[count(commands), usd(redisUsd), usd(workersUsd)],
    ]);
    return table(headings, rows);
  }),
  "scaling/pulls": tableOf<ScalingResult>(({ pullsPerMillion }) => {
    const windows = [...new Set(pullsPerMillion.map(({ windowMs }) => windowMs))];
    const rates = [...new Set(pullsPerMillion.map(({ perIsolate }) => perIsolate))];
    const rows = rates.map((rate) => [
      `${rate} a second`,
      ...windows.map((window) => {
        const one = pullsPerMillion.find(
          ({ perIsolate, windowMs }) => perIsolate === rate && windowMs === window,
        );
        return one === undefined ? null : `${count(one.commands)}, ${usd(one.redisUsd)} USD`;
      }),
    ]);
    return table(["requests of an isolate", ...windows.map((window) => `Δ ${span(window)}`)], rows);
  }),
  "scaling/prices": tableOf<ScalingResult>(({ prices, bytesPerPull }) => {
    const { upstash, workers, durableObjects } = prices;
    const million = (value: number): string => `${(value * 1e6).toFixed(2)} USD a million`;
    const rows = [
      [
        "Upstash, as you go",
        `${million(upstash.usdPerCommand)} commands; ${upstash.usdPerGb} USD a GB beyond ${upstash.freeGbPerMonth} a month; at most ${count(upstash.commandsPerSecond)} commands a second and ${upstash.requestBytes / 1e6} MB a request`,
        upstash,
      ],
      [
        "Upstash, fixed",
        upstash.fixed.map((plan) => `${plan.usd} USD a month up to ${count(plan.gb)} GB`).join("; "),
        upstash,
      ],
      [
        "Workers",
        `${million(workers.usdPerRequest)} requests, ${million(workers.usdPerCpuMs)} ms of CPU; the Cache API costs nothing, each use is one of ${count(workers.subrequests)} subrequests of a request`,
        workers,
      ],
      [
        "Durable Objects",
        `${million(durableObjects.usdPerRequest)} requests, ${million(durableObjects.usdPerGbSecond)} GB-seconds`,
        durableObjects,
      ],
    ] as const;
    const sources = rows.map(([name, what, { source, read }]) => [name, what, `${source}, ${read}`]);
    return `${table(["", "", "read at, on"], sources)}

A pull is reckoned with ${count(bytesPerPull)} octets there and back: the script travels with it.`;
  }),
  "scaling/relays": tableOf<ScalingResult>(({ relays }) => {
    const headings = [
      "traffic",
      "commands a second",
      "Redis, USD a day",
      "objects asked a second",
      "objects, USD a day",
    ];
    const rows = relays.map((one) => [
      ...[traffic(one.name), perSecond(one.commandsPerSecond), usd(one.usdPerDay)],
      ...[perSecond(one.askedPerSecond), usd(one.objectsUsdPerDay)],
    ]);
    return table(headings, rows);
  }),
  "scaling/checks": tableOf<ScalingResult>(({ keepers, verified }) => {
    const rows = keepers.map(({ isolates, requestsPerSecond, shares, kept, simulated }) => [
      `${isolates} of the edge's own view keepers under virtual time, ${requestsPerSecond} requests a second, ${shares ? "shared" : "each its own"}`,
      ...[count(kept), count(simulated)],
      percent(Math.abs(simulated / kept - 1)),
    ]);
    const { edges, requestsPerSecond, seconds, windowMs, measured, predicted, errorShare } = verified;
    const cluster = `${edges} edges in workerd, ${requestsPerSecond} requests a second, Δ ${span(windowMs)}, ${seconds} s, counted by Redis`;
    rows.push([cluster, count(measured), count(predicted), percent(Math.abs(errorShare))]);
    return table(["pulls of", "counted", "simulated", "apart"], rows);
  }),
};
