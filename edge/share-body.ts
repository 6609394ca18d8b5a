// Streaming a body to a client while keeping it: small bodies are collected, large ones run in two lanes in step.

import type { Millis } from "../shared/core/units.ts";
import type { Body, ByteSource } from "../shared/ports/body.ts";
import type { Timers } from "../shared/ports/clock.ts";
import { waitAtMost } from "../shared/ports/wait.ts";

export type Collected =
  | { readonly kind: "whole"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Larger than is kept in one piece: it still reaches the client. */
  | { readonly kind: "large" }
  /** More than there is room for beside what others bring: the same. */
  | { readonly kind: "full" }
  /** Broke off, or had another length than announced: never to be stored. */
  | { readonly kind: "broken" };

/**
 * Reads the source at its own speed up to `limit` octets, so that a slow client holds nobody else up; beyond it the
 * client reads it himself, as fast as he likes, and so he does where there is no room for so much. A client that goes away
 * stops only what is too large to keep.
 */
export function collectWhileStreaming(
  source: ByteSource,
  limit: number,
  holds: (total: number) => boolean = () => true,
): { client: ByteSource; collected: Promise<Collected>; octets: () => number; finished: Promise<void> } {
  const queue = new PieceQueue(source.length);
  const result = Promise.withResolvers<Collected>();
  const finished = pump(source, queue, { limit, holds, result });
  return { client: queue, collected: result.promise, octets: () => queue.octets, finished };
}

async function pump(
  source: ByteSource,
  queue: PieceQueue,
  to: { limit: number; holds: (total: number) => boolean; result: PromiseWithResolvers<Collected> },
): Promise<void> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    for (let piece = await source.read(); piece !== null; piece = await source.read()) {
      total += piece.length;
      queue.push(piece);
      const isLarge = total > to.limit;
      if (isLarge || !to.holds(total)) {
        queue.goOnWith(source);
        return to.result.resolve({ kind: isLarge ? "large" : "full" });
      }
      pieces.push(piece);
    }
  } catch (error) {
    queue.fail(error);
    return to.result.resolve({ kind: "broken" });
  }
  if (source.length !== null && source.length !== total) {
    queue.fail(new Error("the origin's body had another length than announced"));
    return to.result.resolve({ kind: "broken" });
  }
  queue.end();
  to.result.resolve({ kind: "whole", bytes: concatenate(pieces, total) });
}

/** A reader's own, and what has come of the source by it. */
export interface Lane extends ByteSource {
  readonly octets: number;
  /** It has held the other one up for too long, and gets no more. */
  readonly lost: Promise<void>;
}

/** How long a store may hold up the client that a body is on its way to. */
export interface Pace {
  readonly patience: Millis;
  readonly timers: Pick<Timers, "after">;
}

/**
 * Two readers of one source, its client and a store, each piece read once and handed to both; the slower one sets the pace.
 * But a store that takes nothing for too long gets no more: what hangs there must not hang its client.
 */
export function twoLanes(source: ByteSource, pace: Pace): readonly [Lane, Lane] {
  const lanes = [new PieceQueue(source.length), new PieceQueue(source.length)] as const;
  void runLanes(source, lanes, pace);
  return lanes;
}

async function runLanes(
  source: ByteSource,
  lanes: readonly [PieceQueue, PieceQueue],
  pace: Pace,
): Promise<void> {
  const [client, store] = lanes;
  let total = 0;
  try {
    for (let piece = await source.read(); piece !== null; piece = await source.read()) {
      total += piece.length;
      await client.drained();
      client.push(piece);
      if (!(await isTakenSoon(store, pace))) store.lose();
      store.push(piece);
      if (lanes.every((lane) => lane.abandoned)) return source.cancel("nobody reads");
    }
    if (source.length !== null && source.length !== total)
      throw new Error("the body had another length than announced");
    for (const lane of lanes) lane.end();
  } catch (error) {
    for (const lane of lanes) lane.fail(error);
  }
}

async function isTakenSoon(lane: PieceQueue, { patience, timers }: Pace): Promise<boolean> {
  if (lane.isDrained) return true;
  const { over, wake } = waitAtMost(patience, timers);
  void lane.drained().then(wake);
  await over;
  return lane.isDrained;
}

