// An experiment's surroundings in virtual time: a stage on which requests are what the test says, and levers that note what was pulled.

import type { OriginState } from "../../chaos/experiment.ts";
import { History, type SeenRequest } from "../../chaos/history.ts";
import type { ExperimentPorts } from "../../chaos/run-experiment.ts";
import type { Stage } from "../../chaos/stage/stage.ts";
import type { Breakable, Lever } from "../../dev/chaos/lever.ts";
import { type LeverPorts, Levers } from "../../dev/chaos/levers.ts";

export class ChaosBench {
  now = 0;
  readonly edges: readonly Breakable[] = ["edge-1", "edge-2", "edge-3", "edge-4"];
  readonly databases: readonly Breakable[] = ["control", "shard-2", "shard-3", "shard-4"];
  /** What is broken now, by the levers that act on it. */
  readonly broken = new Set<string>();
  readonly pulled: { readonly at: number; readonly lever: Lever }[] = [];
  readonly origin: { readonly at: number; readonly state: OriginState }[] = [];
  isClosed = false;
  /** Whether clients still ask and purge. */
  isAsked = false;
  /** Called as virtual time passes. */
  onTime: (now: number) => void = () => undefined;
  requestAt: (now: number) => Partial<SeenRequest> = () => ({});
  /** Of what is sent then nothing is heard. */
  isUnanswered: (now: number) => boolean = () => false;
  isConverged: () => boolean | null = () => true;
  /** As many as there were until then. */
  checkableAt: (now: number) => number = (now) => now / 1000;
  purgeAll: () => Promise<void> = async () => undefined;
  stageProblem: string | null = null;
  leverProblem: string | null = null;
  private readonly history = new History();
  private readonly levers = new Levers(this.leverPorts());

  readonly ports: ExperimentPorts = {
    now: () => this.now,
    sleep: (ms, signal) => this.pass(ms, signal),
    pull: async (lever) => {
      this.pulled.push({ at: this.now, lever });
      if (this.leverProblem !== null && lever.kind !== "heal") throw new Error(this.leverProblem);
      await this.levers.pull(lever);
    },
    setStage: async () => {
      if (this.stageProblem !== null) throw new Error(this.stageProblem);
      return this.stage();
    },
    edges: this.edges,
    databases: this.databases,
  };

  /** Twenty requests a second, as long as it lasts, each edge in turn, half of it from L2; and two asks of the origin. */
  private async pass(ms: number, signal: AbortSignal): Promise<void> {
    const until = this.now + Math.max(0, ms);
    while (this.now < until && !signal.aborted) {
      this.now = Math.min(until, this.now + 50);
      const more = this.requestAt(this.now);
      const number = this.history.requests.length;
      this.history.sent += 1;
      if (this.isUnanswered(this.now)) continue;
      this.history.requests.push({
        ...{ dueAt: this.now, endedAt: this.now + 1, hit: true, error: null, path: `/${number}` },
        ...{ edge: `edge-${1 + (number % 4)}`, source: Math.floor(number / 4) % 2 === 0 ? "l1" : "l2" },
        ...{ forgivable: null, failedOver: false },
        ...more,
      });
      if (this.now % 500 === 0) this.history.asks.push({ number: this.history.asks.length, at: this.now });
      this.onTime(this.now);
      await Promise.resolve();
    }
  }

  private stage(): Stage {
    const ledger = [{ reason: "r", sentAt: 0, tries: 1, acknowledged: { id: "i", position: "1-1", at: 1 } }];
    return {
      origin: { set: (state) => void this.origin.push({ at: this.now, state }) },
      history: this.history,
      ledger,
      violations: () => ({ count: 0, byRule: {}, worstLateMs: 0 }),
      checkable: () => this.checkableAt(this.now),
      purgeAll: () => this.purgeAll(),
      begin: () => {
        this.isAsked = true;
      },
      end: async () => {
        this.isAsked = false;
        return { withheld: 0 };
      },
      converged: async () => this.isConverged(),
      findings: async () => ({ acknowledged: 1, missing: 0, doubled: 0, unapplied: 0, chainHolds: true }),
      close: async () => {
        this.isClosed = true;
      },
    };
  }

  private leverPorts(): LeverPorts {
    const { broken } = this;
    const mark = (what: string, is: boolean): void => void (is ? broken.add(what) : broken.delete(what));
    return {
      processes: new Map(
        ["edge-1", "edge-2", "edge-3", "edge-4", "control", "shard-2", "shard-3", "shard-4"].map((place) => [
          place as Breakable,
          {
            pid: () => 1,
            signal: (name) => {
              if (name !== "SIGKILL") mark(`paused ${place}`, name === "SIGSTOP");
            },
            hold: async () => mark(`held ${place}`, true),
            release: () => mark(`held ${place}`, false),
          },
        ]),
      ),
      tellStopped: async () => true,
      setLink: (from, to, state) => mark(`${from} → ${to}`, state.kind !== "pass"),
      healLinks: () => {
        for (const what of broken) if (what.includes("→")) broken.delete(what);
      },
      flush: async () => undefined,
      dropDisk: () => undefined,
      shiftClock: async (place, ms) => mark(`clock ${place}`, ms !== 0),
      after: () => () => undefined,
    };
  }
}
