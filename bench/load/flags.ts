// What `npm run bench -- --only load …` is told, checked flag by flag.

import { isWorkload, WORKLOADS, type WorkloadName } from "./names.ts";

export interface LoadFlags {
  readonly workload: WorkloadName;
  readonly seconds: number;
  /** Before them, and not counted. */
  readonly warmUpSeconds: number;
  /** Requests a second over all edges. */
  readonly rate: number;
  /** Exponent of the popularity. */
  readonly s: number;
  readonly keys: number;
  /** URLs purged a second, by their popularity. */
  readonly purges: number;
  readonly seed: number;
  readonly trace: string | null;
  readonly arrivals: "steady" | "poisson";
  /** Edges that run already; null = a cluster is started. */
  readonly given: { readonly edges: readonly { readonly url: string }[]; readonly url: URL } | null;
}

/** For `parseArgs`. */
export const LOAD_FLAGS = {
  workload: { type: "string" },
  seconds: { type: "string" },
  "warm-up": { type: "string" },
  rate: { type: "string" },
  zipf: { type: "string" },
  keys: { type: "string" },
  purges: { type: "string" },
  seed: { type: "string" },
  arrivals: { type: "string" },
  edges: { type: "string" },
  url: { type: "string" },
} as const;

type Given = { readonly [flag in keyof typeof LOAD_FLAGS]?: string | undefined };

/** The first that was given; null = none. */
export const loadFlagIn = (values: Given): string | null =>
  (Object.keys(LOAD_FLAGS) as (keyof Given)[]).find((flag) => values[flag] !== undefined) ?? null;

/** `quick` takes the place of what is not said. Throws `TypeError` naming the flag. */
export function readLoadFlags(values: Given, more: { quick: boolean; trace: string | null }): LoadFlags {
  const { quick, trace } = more;
  const workload = values.workload ?? (trace === null ? "zipf" : "replay");
  if (!isWorkload(workload))
    throw new TypeError(`--workload must be one of ${Object.keys(WORKLOADS).join(", ")}, not "${workload}"`);
  if (trace !== null && workload !== "replay") throw new TypeError("--trace goes with --workload replay");
  if (trace === null && workload === "replay") throw new TypeError("--workload replay needs --trace FILE");
  const arrivals = values.arrivals ?? "steady";
  if (arrivals !== "steady" && arrivals !== "poisson")
    throw new TypeError(`--arrivals must be steady or poisson, not "${arrivals}"`);
  const given = givenEdges(values);
  const flags: LoadFlags = {
    ...{ workload, arrivals, trace, given },
    seconds: numberOf("--seconds", values.seconds ?? (quick ? "10" : "60"), { least: 1, most: 86_400 }),
    warmUpSeconds: numberOf("--warm-up", values["warm-up"] ?? (quick ? "5" : "20"), { least: 0, most: 3600 }),
    rate: numberOf("--rate", values.rate ?? "300", { least: 1, most: 20_000 }),
    s: numberOf("--zipf", values.zipf ?? "0.99", { least: 0, most: 5, fraction: true }),
    keys: numberOf("--keys", values.keys ?? "1000", { least: 1, most: 1_000_000 }),
    purges: numberOf("--purges", values.purges ?? "0", { least: 0, most: 200, fraction: true }),
    seed: numberOf("--seed", values.seed ?? "1", { least: 0, most: 2 ** 31 - 1 }),
  };
  if (given !== null && flags.purges > 0)
    throw new TypeError("--purges goes with a cluster that is started here, not with --edges");
  if (given !== null && (workload === "writes" || workload === "sessions" || workload === "mix"))
    throw new TypeError(
      `--workload ${workload} writes, which --edges keeps from a server that is not its own`,
    );
  return flags;
}

function givenEdges({ edges, url }: Given): LoadFlags["given"] {
  if (edges === undefined) {
    if (url !== undefined) throw new TypeError("--url goes with --edges");
    return null;
  }
  const urls = edges.split(",").map((text) => {
    const one = URL.canParse(text) ? new URL(text) : null;
    if (one?.protocol !== "http:" || one.pathname !== "/")
      throw new TypeError(`--edges must be http://HOST:PORT[,http://…], not "${text}"`);
    return { url: one.origin };
  });
  if (url === undefined) throw new TypeError("--edges needs --url http://SITE/PATH/{key}");
  const asked = URL.canParse(url) ? new URL(url) : null;
  if (asked === null || !url.includes("{key}") || !/^https?:$/.test(asked.protocol))
    throw new TypeError(`--url must be an http or https URL with {key} in it, not "${url}"`);
  return { edges: urls, url: asked };
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly fraction?: true;
}

function numberOf(flag: string, text: string, { least, most, fraction }: Range): number {
  const value = Number(text);
  const written = fraction === true ? /^\d+(\.\d+)?$/ : /^\d+$/;
  if (!written.test(text) || value < least || value > most)
    throw new TypeError(
      `${flag} must be a ${fraction === true ? "" : "whole "}number from ${least} to ${most}, not "${text}"`,
    );
  return value;
}
