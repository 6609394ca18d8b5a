// Every experiment in virtual time: what it breaks and when, and that everything is healed whatever happens.

import { describe, expect, test } from "vitest";
import { aim } from "../../chaos/aim.ts";
import { LIMITS } from "../../chaos/config.ts";
import type { Experiment } from "../../chaos/experiment.ts";
import { EXPERIMENT } from "../../chaos/experiments.ts";
import { Progress } from "../../chaos/progress.ts";
import { runExperiment } from "../../chaos/run-experiment.ts";
import { readReport } from "../../control-plane/chaos/report.ts";
import {
  type ChaosOrder,
  DIRECTIONS,
  EXPERIMENTS,
  type Experiment as Name,
  PARTITIONS,
} from "../../shared/wire/chaos.ts";
import { ChaosBench } from "../support/chaos-bench.ts";

const FAULT_MS = 12_000;
const STEADY_AT = LIMITS.warming;
const FAULT_AT = STEADY_AT + LIMITS.steady;

const orderFor = (experiment: Name, more: Partial<ChaosOrder> = {}): ChaosOrder => ({
  ...{ id: "one", experiment, target: null, durationMs: FAULT_MS, seed: 7 },
  ...more,
});

function begin(bench: ChaosBench, order: ChaosOrder, changed: Partial<Experiment> = {}) {
  const experiment = { ...EXPERIMENT[order.experiment], ...changed };
  const aimed = aim(order, experiment, bench);
  if (aimed.kind === "refused") throw new Error(aimed.problem);
  const { target } = aimed;
  const progress = new Progress(
    order,
    { target, hypothesis: experiment.hypothesis(order, target) },
    () => bench.now,
  );
  const abort = new AbortController();
  const ended = runExperiment(bench.ports, { order, experiment, target, progress, signal: abort.signal });
  return { progress, abort, ended, target };
}

const variants: ChaosOrder[] = EXPERIMENTS.flatMap((name) => {
  if (name !== "partition") return [orderFor(name)];
  return PARTITIONS.flatMap((from) => DIRECTIONS.map((arrives) => orderFor(name, { from, arrives })));
});

describe("every experiment", () => {
  test.each(
    variants.map(
      (order) => [`${order.experiment} ${order.from ?? ""} ${order.arrives ?? ""}`.trim(), order] as const,
    ),
  )("%s breaks something that may be broken, while the fault lasts and no longer", async (_name, order) => {
    const bench = new ChaosBench();
    let brokenAt: number[] = [];
    bench.onTime = (now) => {
      if (bench.broken.size > 0) brokenAt.push(now);
    };
    const { progress, ended } = begin(bench, order);
    await ended;
    const report = progress.report();
    expect(report.problem).toBeNull();
    expect(report.state).toBe("passed");
    const faults = bench.pulled.filter(({ lever }) => lever.kind !== "heal");
    const site = bench.origin.filter(({ state }) => state.kind !== "up");
    for (const { at } of [...faults, ...site]) {
      expect(at).toBeGreaterThanOrEqual(FAULT_AT);
      expect(at).toBeLessThan(FAULT_AT + FAULT_MS);
    }
    // A flush and a mass invalidation are over as soon as they are done.
    if (order.experiment !== "mass-invalidate") expect(faults.length + site.length).toBeGreaterThan(0);
    brokenAt = brokenAt.filter((at) => at > FAULT_AT + FAULT_MS + 50);
    expect(brokenAt).toEqual([]);
    expect([...bench.broken]).toEqual([]);
    expect(bench.origin.at(-1)?.state.kind).toBe("up");
    expect(bench.isClosed).toBe(true);
  });

  test.each(EXPERIMENTS)("%s says in a sentence what is expected", (name) => {
    const order = orderFor(name);
    expect(EXPERIMENT[name].hypothesis(order, "edge-1")).toMatch(/^[A-Z].{60,}\.$/s);
    expect(EXPERIMENT[name].name).toBe(name);
  });

  test("of every partition the ways are those that it names, to and from the edge alone", async () => {
    for (const from of PARTITIONS) {
      const bench = new ChaosBench();
      const { ended, target } = begin(bench, orderFor("partition", { from }));
      await ended;
      const ways = bench.pulled.flatMap(({ lever }) =>
        lever.kind === "link" ? [`${lever.from} ${lever.to}`] : [],
      );
      expect(ways.every((way) => way.includes(target))).toBe(true);
      expect(new Set(ways).size).toBe({ redis: 4, "control-plane": 1, edges: 6, all: 11 }[from]);
    }
  });
});

