// A large immutable file through one edge: what its second read and ranges cost the origin, and how much memory it takes.

import { mkdtempSync, rmSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../dev/cluster.ts";
import { isStretch, startLargeOrigin, type Told } from "./large/file.ts";
import { runtimeBytes } from "./memory.ts";
import { startSystem } from "./outside/start-system.ts";

export interface LargeResult {
  readonly name: "large";
  readonly mebibytes: number;
  readonly steps: readonly Step[];
  /** Of the runtime's memory, before the first step. */
  readonly beforeMiB: number | null;
  /** By the large file beyond what the small one had taken, one reader at a time; null where it can't be told. */
  readonly grownMiB: number | null;
  readonly verdict: { readonly claim: string; readonly met: boolean };
}

interface Step {
  readonly step: string;
  readonly reads: number;
  readonly originRequests: number;
  readonly originMiB: number;
  readonly seconds: number;
  /** Of the runtime's memory, its store of blobs included; null where it can't be told. */
  readonly mostMiB: number | null;
  /** Every octet of every answer was the right one. */
  readonly whole: boolean;
}

const MEBIBYTE = 1_048_576;
const HOST = "bench.test";
const POLICIES = [{ key_pattern: "/*", class: "immutable" }];
const RANGES = 50;
const CROWD = 4;
/** What a runtime has not collected yet, far below the file. */
const MOST_GROWN_MIB = 64;
/** The one that memory is compared with is so many times smaller. */
const SMALL = 4;

interface Stage {
  readonly cluster: Cluster;
  readonly told: Told;
  readonly size: number;
  readonly agent: Agent;
}

export async function benchLarge(quick: boolean): Promise<LargeResult> {
  const size = (quick ? 48 : 200) * MEBIBYTE;
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const told: Told = { requests: 0, octets: 0 };
  const origin = await startLargeOrigin(size, told);
  const cluster = await startSystem({ dir, origin, edges: 1, policies: POLICIES });
  const agent = new Agent({ keepAlive: true });
  try {
    return await measure({ cluster, told, size, agent });
  } finally {
    agent.destroy();
    await cluster.stop();
    origin.closeAllConnections();
    origin.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(stage: Stage): Promise<LargeResult> {
  const { size } = stage;
  await read(stage, "/first", { from: 0, to: 99 });
  const before = memoryOf(stage.cluster);
  const middle = Math.floor(size / 2);
  const ranges = Array.from({ length: RANGES }, (_, i) => {
    const from = Math.floor((size / RANGES) * i) + 1000;
    return { from, to: from + 65_535 };
  });
  const small = Math.floor(size / SMALL);
  const one = { from: middle, to: middle + 65_535 };
  const steps = [
    await step(stage, "a range in the middle, held nowhere", () => readAll(stage, "/range", [one])),
    await step(stage, "the same range again", () => readAll(stage, "/range", [one])),
    await step(stage, "first read of a file a quarter as large", () =>
      readAll({ ...stage, size: small }, "/small", [null]),
    ),
    await step(stage, "first read of the whole", () => readAll(stage, "/whole", [null])),
    await step(stage, "second read", () => readAll(stage, "/whole", [null])),
    await step(stage, `${RANGES} ranges, one after the other`, () => readAll(stage, "/whole", ranges)),
    await step(stage, `${CROWD} first reads at once`, () => readTogether(stage, "/crowd")),
  ];
  const grownMiB = grownBy(steps.slice(2, 6).map(({ mostMiB }) => mostMiB));
  return {
    ...{ name: "large", mebibytes: size / MEBIBYTE, steps },
    ...{ beforeMiB: inMiB(before), grownMiB },
    verdict: {
      claim: `second reads and ranges ask the origin nothing; a file ${SMALL} times as large takes no more memory but what is garbage`,
      met: isMet(steps, grownMiB),
    },
  };
}

/** The first one's is what the others' are compared with; nobody's runtime takes nothing. */
export function grownBy(mebibytes: readonly (number | null)[]): number | null {
  const [first, ...others] = mebibytes.flatMap((one) => (one === null || one === 0 ? [] : [one]));
  if (first === undefined || others.length === 0 || others.length + 1 < mebibytes.length) return null;
  return Math.max(...others) - first;
}

/** What was not measured is not met. */
export function isMet(
  steps: readonly Pick<Step, "originRequests" | "whole">[],
  grownMiB: number | null,
): boolean {
  const kept = [1, 4, 5].every((index) => steps[index]?.originRequests === 0);
  return kept && grownMiB !== null && grownMiB <= MOST_GROWN_MIB && steps.every(({ whole }) => whole);
}

const inMiB = (octets: number | null): number | null =>
  octets === null ? null : Math.round(octets / MEBIBYTE);

const memoryOf = ({ edges }: Cluster): number | null => runtimeBytes(edges[0]?.pid() ?? 0);

/** The most that there was until it is stopped. */
function watchMemory(cluster: Cluster): { stop(): number | null } {
  let most = memoryOf(cluster);
  const timer = setInterval(() => {
    const now = memoryOf(cluster);
    if (now !== null && now > (most ?? 0)) most = now;
  }, 50);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}

async function step(
  { told, cluster }: Stage,
  name: string,
  run: () => Promise<readonly boolean[]>,
): Promise<Step> {
  const before = { ...told };
  const memory = watchMemory(cluster);
  const startedAt = performance.now();
  const whole = await run();
  const seconds = Math.round(performance.now() - startedAt) / 1000;
  // What is stored behind the answer is stored by then.
  await pause(500);
  return {
    ...{ step: name, reads: whole.length, seconds, whole: whole.every(Boolean) },
    mostMiB: inMiB(memory.stop()),
    originRequests: told.requests - before.requests,
    originMiB: Math.round(((told.octets - before.octets) / MEBIBYTE) * 100) / 100,
  };
}

type Range = { readonly from: number; readonly to: number } | null;

async function readAll(stage: Stage, path: string, ranges: readonly Range[]): Promise<boolean[]> {
  const whole: boolean[] = [];
  for (const range of ranges) whole.push(await read(stage, path, range));
  return whole;
}

const readTogether = (stage: Stage, path: string): Promise<boolean[]> =>
  Promise.all(Array.from({ length: CROWD }, () => read(stage, path, null)));

/** Whether every octet that was asked for came, and was the right one. */
async function read({ cluster, size, agent }: Stage, path: string, range: Range): Promise<boolean> {
  const headers = { host: HOST, ...(range !== null && { range: `bytes=${range.from}-${range.to}` }) };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${cluster.edges[0]?.url}${path}`, { headers, agent }, resolve).on("error", reject);
  });
  const from = range?.from ?? 0;
  let at = from;
  let right = answer.statusCode === (range === null ? 200 : 206);
  for await (const piece of answer as AsyncIterable<Buffer>) {
    right &&= isStretch(piece, at);
    at += piece.length;
  }
  return right && at === (range === null ? size : range.to + 1);
}
