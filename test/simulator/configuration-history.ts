// Which fields of the configuration stood in Redis at which position of the log, as its own effects tell.

import type { Position } from "../../shared/core/position.ts";

interface Epoch {
  readonly atBeginning: ReadonlySet<string>;
  readonly changes: { readonly seq: number; readonly field: string; readonly stands: boolean }[];
}

export class ConfigurationHistory {
  private readonly now = new Set<string>();
  private readonly epochs = new Map<number, Epoch>();

  has(fields: readonly string[]): boolean {
    return fields.every((field) => this.now.has(field));
  }

  beginEpoch(epoch: number): void {
    this.epochs.set(epoch, { atBeginning: new Set(this.now), changes: [] });
  }

  entry({ epoch, seq }: Position, field: string, stands: boolean): void {
    if (stands) this.now.add(field);
    else this.now.delete(field);
    this.epochs.get(epoch)?.changes.push({ seq, field, stands });
  }

  flushed(): void {
    this.now.clear();
  }

  /** Redis went back to that position, and has these fields. */
  wentBack({ epoch, seq }: Position, fields: readonly string[]): void {
    this.now.clear();
    for (const field of fields) this.now.add(field);
    const changes = this.epochs.get(epoch)?.changes ?? [];
    changes.splice(0, changes.length, ...changes.filter((change) => change.seq <= seq));
  }

  /** Whether whoever knows the log up to there knows the field. */
  knownAt({ epoch, seq }: Position, field: string): boolean {
    const of = this.epochs.get(epoch);
    const last = of?.changes.filter((change) => change.field === field && change.seq <= seq).at(-1);
    return last?.stands ?? of?.atBeginning.has(field) ?? false;
  }
}