describe("what the origin may be sent", () => {
  const RATE = 40;
  const SHARE = 16;

  test.each<[string, Partial<ChaosOrder> & { experiment: Name }, number]>([
    ["a partition from Redis", { experiment: "partition", from: "redis" }, 1],
    [
      "what is let through to Redis alone",
      { experiment: "partition", from: "redis", arrives: "requests" },
      1,
    ],
    ["a partition from all", { experiment: "partition", from: "all" }, 1],
    ["a partition that says not from whom", { experiment: "partition" }, 1],
    ["a partition from the other edges", { experiment: "partition", from: "edges" }, 0],
    ["a partition from the control plane", { experiment: "partition", from: "control-plane" }, 0],
    ["a dead control", { experiment: "kill-shard", target: "control" }, 4],
    ["a dead shard, where no bucket is", { experiment: "kill-shard", target: "shard-2" }, 0],
    ["a dead edge", { experiment: "kill-edge" }, 0],
  ])("by %s is the bucket, and the shares of those who can't reach it", async (_name, order, shares) => {
    const { ended, progress } = begin(new ChaosBench(), orderFor(order.experiment, order));
    await ended;
    const verdict = progress.report().verdicts.find(({ name }) => name === "origin-rate");
    const rate = RATE + shares * SHARE;
    // The burst is as much again, and what may arrive together is half a second's.
    expect(verdict).toMatchObject({
      limit: rate * 1.5,
      text: expect.stringContaining(`beside ${rate} a second`),
    });
  });
});

describe("an experiment's phases", () => {
  test("follow one another, and the fault lasts as long as was ordered", async () => {
    const bench = new ChaosBench();
    const { ended, progress } = begin(bench, orderFor("kill-shard"));
    await ended;
    const healedAt = bench.pulled.find(({ lever }) => lever.kind === "heal")?.at;
    expect(healedAt).toBe(FAULT_AT + FAULT_MS);
    const phases = [...new Set(progress.report().timeline.map(({ phase }) => phase))];
    expect(phases.slice(0, 4)).toEqual(["preparing", "steady", "fault", "recovery"]);
  });

  test("of a short fault are short", async () => {
    const bench = new ChaosBench();
    const { ended } = begin(bench, orderFor("kill-shard", { durationMs: 2000 }));
    await ended;
    expect(bench.pulled.find(({ lever }) => lever.kind === "hold")?.at).toBe(4000);
  });

  test("recovery takes as long as hits take to come back, and that is what is reported", async () => {
    const bench = new ChaosBench();
    const healedAt = FAULT_AT + FAULT_MS;
    bench.requestAt = (now) => ({ hit: now < FAULT_AT || now > healedAt + 4000 });
    const { ended, progress } = begin(bench, orderFor("kill-shard"));
    await ended;
    const verdict = progress.report().verdicts.find(({ name }) => name === "hit-rate-recovery");
    // Nine tenths of a window of two seconds.
    expect(verdict?.measured).toBeGreaterThan(5000);
    expect(verdict?.measured).toBeLessThan(6600);
  });

  test("whoever still waits is not well again", async () => {
    const bench = new ChaosBench();
    const healedAt = FAULT_AT + FAULT_MS;
    // Hits are answered, and every second request hangs.
    let number = 0;
    bench.isUnanswered = (now) => now > healedAt && number++ % 2 === 0;
    const { ended, progress } = begin(bench, orderFor("kill-shard"));
    await ended;
    const failing = progress.report().verdicts.filter(({ holds }) => !holds);
    expect(failing.map(({ name }) => name)).toEqual(["hit-rate-recovery"]);
  });

  test("recovery is not waited for without end", async () => {
    const bench = new ChaosBench();
    bench.isConverged = () => null;
    const { ended, progress } = begin(bench, orderFor("kill-shard"));
    await ended;
    expect(bench.now).toBeLessThan(FAULT_AT + FAULT_MS + LIMITS.recovery + LIMITS.settling + 1000);
    const { state, verdicts } = progress.report();
    expect(state).toBe("failed");
    expect(verdicts.filter(({ holds }) => !holds).map(({ name }) => name)).toEqual(["convergence"]);
  });
});

