// An experiment's surroundings in virtual time: a stage on which requests are what the test says, and levers that note what was pulled.

import type { OriginState } from "../../chaos/experiment.ts";
import { History, type SeenRequest } from "../../chaos/history.ts";
import type { Looked, Seen } from "../../chaos/look.ts";
import type { ExperimentPorts } from "../../chaos/run-experiment.ts";
import type { LedgerEntry } from "../../chaos/stage/purges.ts";
import type { Stage } from "../../chaos/stage/stage.ts";
import type { Breakable, Lever } from "../../dev/chaos/lever.ts";
import { type LeverPorts, Levers } from "../../dev/chaos/levers.ts";
import type { LinkState } from "../../dev/faults/link-state.ts";

const entry = (at: number, everything: boolean): LedgerEntry => ({
  ...{ reason: "r", sentAt: at, everything, tries: 1 },
  acknowledged: { id: "i", position: "1-1", at: at + 1 },
});

export class ChaosBench {
  now = 0;
  readonly edges: readonly Breakable[] = ["edge-1", "edge-2", "edge-3", "edge-4"];
  readonly databases: readonly Breakable[] = ["control", "shard-2", "shard-3", "shard-4"];
  private readonly downUntil = new Map<string, number>();
  private linkState: LinkState = { kind: "pass" };
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
  /** Where it isn't, levers are pulled and nothing comes of it. */
  isBreakable = true;
  /** Of what is sent then nothing is heard. */
  isUnanswered: (now: number) => boolean = () => false;
  isConverged: () => boolean | null = () => true;
  /** By a purge that was sent two seconds before it, as a rule. */
  boundByAt: (now: number) => number | null = (now) => now - 2000;
  purgeAll: () => Promise<void> = async () => undefined;
  stageProblem: string | null = null;
  leverProblem: string | null = null;
  private readonly history = new History();
  private readonly ledger: LedgerEntry[] = [entry(0, false)];
  /** Keys of each database. */
  private keys = 100;
  private metUnwell = 0;
  private readonly levers = new Levers(this.leverPorts());

  readonly ports: ExperimentPorts = {
    now: () => this.now,
    sleep: (ms, signal) => this.pass(ms, signal),
    pull: async (lever) => {
      this.pulled.push({ at: this.now, lever });
      if (this.leverProblem !== null && lever.kind !== "heal") throw new Error(this.leverProblem);
      if (lever.kind === "kill" && this.isBreakable) this.downUntil.set(lever.place, this.now + 1500);
      if (lever.kind === "flush" && this.isBreakable) this.keys = 3;
      if (lever.kind === "link" && lever.state.kind !== "pass") this.linkState = lever.state;
      await this.levers.pull(lever);
    },
    setStage: async () => {
      if (this.stageProblem !== null) throw new Error(this.stageProblem);
      return this.stage();
    },
    look: async (at) => this.seenOf(at),
    edges: this.edges,
    databases: this.databases,
  };

  /** Past all proxies, over a way, or asked how it is. */
  private seenOf(at: Looked): Seen {
    const answered = { kind: "answered", status: 200, tookMs: 2, keys: null } as const;
    const { broken } = this;
    if (!this.isBreakable) return at.kind === "database" ? { ...answered, keys: this.keys } : answered;
    if (at.kind === "clock") return { ...answered, status: broken.has(`clock ${at.place}`) ? 404 : 200 };
    if (at.kind === "database")
      return broken.has(`held ${at.place}`) || broken.has(`paused ${at.place}`)
        ? { kind: "unanswered" }
        : { ...answered, keys: this.keys };
    if (!broken.has(`${at.from} → ${at.to}`)) return answered;
    return this.linkState.kind === "delay" ? { ...answered, tookMs: 402 } : { kind: "unanswered" };
  }

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
        ...{ forgivable: null, refusedBy: this.refusing(), boundBy: this.boundByAt(this.now) },
        ...more,
      });
      if (this.isBreakable && (this.origin.at(-1)?.state.kind ?? "up") !== "up") this.metUnwell += 1;
      if (this.now % 500 === 0) this.history.asks.push({ number: this.history.asks.length, at: this.now });
      this.onTime(this.now);
      await Promise.resolve();
    }
  }

  /** The edge that nobody reaches now; whoever was to ask it asks the next one. */
  private refusing(): string | null {
    if (!this.isBreakable) return null;
    const held = [...this.broken].find((what) => what.startsWith("held edge-"))?.slice("held ".length);
    const down = [...this.downUntil].find(([, until]) => this.now < until);
    return held ?? down?.[0] ?? null;
  }

  private stage(): Stage {
    const { ledger } = this;
    return {
      origin: {
        set: (state) => void this.origin.push({ at: this.now, state }),
        metUnwell: () => this.metUnwell,
      },
      history: this.history,
      ledger,
      violations: () => ({ count: 0, byRule: {}, worstLateMs: 0 }),
      purgeAll: async () => {
        await this.purgeAll();
        if (this.isBreakable) ledger.push(entry(this.now, true));
      },
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
              return true;
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
