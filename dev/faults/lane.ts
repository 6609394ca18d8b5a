// One direction of one connection: what comes in is queued, and goes on as its link's state says.

import type { Socket } from "node:net";

/** What becomes of what is next in the queue. */
export type Passage =
  /** At most so many octets of it go on now. */
  | { readonly kind: "carry"; readonly octets: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "swallow" }
  /** Nothing goes on: the connection has been reset. */
  | { readonly kind: "gone" };

export interface LaneRules {
  /** `octets` is 0 for an end or a reset. */
  passage(next: { readonly octets: number; readonly queuedAt: number }): Passage;
  carried(octets: number): void;
  swallowed(octets: number): void;
  /** Nothing more will come in this direction. */
  ended(): void;
  /** The sender's connection broke, and the receiver is to learn it. */
  broke(): void;
}

type Piece =
  | { readonly kind: "octets"; readonly octets: Buffer; readonly queuedAt: number }
  | { readonly kind: "end" | "reset"; readonly queuedAt: number };

/** Queued octets beyond which the sender has to wait. */
const MOST_QUEUED = 1024 * 1024;

export class Lane {
  /** Something was swallowed: octets behind it would be taken for what they are not. */
  hasHole = false;
  isOver = false;
  private readonly from: Socket;
  private readonly to: Socket;
  private readonly rules: LaneRules;
  private readonly queue: Piece[] = [];
  private queued = 0;
  private receiverIsFull = false;
  private timer: NodeJS.Timeout | null = null;

  constructor({ from, to }: { from: Socket; to: Socket }, rules: LaneRules) {
    this.from = from;
    this.to = to;
    this.rules = rules;
    from.on("data", (octets: Buffer) => {
      this.queued += octets.length;
      this.add({ kind: "octets", octets, queuedAt: performance.now() });
    });
    from.on("end", () => this.add({ kind: "end", queuedAt: performance.now() }));
    from.on("error", () => undefined);
    // Without an error it is the end that was already seen, or our own doing.
    from.on("close", (failed: boolean) => {
      if (failed) this.add({ kind: "reset", queuedAt: performance.now() });
    });
    to.on("drain", () => {
      this.receiverIsFull = false;
      this.run();
    });
  }

  private add(piece: Piece): void {
    if (this.isOver) return;
    this.queue.push(piece);
    this.run();
  }

  /** Sends on what may go on now; called again whenever that may have changed. */
  run(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    while (!this.isOver && !this.receiverIsFull) {
      const [next] = this.queue;
      if (next === undefined) break;
      const octets = next.kind === "octets" ? next.octets.length : 0;
      const passage = this.rules.passage({ octets, queuedAt: next.queuedAt });
      if (passage.kind === "gone") return;
      if (passage.kind === "wait") {
        this.timer = setTimeout(() => this.run(), passage.ms);
        break;
      }
      this.queue.shift();
      if (passage.kind === "swallow") this.swallow(next, octets);
      else this.carry(next, passage.octets);
    }
    if (this.receiverIsFull || this.queued >= MOST_QUEUED) this.from.pause();
    else this.from.resume();
  }

  close(): void {
    this.isOver = true;
    this.queue.length = 0;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private swallow(piece: Piece, octets: number): void {
    this.hasHole = true;
    this.queued -= octets;
    this.rules.swallowed(octets);
    if (piece.kind !== "octets") this.end();
  }

  private carry(piece: Piece, most: number): void {
    switch (piece.kind) {
      case "octets":
        this.write(piece, most);
        break;
      case "end":
        this.to.end();
        this.end();
        break;
      case "reset":
        this.rules.broke();
    }
  }

  private write(piece: Piece & { kind: "octets" }, most: number): void {
    const octets = piece.octets.subarray(0, most);
    if (octets.length < piece.octets.length)
      this.queue.unshift({ ...piece, octets: piece.octets.subarray(most) });
    this.queued -= octets.length;
    this.rules.carried(octets.length);
    // Whoever closed without listening any more takes no octets, and never asks for them.
    if (!this.to.destroyed) this.receiverIsFull = !this.to.write(octets);
  }

  private end(): void {
    this.isOver = true;
    this.rules.ended();
  }
}

/** The other side learns that the connection is gone, not that everything has been said. */
export function reset(socket: Socket): void {
  if (socket.pending) socket.destroy();
  else socket.resetAndDestroy();
}
