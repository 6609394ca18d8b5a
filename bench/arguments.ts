// What `npm run bench -- …` is told.

import { parseArgs } from "node:util";
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

/** Throws `TypeError` naming what is wrong. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ only: { type: "string" }, json: { type: "string" }, quick: { type: "boolean" } },
      ...{ trace: { type: "string" }, capacity: { type: "string" }, bytes: { type: "boolean" } },
      ...{ l2: { type: "boolean" }, save: { type: "boolean" } },
      ...LOAD_FLAGS,
    },
    strict: true,
  });
  const names = Object.keys(BENCHMARKS) as BenchmarkName[];
  if (values.only !== undefined && !isBenchmark(values.only))
    throw new TypeError(`--only must be one of ${names.join(", ")}`);
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
  return {
    only: values.only === undefined ? names.filter((name) => !PARTS.includes(name)) : [values.only],
    json: values.json ?? null,
    save: values.save === true,
    quick: values.quick === true,
    trace,
    l2: values.l2 === true,
    load,
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
