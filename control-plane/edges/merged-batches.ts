// Which of the batches that edges number and repeat have been merged: an edge is told, and sends them no more.

import type { Counted } from "../../shared/wire/audit.ts";

interface Numbered {
  readonly edge: string;
  readonly boot: string;
  readonly batch: { readonly number: number };
}

export class MergedBatches {
  private readonly last = new Map<string, Counted>();

  lastOf(edge: string): Counted | null {
    return this.last.get(edge) ?? null;
  }

  has({ edge, boot, batch }: Numbered): boolean {
    const last = this.last.get(edge);
    return last?.boot === boot && last.number >= batch.number;
  }

  add({ edge, boot, batch }: Numbered): void {
    this.last.set(edge, { boot, number: batch.number });
  }
}
