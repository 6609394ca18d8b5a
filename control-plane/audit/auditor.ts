// The online auditor: follows the log by its own reading, and judges by it what edges tell of the reads that they served.

import { comparePositions, formatPosition } from "../../shared/core/position.ts";
import { fromOf, lately, learnPage, type RecentLog } from "../../shared/core/recent-log.ts";
import { elapsed, type Instant } from "../../shared/core/units.ts";
import type { Audits, BatchCounts } from "../../shared/mid-tier/audits.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Log, Unavailable } from "../../shared/ports/mid-tier.ts";
import type { AuditSample, Counted, Watched } from "../../shared/wire/audit.ts";
import type { StatusReport } from "../../shared/wire/internal.ts";
import { LIMITS } from "../config.ts";
import { type Index, type Moment, readOf, type Tally, tally, type Violation } from "./tally.ts";

export interface AuditorPorts {
  readonly audits: Audits;
  readonly log: Pick<Log, "check">;
  readonly clock: Pick<Clock, "now">;
  /** Where violations are told. */
  readonly tell: (line: string) => void;
}

/** One edge's report under the name by which it is listed, and when it was made. */
export interface TimedReport {
  readonly edge: string;
  readonly report: Pick<StatusReport, "boot" | "audit">;
  readonly at: Moment;
}

type Done = { readonly kind: "done" };

const RECENT_LIMITS = {
  entries: LIMITS.auditEntries,
  selectors: LIMITS.auditSelectors,
  characters: LIMITS.auditCharacters,
};
const WATCH_ROOM = { selectors: LIMITS.watchSelectors, characters: LIMITS.watchCharacters };

export class Auditor {
  private readonly ports: AuditorPorts;
  private recent: RecentLog | null = null;
  /** The log's, read before all of it was; null where not all of it was. */
  private reachedAt: string | null = null;
  /** The last batch of each edge that is counted. */
  private readonly counted = new Map<string, Counted>();
  private told: { line: string; at: Instant } | null = null;

  constructor(ports: AuditorPorts) {
    this.ports = ports;
  }

  /** What the edges shall take a closer look at, from what was read of the log and from no edge. `now` is Redis TIME. */
  watched(now: number): Watched[] {
    if (this.recent === null) return [];
    return [...lately(this.recent, now - LIMITS.watchFor, WATCH_ROOM)].map(([selector, position]) => ({
      selector,
      position: formatPosition(position),
    }));
  }

  countedOf(edge: string): Counted | null {
    return this.counted.get(edge) ?? null;
  }

  /** Judges what is new in the reports; what could not be counted comes again with the next ones. */
  async judge(reports: readonly TimedReport[], now: number): Promise<Done | Unavailable> {
    const fresh = reports.flatMap((report) => {
      const batch = report.report.audit;
      return batch !== null && this.isNew(report, batch.number) ? [{ ...report, batch }] : [];
    });
    if (fresh.length === 0) return { kind: "done" };
    // In this order: whatever the index speaks of is then in what was read of the log, or older than it.
    const index = await this.askIndex(fresh.flatMap(({ batch }) => batch.samples));
    const followed = await this.follow();
    const { recent } = this;
    if (followed.kind === "unavailable" || recent === null) return followed;
    const batches = fresh.map(({ edge, report, batch, at }) => {
      const found = tally({ edge, samples: batch.samples, at }, { recent, index });
      return { found, batch: countsOf({ edge, boot: report.boot, number: batch.number }, found) };
    });
    const outcome = await this.ports.audits.count(
      batches.map(({ batch }) => batch),
      now,
    );
    if (outcome.kind === "unavailable") return outcome;
    for (const { batch, found } of batches) {
      this.counted.set(batch.edge, { boot: batch.boot, number: batch.number });
      if (found.last !== null && outcome.fresh.includes(batch)) this.tell(found.last);
    }
    return { kind: "done" };
  }

  private isNew({ edge, report }: TimedReport, number: number): boolean {
    const counted = this.counted.get(edge);
    return counted?.boot !== report.boot || counted.number < number;
  }

  /** As `follow`, unless the log has not moved since all of it was read: `mark` is its own, as the directory has it. */
  async keepUp(mark: string): Promise<Done | Unavailable> {
    if (this.reachedAt === mark) return { kind: "done" };
    const outcome = await this.follow();
    this.reachedAt = outcome.kind === "done" ? mark : null;
    return outcome;
  }

  /** Reads the log to its head, or as far as one beat allows. Where it can't, what is known stays as it was. */
  async follow(): Promise<Done | Unavailable> {
    for (let page = 0; page < LIMITS.auditPages; page++) {
      const { recent } = this;
      const known = recent && { epoch: recent.epoch, seq: recent.head, hash: recent.hash };
      const outcome = await this.ports.audits.recent(known, LIMITS.auditPage);
      if (outcome.kind === "unavailable") return outcome;
      if (outcome.kind === "none") {
        this.recent = null;
        return { kind: "done" };
      }
      this.recent = learnPage(this.recent, outcome.page, RECENT_LIMITS);
      if (this.recent.head >= outcome.head) return { kind: "done" };
    }
    return { kind: "unavailable", reason: "the log grows faster than it is read" };
  }

  /** Of answers that are older than what is held of the log, a few; each once, however often it was served. */
  private async askIndex(samples: readonly AuditSample[]): Promise<(sample: AuditSample) => Index> {
    const { recent } = this;
    const found = new Map<string, Promise<Index>>();
    const nameOf = ({ asOf, selectors }: AuditSample): string => [asOf, ...selectors].join("\n");
    for (const sample of samples) {
      const read = readOf(sample);
      if (recent === null || read === null || found.size >= LIMITS.auditChecks) break;
      if (comparePositions(read.asOf, fromOf(recent)) >= 0 || found.has(nameOf(sample))) continue;
      found.set(nameOf(sample), this.check(read));
    }
    const answers = new Map<string, Index>();
    for (const [name, answer] of found) answers.set(name, await answer);
    return (sample) => (answers.size === 0 ? "unknown" : (answers.get(nameOf(sample)) ?? "unknown"));
  }

  private async check({
    selectors,
    asOf,
  }: Pick<NonNullable<ReturnType<typeof readOf>>, "selectors" | "asOf">) {
    const { kind } = await this.ports.log.check(selectors, asOf);
    // A soft invalidation hides no hard one.
    if (kind === "ok" || kind === "soft") return "ok";
    return kind === "hit" ? "hit" : "unknown";
  }

  /** Once for each kind of it, not once a beat. */
  private tell({ edge, class: name, tier, rule, selector }: Violation): void {
    const line = `${rule} in class ${name}, named by ${selector === null ? "what is not known" : `a selector of kind ${selector}`}`;
    const now = this.ports.clock.now();
    const known = this.told?.line === line && elapsed(this.told.at, now) < LIMITS.auditQuiet;
    this.told = { line, at: now };
    if (!known) this.ports.tell(`auditor: violation at ${edge}, from ${tier}: ${line}`);
  }
}

const countsOf = (
  of: Pick<BatchCounts, "edge" | "boot" | "number">,
  { counts, last }: Tally,
): BatchCounts => ({
  ...of,
  counts,
  lastViolation: last === null ? null : JSON.stringify(last),
});
