// One person's view of requests as they happen: what edges show of them, no faster than he asked for, and what is left out.

import { elapsed, type Instant } from "../../shared/core/units.ts";
import type { KeptBatch, TailLine, TailWatch } from "../../shared/wire/request-tail.ts";
import type { ControlPlane } from "../control-plane.ts";

export type ShownRequest = Omit<TailLine, "at"> & {
  readonly at: string;
  readonly edge: string;
  readonly region: string;
};

/** `rate`: so many more were let through by the filter, which nobody wanted to see; `lost`: on the way, nobody knows how many. */
export type Dropped =
  | { readonly reason: "rate"; readonly edge: string; readonly requests: number }
  | { readonly reason: "lost"; readonly edge: string; readonly requests: null };

export type Followed =
  | {
      readonly kind: "news";
      readonly requests: readonly ShownRequest[];
      readonly dropped: readonly Dropped[];
    }
  | { readonly kind: "full" }
  | { readonly kind: "silent" };

type Ports = Pick<ControlPlane, "requestTails" | "clock">;

export class RequestFollower {
  private readonly ports: Ports;
  private readonly watch: TailWatch;
  private place: string | null = null;
  /** The last batch of each edge's present life. */
  private readonly last = new Map<string, { readonly boot: string; readonly number: number }>();
  /** How many lines may be shown, and since when that is so. */
  private allowed: number;
  private since: Instant;

  constructor(ports: Ports, watch: TailWatch) {
    this.ports = ports;
    this.watch = watch;
    this.allowed = watch.ratePerSecond;
    this.since = ports.clock.now();
  }

  async next(): Promise<Followed> {
    const read = await this.ports.requestTails.read(this.watch, this.place);
    if (read.kind === "unavailable") return { kind: "silent" };
    if (read.kind === "full") return read;
    this.place = read.place;
    const news = read.batches.map((batch) => this.take(batch));
    const lost = news.flatMap(({ dropped }) => dropped);
    const requests = news.flatMap(({ shown }) => shown).sort((a, b) => (a.at < b.at ? -1 : 1));
    return { kind: "news", ...this.within(requests, lost) };
  }

  private take({ edge, boot, region, batch }: KeptBatch): { shown: ShownRequest[]; dropped: Dropped[] } {
    const { id } = this.watch;
    const before = this.last.get(edge);
    this.last.set(edge, { boot, number: batch.number });
    const gap = before?.boot === boot && batch.number > before.number + 1;
    const mine = batch.rows.filter((row) => row.for.includes(id));
    const left = (batch.seen[id] ?? 0) - mine.length;
    return {
      shown: mine.map(({ line: { at, ...line } }) => ({
        at: new Date(at).toISOString(),
        edge,
        region,
        ...line,
      })),
      dropped: [
        ...(gap ? [{ reason: "lost", edge, requests: null } as const] : []),
        ...(left > 0 ? [{ reason: "rate", edge, requests: left } as const] : []),
      ],
    };
  }

  /** Each edge keeps to the rate; together they may exceed it: then some are left out, evenly. */
  private within(
    requests: readonly ShownRequest[],
    dropped: readonly Dropped[],
  ): { readonly requests: readonly ShownRequest[]; readonly dropped: readonly Dropped[] } {
    const now = this.ports.clock.now();
    const rate = this.watch.ratePerSecond;
    this.allowed = Math.min(rate, this.allowed + (elapsed(this.since, now) / 1000) * rate);
    this.since = now;
    const room = Math.floor(this.allowed);
    const step = Math.max(1, requests.length / Math.max(1, room));
    const kept =
      room === 0
        ? []
        : requests.filter((_, index) => Math.floor((index + 1) / step) > Math.floor(index / step));
    this.allowed -= kept.length;
    const left = new Map<string, number>();
    const shown = new Set(kept);
    for (const { requests: count, edge, reason } of dropped)
      if (reason === "rate") left.set(edge, (left.get(edge) ?? 0) + count);
    for (const request of requests)
      if (!shown.has(request)) left.set(request.edge, (left.get(request.edge) ?? 0) + 1);
    const told = [...left].map(([edge, count]) => ({ reason: "rate", edge, requests: count }) as const);
    return { requests: kept, dropped: [...dropped.filter(({ reason }) => reason === "lost"), ...told] };
  }
}