test.each(
  variants.map(
    (order) => [`${order.experiment} ${order.from ?? ""} ${order.arrives ?? ""}`.trim(), order] as const,
  ),
)("%s in which nothing was broken has failed, and by nothing else", async (_name, order) => {
  const bench = new ChaosBench();
  bench.isBreakable = false;
  const { ended, progress } = begin(bench, order);
  await ended;
  const { state, verdicts, problem } = progress.report();
  expect([state, problem]).toEqual(["failed", null]);
  expect(verdicts.filter(({ holds }) => !holds).map(({ name }) => name)).toEqual(["took-effect"]);
});

test("who comes back late is waited for until he was asked for what was purged", async () => {
  const bench = new ChaosBench();
  const askedFrom = FAULT_AT + FAULT_MS + 6000;
  bench.boundByAt = (now) => (now < askedFrom ? null : FAULT_AT);
  const { ended, progress } = begin(bench, orderFor("kill-edge"));
  await ended;
  const { state, timeline } = progress.report();
  expect(state).toBe("passed");
  expect(timeline.filter(({ phase }) => phase === "recovery").length).toBeLessThan(9);
});

test("answers that a purge before anything was broken was binding on show nothing of the fault", async () => {
  const bench = new ChaosBench();
  bench.boundByAt = (now) => Math.min(now, FAULT_AT - 1);
  const { ended, progress } = begin(bench, orderFor("partition"));
  await ended;
  const { state, verdicts } = progress.report();
  expect(state).toBe("failed");
  expect(verdicts.filter(({ holds }) => !holds)).toMatchObject([{ name: "stale-serves", measured: null }]);
});

describe("everything is healed", () => {
  test("where it is ended early, before time goes on", async () => {
    const bench = new ChaosBench();
    const run = begin(bench, orderFor("pause-shard"));
    const abortAt = FAULT_AT + 3000;
    bench.onTime = (now) => {
      if (now < abortAt) return;
      expect(bench.broken.size === 0 || now === abortAt).toBe(true);
      run.progress.aborted(null);
      run.abort.abort();
    };
    await run.ended;
    expect(bench.now).toBe(abortAt);
    expect([...bench.broken]).toEqual([]);
    expect(run.progress.report()).toMatchObject({ state: "aborted", phase: "over", verdicts: [] });
    expect(bench.isClosed).toBe(true);
  });

  test("where a lever could not be pulled, and then nothing is judged", async () => {
    const bench = new ChaosBench();
    bench.leverProblem = "no such process";
    const { ended, progress } = begin(bench, orderFor("kill-edge"));
    await ended;
    expect(progress.report()).toMatchObject({ state: "failed", problem: "no such process", verdicts: [] });
    expect(bench.pulled.at(-1)?.lever.kind).toBe("heal");
    expect([bench.isAsked, bench.isClosed]).toEqual([false, true]);
  });

  test("where it is ended while a purge is under way that nobody acknowledges", async () => {
    const bench = new ChaosBench();
    const run = begin(bench, orderFor("mass-invalidate"));
    bench.purgeAll = () => {
      run.progress.aborted(null);
      run.abort.abort();
      return Promise.withResolvers<void>().promise;
    };
    await run.ended;
    expect(run.progress.report()).toMatchObject({ state: "aborted", phase: "over", verdicts: [] });
    expect([bench.isAsked, bench.isClosed]).toEqual([false, true]);
  });

  test("where a step fails after others have broken something", async () => {
    const bench = new ChaosBench();
    const { steps } = EXPERIMENT["pause-shard"];
    const failing = { at: 0.5, act: () => Promise.reject(new Error("that failed")) };
    const { ended, progress } = begin(bench, orderFor("pause-shard"), { steps: [...steps, failing] });
    await ended;
    expect(progress.report()).toMatchObject({ state: "failed", problem: "that failed" });
    expect([...bench.broken]).toEqual([]);
  });

  test("where the cluster never came to serve the site, and nothing was broken", async () => {
    const bench = new ChaosBench();
    bench.stageProblem = "edge-1 does not serve the experiment's site";
    const { ended, progress } = begin(bench, orderFor("kill-edge"));
    await ended;
    expect(progress.report()).toMatchObject({ state: "failed", problem: bench.stageProblem });
    expect(bench.pulled.map(({ lever }) => lever.kind)).toEqual(["heal"]);
  });
});

