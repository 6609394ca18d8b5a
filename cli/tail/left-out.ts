// How many requests were let through by the filter and not shown: on a terminal as it grows, elsewhere once at the end.

import type { DroppedRequests } from "../../client/schemas.ts";
import type { Output } from "../output.ts";
import { count } from "../wording.ts";

export class LeftOut {
  private readonly out: Output;
  private requests = 0;
  private lost = false;

  constructor(out: Output) {
    this.out = out;
  }

  add({ requests }: DroppedRequests): void {
    if (requests === null) this.lost = true;
    else this.requests += requests;
    this.showAgain();
  }

  /** Below the line that was just shown. */
  showAgain(): void {
    if (this.requests > 0) this.out.progress(() => `${this.text()} so far`);
  }

  close(): void {
    this.out.clear();
    if (this.requests > 0) this.out.warn(`${this.text()}: --rate shows more of them.`);
    if (this.lost) this.out.warn("Some were lost on their way here; nobody knows how many.");
  }

  private text(): string {
    return `${count(this.requests, "request")} more ${this.requests === 1 ? "was" : "were"} not shown`;
  }
}
