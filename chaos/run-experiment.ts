// One experiment from its first request to its verdicts; whatever happens on the way, everything is healed.

import type { Breakable } from "../dev/chaos/lever.ts";
import type { ChaosOrder } from "../shared/wire/chaos.ts";
import { LIMITS, RECOVERED_SHARE } from "./config.ts";
import { type Experiment, isDatabase, type OriginBudget } from "./experiment.ts";
import type { PullLever } from "./lever-calls.ts";
import type { Look } from "./look.ts";
import { aborted } from "./pause.ts";
import type { Progress } from "./progress.ts";
import type { SetStage, Stage } from "./stage/stage.ts";
import { Watch } from "./took-effect.ts";
import { checkableIn, type Evidence, verdictsOf } from "./verdicts.ts";

export interface ExperimentPorts {
  /** The clock of the history. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly pull: PullLever;
  readonly setStage: SetStage;
  readonly look: Look;
  readonly edges: readonly Breakable[];
  readonly databases: readonly Breakable[];
}

export interface Run {
  readonly order: ChaosOrder;
  readonly experiment: Experiment;
  readonly target: string;
  readonly progress: Progress;
  /** Ends it at once. */
  readonly signal: AbortSignal;
}

/** Nearly what clients ask for, and each edge's share a little more than its clients': in nobody's way unless that is tried. */
const USUAL_BUDGET: OriginBudget = { rate: 40, burst: 40, share: { rate: 16, burst: 16 } };

/** Never rejects: what went wrong stands in the report. */
export async function runExperiment(ports: ExperimentPorts, run: Run): Promise<void> {
  const { progress, signal } = run;
  let stage: Stage | null = null;
  try {
    const budget = run.experiment.budget ?? USUAL_BUDGET;
    stage = await ports.setStage({ order: run.order, budget, signal });
    progress.watch(stage.history);
    const course = await goThrough(ports, run, stage);
    if (!signal.aborted) progress.judged(verdictsOf({ ...course, budget: mostOf(budget, ports, run) }));
  } catch (error) {
    progress.failed(error instanceof Error ? error.message : String(error));
  } finally {
    await heal(ports, run, stage);
    // What was not gone through to its end sends and purges still.
    await stage?.end().catch((error: Error) => progress.failed(`ending: ${error.message}`));
    await stage?.close();
    progress.over();
  }
}

async function heal({ pull }: ExperimentPorts, { progress }: Run, stage: Stage | null): Promise<void> {
  stage?.origin.set({ kind: "up" });
  await pull({ kind: "heal" }).catch((error: Error) => progress.failed(`healing: ${error.message}`));
}

type Course = Omit<Evidence, "budget">;

async function goThrough(ports: ExperimentPorts, run: Run, stage: Stage): Promise<Course> {
  const { now, sleep } = ports;
  const { progress, signal, order } = run;
  // What is broken for a moment only is not prepared for any longer.
  const atMost = (span: number): number => Math.min(span, order.durationMs);
  const enter = (phase: "steady" | "fault" | "recovery" | "verifying"): number => {
    const at = now();
    stage.history.enter(phase, at);
    progress.enter(phase);
    return at;
  };
  stage.begin();
  await sleep(atMost(LIMITS.warming), signal);
  const steadyAt = enter("steady");
  await sleep(atMost(LIMITS.steady), signal);
  const watch = new Watch(ports.look, run.experiment.effect, { ...ports, order, target: run.target });
  await watch.glance("before");
  const faultAt = enter("fault");
  const steadyRatio = stage.history.hitRatio(steadyAt, faultAt);
  await injectAll(ports, run, { stage, faultAt, watch });
  await heal(ports, run, stage);
  const healedAt = enter("recovery");
  progress.note("everything was healed");
  const recovered = await recover(ports, run, { stage, healedAt, steadyRatio });
  enter("verifying");
  const { withheld } = await stage.end();
  const findings = signal.aborted ? null : await settle(ports, run, stage);
  return {
    ...{ bounds: run.experiment.bounds, target: run.target },
    history: stage.history,
    ...{ violations: stage.violations(), withheld, steadyRatio },
    effect: run.experiment.effect,
    signs: { looks: watch, metOrigin: stage.origin.metUnwell(), purgedAll: purgedAllSince(stage, faultAt) },
    ...recovered,
    findings,
  };
}

