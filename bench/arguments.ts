// What `npm run bench -- …` is told.

import { closeSync, openSync } from "node:fs";
import { parseFlags } from "../dev/flags.ts";
import { BENCHMARKS, type BenchmarkName, type BenchOptions, isBenchmark, PARTS } from "./benchmarks.ts";
import type { TraceOptions } from "./eviction.ts";
import { LOAD_FLAGS, loadFlagIn, readLoadFlags } from "./load/flags.ts";

export interface Arguments extends BenchOptions {
  readonly only: readonly BenchmarkName[];
  /** All results in one file. */
  readonly json: string | null;
  /** Each result in the file that the documentation's tables are made from. */
  readonly save: boolean;
}

const NAMES = Object.keys(BENCHMARKS) as BenchmarkName[];
const WHOLE = NAMES.filter((name) => !PARTS.includes(name));

export const USAGE = `Usage: npm run bench [-- options]
  --only NAME        one benchmark instead of all: ${WHOLE.join(", ")};
                     or a part of hit: ${PARTS.join(", ")}
  --quick            less of everything: shows which way claims lean, and does not decide them
  --save             keep the result in bench/results, and write the documentation's tables anew
  --json FILE        all results in one JSON document
  --trace FILE       of eviction (with --capacity N, --bytes) and load: replay this trace
  --l2               of eviction: through Redis rather than in memory
  --${Object.keys(LOAD_FLAGS).join(", --")}
                     of load: see docs/load.md
  --help

It ends with 0 where every claim that was measured is met, and with 1 where one is not: a line "not met: …" names each.
With --quick such lines are printed too, and it ends with 0 all the same. 2: a flag is wrong; 4: a benchmark could not
be run.`;

/** Null where help was asked for. Throws `TypeError` naming what is wrong. */
export function readArguments(args: readonly string[]): Arguments | null {
  const values = parseFlags(args, {
    ...{ only: { type: "string" }, json: { type: "string" }, quick: { type: "boolean" } },
    ...{ trace: { type: "string" }, capacity: { type: "string" }, bytes: { type: "boolean" } },
    ...{ l2: { type: "boolean" }, save: { type: "boolean" }, help: { type: "boolean" } },
    ...LOAD_FLAGS,
  });
  if (values.help === true) return null;
  if (values.only !== undefined && !isBenchmark(values.only))
    throw new TypeError(`--only must be one of ${NAMES.join(", ")}, not "${values.only}"`);
  const isLoad = values.only === "load";
  const loadFlag = loadFlagIn(values);
  if (!isLoad && loadFlag !== null) throw new TypeError(`--${loadFlag} goes with --only load`);
  const trace = isLoad ? null : traceOptions(values);
  if (isLoad && (values.capacity !== undefined || values.bytes === true))
    throw new TypeError("--capacity and --bytes go with --only eviction");
  const load = readLoadFlags(values, {
    quick: values.quick === true,
    trace: isLoad ? (values.trace ?? null) : null,
  });
  if (values.l2 === true && values.only !== "eviction") throw new TypeError("--l2 goes with --only eviction");
  if (trace !== null && values.only !== "eviction") throw new TypeError("--trace goes with --only eviction");
  if (isLoad && values.save === true)
    throw new TypeError(
      "--save is for what the documentation has tables of; --json FILE keeps a load's report",
    );
  if (trace !== null && values.save === true)
    throw new TypeError("--save is for what anybody can repeat, without a --trace of one's own");
  if (values.json !== undefined) requireWritable(values.json);
  return {
    only: values.only === undefined ? WHOLE : [values.only],
    json: values.json ?? null,
    save: values.save === true,
    quick: values.quick === true,
    trace,
    l2: values.l2 === true,
    load,
  };
}

/** Before the hours that benchmarks take: what is there stays until there is something to write. */
function requireWritable(file: string): void {
  try {
    closeSync(openSync(file, "a"));
  } catch (error) {
    throw new TypeError(`--json ${file}: can't be written (${(error as NodeJS.ErrnoException).code})`);
  }
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
