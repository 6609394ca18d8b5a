// The flags of `npm run chaos`: every one checked, every mistake named in one line.

import { parseFlags } from "../../dev/flags.ts";
import { UsageError } from "../../dev/options.ts";
import { type Millis, millis } from "../../shared/core/units.ts";
import { EXPERIMENTS, type Experiment } from "../../shared/wire/chaos.ts";
import { LIMITS } from "../config.ts";
import { BROKEN_BUILDS } from "./broken-builds.ts";

export interface ChaosOptions {
  /** All of them where it is empty. */
  readonly only: readonly Experiment[];
  readonly seed: number;
  /** Of each fault; null = what suits each. */
  readonly duration: Millis | null;
  /** A cluster that is there; null = one of our own. */
  readonly given: { readonly control: string; readonly token: string } | null;
  readonly json: string | null;
  readonly out: string;
  /** Minutes of random experiments instead of one of each. */
  readonly gameDay: number | null;
  /** A build with a fault in it, which has to be found out. */
  readonly broken: string | null;
}

const DEFAULT_MINUTES = 30;
const MOST_MINUTES = 24 * 60;

export const USAGE = `Usage: npm run chaos [-- options]
  --only NAME         one experiment, or several with commas: ${EXPERIMENTS.join(", ")}
  --seed S            what is picked at random comes from it (default: a new one, which is printed)
  --duration D        how long each fault lasts, ${LIMITS.leastFault / 1000} to ${LIMITS.mostFault / 1000} s, e.g. 20s
  --control URL       a cluster that runs already, with --chaos; needs --token (default: one is started)
  --token T           a token of that cluster which may run experiments and read
  --json FILE         all reports in one JSON document
  --out DIR           a JSON and an HTML report each go there (default .tidegate/chaos)
  --game-day          experiments at random, from the seed, one after the other
  --minutes N         for so long (default ${DEFAULT_MINUTES})
  --broken [NAME]     run against a build that is broken on purpose, which has to fail: ${Object.keys(BROKEN_BUILDS).join(", ")}
  --help`;

const FLAGS = {
  only: { type: "string" },
  seed: { type: "string" },
  duration: { type: "string" },
  control: { type: "string" },
  token: { type: "string" },
  json: { type: "string" },
  out: { type: "string" },
  "game-day": { type: "boolean" },
  minutes: { type: "string" },
  broken: { type: "string" },
  help: { type: "boolean" },
} as const;

/** Null where help was asked for. Throws `UsageError`. */
export function readChaosOptions(args: readonly string[], randomSeed: number): ChaosOptions | null {
  const flags = parse(namedBroken(args));
  if (flags.help === true) return null;
  const { minutes } = flags;
  if (minutes !== undefined && flags["game-day"] !== true)
    throw new UsageError("--minutes goes with --game-day");
  const broken = flags.broken ?? null;
  if (broken !== null && !Object.hasOwn(BROKEN_BUILDS, broken))
    throw new UsageError(`--broken must be one of ${Object.keys(BROKEN_BUILDS).join(", ")}, not "${broken}"`);
  const given = givenCluster(flags);
  if (broken !== null && given !== null)
    throw new UsageError("--broken needs a cluster of its own: not --control");
  if (broken !== null && flags["game-day"] === true)
    throw new UsageError("--broken and --game-day exclude each other");
  return {
    only: flags.only === undefined ? [] : experimentsNamed(flags.only),
    seed:
      flags.seed === undefined ? randomSeed : whole("--seed", flags.seed, { least: 0, most: 0xffff_ffff }),
    duration: flags.duration === undefined ? null : duration(flags.duration),
    given,
    json: flags.json ?? null,
    out: flags.out ?? ".tidegate/chaos",
    gameDay:
      flags["game-day"] === true
        ? whole("--minutes", minutes ?? String(DEFAULT_MINUTES), { least: 1, most: MOST_MINUTES })
        : null,
    broken,
  };
}

/** `--broken` alone means the first of them. */
function namedBroken(args: readonly string[]): string[] {
  const at = args.indexOf("--broken");
  const next = args[at + 1];
  if (at < 0 || (next !== undefined && !next.startsWith("--"))) return [...args];
  const [first = ""] = Object.keys(BROKEN_BUILDS);
  return [...args.slice(0, at + 1), first, ...args.slice(at + 1)];
}

function parse(args: readonly string[]) {
  try {
    return parseFlags(args, FLAGS);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function experimentsNamed(text: string): Experiment[] {
  return text.split(",").map((name) => {
    const experiment = EXPERIMENTS.find((one) => one === name.trim());
    if (experiment === undefined)
      throw new UsageError(`--only must name experiments (${EXPERIMENTS.join(", ")}), not "${name.trim()}"`);
    return experiment;
  });
}

function givenCluster(flags: ReturnType<typeof parse>): ChaosOptions["given"] {
  const { control, token } = flags;
  if (control === undefined && token === undefined) return null;
  if (control === undefined || token === undefined) throw new UsageError("--control and --token go together");
  const url = URL.canParse(control) ? new URL(control) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new UsageError(`--control must be an http or https URL, not "${control}"`);
  return { control: control.replace(/\/+$/, ""), token };
}

function duration(text: string): Millis {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  const ms = Number(match?.[1]) * { ms: 1, s: 1000, m: 60_000 }[(match?.[2] ?? "s") as "ms" | "s" | "m"];
  if (!(ms >= LIMITS.leastFault && ms <= LIMITS.mostFault))
    throw new UsageError(`--duration must be 2s to 5m, not "${text}"`);
  return millis(Math.round(ms));
}

function whole(flag: string, text: string, range: { least: number; most: number }): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < range.least || value > range.most)
    throw new UsageError(
      `${flag} must be a whole number from ${range.least} to ${range.most}, not "${text}"`,
    );
  return value;
}