/** Pieces on their way to one reader. */
class PieceQueue implements Lane {
  readonly length: number | null;
  /** All that has come. */
  octets = 0;
  abandoned = false;
  readonly lost: Promise<void>;
  private readonly toldLost: () => void;
  private readonly pieces: Uint8Array[] = [];
  private ended = false;
  private failure: { error: unknown } | null = null;
  /** What is read when the pieces are used up. */
  private rest: ByteSource | null = null;
  private waitingReader: (() => void) | null = null;
  private waitingWriter: (() => void) | null = null;

  constructor(length: number | null) {
    this.length = length;
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.lost, this.toldLost] = [promise, resolve];
  }

  get isDrained(): boolean {
    return this.pieces.length === 0 || this.abandoned;
  }

  async read(): Promise<Uint8Array | null> {
    while (true) {
      const piece = this.pieces.shift();
      if (this.pieces.length === 0) this.wakeWriter();
      if (piece !== undefined) return piece;
      if (this.rest !== null) return this.rest.read();
      if (this.failure !== null) throw this.failure.error;
      if (this.ended) return null;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.waitingReader = resolve;
      await promise;
    }
  }

  cancel(reason: string): void {
    this.abandoned = true;
    this.pieces.length = 0;
    this.rest?.cancel(reason);
    this.wakeWriter();
  }

  goOnWith(source: ByteSource): void {
    if (this.abandoned) source.cancel("client gone");
    else this.rest = source;
    this.wakeReader();
  }

  push(piece: Uint8Array): void {
    this.octets += piece.length;
    if (!this.abandoned) this.pieces.push(piece);
    this.wakeReader();
  }

  end(): void {
    this.ended = true;
    this.wakeReader();
  }

  fail(error: unknown): void {
    this.failure = { error };
    this.wakeReader();
  }

  /** Its reader is told so, if he ever reads again. */
  lose(): void {
    this.fail(new Error("taken too slowly"));
    this.cancel("taken too slowly");
    this.toldLost();
  }

  /** Resolves when the reader has taken everything, or will take no more. */
  async drained(): Promise<void> {
    while (!this.isDrained) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.waitingWriter = resolve;
      await promise;
    }
  }

  private wakeReader(): void {
    this.waitingReader?.();
    this.waitingReader = null;
  }

  private wakeWriter(): void {
    this.waitingWriter?.();
    this.waitingWriter = null;
  }
}

export function concatenate(pieces: readonly Uint8Array[], total: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The whole of a body up to a limit in one piece; a larger one as a source that begins anew; null where it broke off. */
export async function wholeOrRest(source: ByteSource, limit: number): Promise<Body | null> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    for (let piece = await source.read(); piece !== null; piece = await source.read()) {
      pieces.push(piece);
      total += piece.length;
      if (total > limit) return { kind: "source", source: resumed(pieces, source) };
    }
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
  return { kind: "bytes", bytes: concatenate(pieces, total) };
}

function resumed(pieces: Uint8Array[], rest: ByteSource): ByteSource {
  return {
    length: rest.length,
    read: async () => pieces.shift() ?? (await rest.read()),
    cancel: (reason) => rest.cancel(reason),
  };
}

/** The whole of a small body; null where it is larger than the limit or broke off. */
export async function readWhole(source: ByteSource, limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    for (let piece = await source.read(); piece !== null; piece = await source.read()) {
      total += piece.length;
      if (total > limit) {
        source.cancel("too large");
        return null;
      }
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
  return source.length !== null && source.length !== total ? null : concatenate(pieces, total);
}

/** Any body as a source. */
export const sourceOf = (body: Body): ByteSource =>
  body.kind === "source" ? body.source : bytesSource(body.kind === "bytes" ? body.bytes : null);

const bytesSource = (bytes: Uint8Array | null): ByteSource => {
  let left = bytes;
  return {
    length: bytes?.length ?? 0,
    async read() {
      const piece = left;
      left = null;
      return piece !== null && piece.length > 0 ? piece : null;
    },
    cancel() {
      left = null;
    },
  };
};
