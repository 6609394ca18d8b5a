// `npm run bench`: side-by-side benchmarks, printed as ratios and written as JSON where asked.

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { benchClient } from "./client/client.ts";
import { benchCommands } from "./commands.ts";
import { benchCrowd } from "./crowd.ts";
import { benchEviction, type TraceOptions } from "./eviction.ts";
import { benchEvictionL2 } from "./eviction-l2.ts";
import { benchHit } from "./hit.ts";
import { benchJournal } from "./journal.ts";
import { benchLarge } from "./large.ts";
import { benchMetrics } from "./metrics.ts";
import { benchOutage } from "./outage.ts";
import { benchPolicies } from "./policies.ts";
import { benchPurge } from "./purge.ts";
import { benchRefresh } from "./refresh.ts";
import { benchSessions } from "./sessions.ts";
import { benchWarmup } from "./warmup.ts";

interface Options {
  readonly only: readonly Name[];
  readonly json: string | null;
  readonly quick: boolean;
  readonly trace: TraceOptions | null;
  /** Through Redis rather than in memory. */
  readonly l2: boolean;
}

const BENCHMARKS = {
  hit: ({ quick }: Options) => benchHit(quick),
  client: ({ quick }: Options) => benchClient(quick),
  purge: ({ quick }: Options) => benchPurge(quick),
  policies: ({ quick }: Options) => benchPolicies(quick),
  refresh: ({ quick }: Options) => benchRefresh(quick),
  outage: ({ quick }: Options) => benchOutage(quick),
  commands: ({ quick }: Options) => benchCommands(quick),
  metrics: ({ quick }: Options) => benchMetrics(quick),
  sessions: ({ quick }: Options) => benchSessions(quick),
  journal: ({ quick }: Options) => benchJournal(quick),
  crowd: ({ quick }: Options) => benchCrowd(quick),
  warmup: ({ quick }: Options) => benchWarmup(quick),
  large: ({ quick }: Options) => benchLarge(quick),
  eviction: ({ quick, trace, l2 }: Options) =>
    l2 ? benchEvictionL2(quick, trace) : benchEviction(quick, trace),
} as const;
type Name = keyof typeof BENCHMARKS;

const isName = (text: string): text is Name => Object.hasOwn(BENCHMARKS, text);

/** Throws `TypeError` naming what is wrong. */
function readArguments(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ only: { type: "string" }, json: { type: "string" }, quick: { type: "boolean" } },
      ...{ trace: { type: "string" }, capacity: { type: "string" }, bytes: { type: "boolean" } },
      l2: { type: "boolean" },
    },
    strict: true,
  });
  const names = Object.keys(BENCHMARKS) as Name[];
  if (values.only !== undefined && !isName(values.only))
    throw new TypeError(`--only must be one of ${names.join(", ")}`);
  const trace = traceOptions(values);
  if (values.l2 === true && values.only !== "eviction") throw new TypeError("--l2 goes with --only eviction");
  if (trace !== null && values.only !== "eviction") throw new TypeError("--trace goes with --only eviction");
  return {
    only: values.only === undefined ? names : [values.only],
    json: values.json ?? null,
    quick: values.quick === true,
    trace,
    l2: values.l2 === true,
  };
}

function traceOptions(values: {
  readonly trace?: string;
  readonly capacity?: string;
  readonly bytes?: boolean;
}): TraceOptions | null {
  const { trace, capacity, bytes } = values;
  if (trace === undefined) {
    if (capacity !== undefined || bytes === true)
      throw new TypeError("--capacity and --bytes go with --trace");
    return null;
  }
  if (capacity === undefined) throw new TypeError("--trace needs --capacity");
  const amount = Number(capacity);
  if (!/^[1-9]\d*$/.test(capacity) || amount >= 2 ** 32)
    throw new TypeError("--capacity must be a whole number from 1 to 4294967295");
  return { file: trace, capacity: { amount, unit: bytes === true ? "bytes" : "entries" } };
}

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2));
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node ${process.version}`;
  console.log(machine);
  const results = [];
  for (const name of options.only) {
    const result = await BENCHMARKS[name](options);
    console.log(JSON.stringify(result, null, 2));
    results.push(result);
  }
  if (options.json !== null)
    writeFileSync(options.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(error instanceof TypeError ? 2 : 1);
}
