// The invalidation log in memory: what the real one tells, without durability.

import type { LogEntry, LogPayload } from "../../shared/core/log-entry.ts";
import { type LogIndex, mark, softSince } from "../../shared/core/log-index.ts";
import type { Position } from "../../shared/core/position.ts";
import { elapsed, type Instant, millis, type Selector } from "../../shared/core/units.ts";
import type {
  AppendOutcome,
  AppendQuery,
  CheckOutcome,
  Joint,
  Log,
  LogHead,
  SinceOutcome,
  SnapshotOutcome,
} from "../../shared/ports/mid-tier.ts";
import { replicasAsked } from "../../shared/wire/configuration.ts";
import type { Reachable } from "./reachable.ts";

interface Kept {
  readonly payload: LogPayload;
  readonly at: Instant;
}

const EPOCH = 1;
const hashOf = (seq: number): string => `hash-${seq}`;

export class FakeLog implements Log {
  private readonly entries: Kept[] = [];
  private readonly index: LogIndex = new Map();
  private readonly operations = new Map<string, Position>();
  private readonly configuration = new Map<string, string>();
  private readonly reachable: Reachable;

  constructor(reachable: Reachable) {
    this.reachable = reachable;
  }

  append(query: AppendQuery): Promise<AppendOutcome> {
    return this.reachable.call((): AppendOutcome => {
      // There are as many as anybody waits for; what was not waited for is told to nobody.
      if (query.replicas < replicasAsked(this.configuration)) return { kind: "unreplicated" };
      const now = this.reachable.now();
      const before = this.operations.get(query.operationId);
      const position = before ?? { epoch: EPOCH, seq: this.entries.length + 1 };
      if (before === undefined) {
        this.entries.push({ payload: query.payload, at: now });
        this.operations.set(query.operationId, position);
        const mode = query.payload.kind === "config" ? "hard" : query.payload.mode;
        for (const selector of query.payload.selectors)
          mark(this.index, selector, { mode, seq: position.seq, at: now });
      }
      const from = Math.max(0, position.seq - 1 - (query.preceding ?? 0));
      return {
        kind: "appended",
        position,
        at: now,
        told: true,
        entry: this.entryAt(position.seq),
        preceding: this.range(from + 1, position.seq - 1),
      };
    });
  }

  /** As the control plane does: an entry that replaces one field, or takes it out. */
  configure(field: string, value: string | null): void {
    if (value === null) this.configuration.delete(field);
    else this.configuration.set(field, value);
    const payload: LogPayload = { kind: "config", field, value, selectors: [] };
    this.entries.push({ payload, at: this.reachable.now() });
  }

  async confirm(): Promise<{ readonly kind: "confirmed" }> {
    return { kind: "confirmed" };
  }

  async untold(): Promise<{ readonly kind: "nothing" }> {
    return { kind: "nothing" };
  }

  /** It always has room. */
  async withhold(): Promise<void> {}

  async takesWrites(): Promise<{ readonly kind: "takes-writes" }> {
    return { kind: "takes-writes" };
  }

  since({ seq }: Joint, limit: number): Promise<SinceOutcome> {
    return this.reachable.call(
      (): SinceOutcome => ({
        kind: "entries",
        entries: this.range(seq + 1, Math.min(this.entries.length, seq + limit)),
        head: this.head(),
        at: this.reachable.now(),
      }),
    );
  }

  snapshot(): Promise<SnapshotOutcome> {
    return this.reachable.call(
      (): SnapshotOutcome => ({
        kind: "snapshot",
        head: this.head(),
        configuration: new Map(this.configuration),
        at: this.reachable.now(),
      }),
    );
  }

  check(selectors: readonly Selector[], position: Position): Promise<CheckOutcome> {
    return this.reachable.call((): CheckOutcome => {
      let since: Instant | null = null;
      for (const selector of selectors) {
        const newest = this.index.get(selector);
        if (newest === undefined) continue;
        if (newest.hard > position.seq) return { kind: "hit" };
        const by = softSince(newest, position.seq);
        if (by !== null && (since === null || by < since)) since = by;
      }
      const at = { epoch: EPOCH, seq: this.entries.length };
      if (since === null) return { kind: "ok", position: at };
      return { kind: "soft", position: at, age: elapsed(since, this.reachable.now()) };
    });
  }

  private head(): LogHead {
    return { epoch: EPOCH, seq: this.entries.length, hash: hashOf(this.entries.length) };
  }

  private range(from: number, to: number): LogEntry[] {
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => this.entryAt(from + at));
  }

  private entryAt(seq: number): LogEntry {
    const kept = this.entries[seq - 1];
    if (kept === undefined) throw new RangeError(`there is no entry ${seq}`);
    return {
      epoch: EPOCH,
      seq,
      previous: hashOf(seq - 1),
      hash: hashOf(seq),
      age: millis(elapsed(kept.at, this.reachable.now())),
      payload: kept.payload,
    };
  }
}
