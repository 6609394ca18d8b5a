// What it takes at internet scale: commands, money and waiting, by traffic, window and whether views are shared.

import type { Asked, Idle } from "../commands/idle.ts";
import { bothWays } from "../scaling/counting.ts";
import type { ScalingResult, Scenario } from "../scaling.ts";
import { count, fixed, milliseconds, sourced, table } from "./format.ts";
import { tableOf } from "./render.ts";

const HOT_MS = 5000;
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
const perSecond = (value: number): string => (value < 100 ? value.toFixed(1) : count(value));
const usd = (value: number): string => (value < 100 ? value.toFixed(2) : count(value));
const plan = (value: number | null): string => (value === null ? "none" : usd(value));
/** A script as one command, and with all that it calls. */
const both = <T>({ asOne, withCalls }: { asOne: T; withCalls: T }, show: (value: T) => string): string =>
  `${show(asOne)} / ${show(withCalls)}`;
const span = (ms: number): string => (ms < 60_000 ? `${ms / 1000} s` : `${ms / 60_000} min`);
const traffic = (name: string): string =>
  name === "even" ? "6000 isolates, 0.1 a second each" : `${name.replace("^", "<sup>")}</sup> a day`;

const row = (one: Scenario) => [
  ...[traffic(one.name), count(one.isolates), one.shares ? "shared" : "each its own"],
  `${both(one.commandsPerSecond, perSecond)} ± ${Math.max(1, Math.round(one.errorShare * 100))} %`,
  ...[
    both(one.usdPerDay, usd),
    both(one.fixedUsdPerDay, plan),
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

const day = (perSecond: number): number => 86_400 * perSecond;

function idleRow({ edges, answers, controlPlane, ofEdges }: Idle, usdPerCommand: number) {
  const [sent, called] = [controlPlane.sent + ofEdges.sent, controlPlane.called + ofEdges.called];
  const commands = bothWays({ sent, called });
  const asked = (of: Asked): string => `${fixed(of.sent, 1)} + ${fixed(of.called, 1)}`;
  return [
    ...[answers === 0 ? `${edges}` : `${edges}, and ${count(answers)} answers in L2`],
    ...[asked(controlPlane), asked(ofEdges)],
    fixed((30 * day(controlPlane.octets + ofEdges.octets)) / 1e9, 0),
    ...[both(commands, (each) => count(day(each))), both(commands, (each) => usd(day(each) * usdPerCommand))],
  ];
}

export const scalingTables = {
  "scaling/idle": tableOf<ScalingResult>(({ idle, prices }) => {
    const headings = ["listed edges", "the control plane asks a second", "edges ask a second"];
    const rows = idle.map((one) => idleRow(one, prices.upstash.usdPerCommand));
    return table([...headings, "sent, GB a month", "commands a day", "USD a day"], rows);
  }),
  "scaling/idle-names": tableOf<ScalingResult>(({ idle }) => {
    const of = idle.find(({ edges, answers }) => edges === 3 && answers === 0) ?? idle[0];
    const names = Object.entries(of?.controlPlane.names ?? {});
    const isRare = ([, { sent }]: (typeof names)[number]): boolean => sent < 0.5;
    const sum = (what: "sent" | "called"): number =>
      names.filter(isRare).reduce((total, [, one]) => total + one[what], 0);
    const rows = names
      .filter((one) => !isRare(one))
      .map(([name, { sent, called }]) => [`\`${name}\``, fixed(sent, 1), fixed(called, 1)]);
    rows.push(["all that comes every ten seconds", fixed(sum("sent"), 1), fixed(sum("called"), 1)]);
    return table(["of the control plane", "sent a second", "called inside"], rows);
  }),
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
          both(commandsPerSecond, perSecond),
          both(usdPerDay, usd),
        ];
        const fewer = `${fixed(own.commandsPerSecond.asOne / shared.commandsPerSecond.asOne, 1)} ×`;
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
      ...[both(commands, count), both(redisUsd, usd), usd(workersUsd)],
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
        return one === undefined ? null : `${count(one.commands.asOne)}, ${both(one.redisUsd, usd)} USD`;
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
        "Upstash, what a script calls",
        "counted beside the script by one page, of a library of its own; not spoken of by that of the prices",
        upstash.scripts,
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
      ...[traffic(one.name), both(one.commandsPerSecond, perSecond), both(one.usdPerDay, usd)],
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