test("a report that is final stays as it is, whatever is still seen", async () => {
  const bench = new ChaosBench();
  const { ended, progress } = begin(bench, orderFor("kill-edge"));
  await ended;
  const report = progress.report();
  expect(report.timeline.length).toBeGreaterThan(20);
  // The same clients see more.
  await begin(bench, orderFor("origin-down")).ended;
  expect(progress.report()).toEqual(report);
});

test("an edge that is not back yet when it is to be killed again is left, and one that was never there is no experiment", async () => {
  const late = new ChaosBench();
  late.onTime = (now) => {
    late.leverProblem = now > FAULT_AT + 100 && now < FAULT_AT + FAULT_MS ? "edge-1 is not running" : null;
  };
  const again = begin(late, orderFor("kill-edge", { target: "edge-1" }));
  await again.ended;
  const { state, events } = again.progress.report();
  expect(state).toBe("passed");
  expect(events.map(({ text }) => text)).toContain("edge-1 was not killed again: edge-1 is not running");
  const gone = new ChaosBench();
  gone.leverProblem = "edge-1 is not running";
  const never = begin(gone, orderFor("kill-edge", { target: "edge-1" }));
  await never.ended;
  expect(never.progress.report()).toMatchObject({ state: "failed", problem: "edge-1 is not running" });
});

describe("a report that the control plane takes", () => {
  const isTaken = (progress: Progress): boolean =>
    readReport(JSON.stringify(progress.report())).kind === "report";

  test.each(EXPERIMENTS)("comes of %s", async (name) => {
    const { ended, progress } = begin(new ChaosBench(), orderFor(name));
    expect(isTaken(progress)).toBe(true);
    await ended;
    expect(isTaken(progress)).toBe(true);
  });

  test("comes of errors of any length and any number", async () => {
    const bench = new ChaosBench();
    bench.leverProblem = "no such process ".repeat(1000);
    const failing = begin(bench, orderFor("kill-edge"));
    await failing.ended;
    expect(failing.progress.report().problem).toMatch(/^no such process .*…$/);
    expect(isTaken(failing.progress)).toBe(true);
    const noisy = new ChaosBench();
    noisy.requestAt = (now) => ({ hit: false, error: `an error of its own at ${now}` });
    const { ended, progress } = begin(noisy, orderFor("kill-edge"));
    await ended;
    expect(progress.report().verdicts.map(({ name }) => name)).toContain("client-errors");
    expect(isTaken(progress)).toBe(true);
  });
});

describe("what an order is aimed at", () => {
  const ground = new ChaosBench();
  const at = (
    name: Name,
    more: Partial<ChaosOrder> = {},
    of: Pick<ChaosBench, "edges" | "databases"> = ground,
  ) => aim(orderFor(name, more), EXPERIMENT[name], of);

  test("the same seed picks the same, and different ones pick each", () => {
    const picked = Array.from({ length: 40 }, (_, seed) => at("kill-edge", { seed }));
    expect(picked).toEqual(Array.from({ length: 40 }, (_, seed) => at("kill-edge", { seed })));
    expect(new Set(picked.map((one) => JSON.stringify(one))).size).toBe(4);
  });

  test("control is never picked, but may be named", () => {
    for (let seed = 0; seed < 40; seed++)
      expect(at("kill-shard", { seed })).not.toMatchObject({ target: "control" });
    expect(at("kill-shard", { target: "control" })).toEqual({ kind: "at", target: "control" });
  });

  test("where there is no other database, it is control", () => {
    const alone = { edges: ground.edges, databases: ["control"] as const };
    expect(at("slow-tier", {}, alone)).toEqual({ kind: "at", target: "control" });
    expect(at("flush-shard", {}, alone)).toMatchObject({ kind: "refused" });
  });

  test.each<[string, Name, string]>([
    ["control is not emptied", "flush-shard", "control"],
    ["an edge is no shard", "kill-shard", "edge-1"],
    ["a shard is no edge", "partition", "shard-2"],
    ["what there isn't", "kill-edge", "edge-9"],
    ["a site's experiment takes no place", "origin-down", "edge-1"],
  ])("refused: %s", (_what, name, target) => {
    expect(at(name, { target })).toMatchObject({ kind: "refused" });
  });

  test("of two edges none may be broken", () => {
    const two = { edges: ["edge-1", "edge-2"] as const, databases: ground.databases };
    expect(at("kill-edge", {}, two)).toMatchObject({ kind: "refused" });
  });
});