const purgedAllSince = ({ ledger }: Stage, faultAt: number): number =>
  ledger.filter(({ everything, acknowledged }) => everything && (acknowledged?.at ?? 0) >= faultAt).length;

/** Each step in its time; what is under way when time is over is waited for. Looks go on in between. */
async function injectAll(
  { now, sleep, pull, edges, databases }: ExperimentPorts,
  { order, experiment, target, progress, signal }: Run,
  { stage, faultAt, watch }: { stage: Stage; faultAt: number; watch: Watch },
): Promise<void> {
  const lookOnUntil = async (until: number): Promise<void> => {
    for (; !signal.aborted && until - now() > LIMITS.glance; await sleep(LIMITS.look, signal))
      await watch.glance("during");
    await sleep(until - now(), signal);
  };
  const scene = {
    ...{ order, target, edges, databases, origin: stage.origin },
    async pull(lever: Parameters<PullLever>[0]) {
      if (!signal.aborted) await pull(lever);
    },
    // It is sent until somebody acknowledges it, which may be never.
    purgeAll: () => Promise.race([stage.purgeAll(), aborted(signal)]),
    note: (text: string) => progress.note(text),
  };
  for (const { at, act } of experiment.steps) {
    await lookOnUntil(faultAt + at * order.durationMs);
    if (signal.aborted) return;
    await act(scene);
  }
  await lookOnUntil(faultAt + order.durationMs);
}

/** Looks until hits and edges are back, and who was broken was asked for what would show; or time is over. */
async function recover(
  { now, sleep }: ExperimentPorts,
  { target, signal }: Run,
  { stage, healedAt, steadyRatio }: { stage: Stage; healedAt: number; steadyRatio: number | null },
): Promise<Pick<Evidence, "recoveredMs" | "convergedMs" | "waitedMs">> {
  const { history } = stage;
  const before = stage.ledger.filter(({ acknowledged }) => acknowledged !== null);
  let recoveredMs: number | null = null;
  let convergedMs: number | null = null;
  while (!signal.aborted && now() - healedAt < LIMITS.recovery) {
    await sleep(LIMITS.look, signal);
    if (convergedMs === null && (await stage.converged(before)) === true) convergedMs = now() - healedAt;
    const at = now();
    const ratio = at - healedAt < LIMITS.ratioSpan ? null : history.hitRatioNow(at, LIMITS.ratioSpan);
    if (
      recoveredMs === null &&
      steadyRatio !== null &&
      ratio !== null &&
      ratio >= RECOVERED_SHARE * steadyRatio
    )
      recoveredMs = at - healedAt;
    if (recoveredMs !== null && convergedMs !== null && checkableIn({ history, target }) > 0) break;
  }
  return { recoveredMs, convergedMs, waitedMs: now() - healedAt };
}

/** What was purged last takes a moment to be applied everywhere. */
async function settle({ now, sleep }: ExperimentPorts, { signal }: Run, stage: Stage) {
  const giveUpAt = now() + LIMITS.settling;
  for (;;) {
    const findings = await stage.findings();
    const isClean = findings !== null && findings.missing + findings.unapplied === 0;
    if (isClean || signal.aborted || now() > giveUpAt) return findings;
    await sleep(LIMITS.look, signal);
  }
}

/** Whoever can't reach `control`, where the bucket is, spends a share of its own. */
function mostOf(
  { rate, burst, share }: OriginBudget,
  { edges }: ExperimentPorts,
  { order, experiment, target }: Run,
): Evidence["budget"] {
  const apart = target === "control" ? edges.length : isDatabase(target) ? 0 : 1;
  const shares = experiment.bounds.spendsShares(order) ? apart : 0;
  return { rate: rate + shares * share.rate, burst: burst + shares * share.burst };
}
