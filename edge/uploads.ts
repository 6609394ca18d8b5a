// Content of clients that is here before the origin is asked: as much of it as an isolate can hold, and for a while.

import type { Body, ByteSource } from "../shared/ports/body.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import type { HeldUploads } from "./held-uploads.ts";
import type { EdgeRequest } from "./request.ts";
import { wholeOrRest } from "./share-body.ts";

export type Upload =
  /** `giveBack`: once the origin has been asked; null where nothing is held. */
  | { readonly kind: "here"; readonly body: Body; readonly giveBack: (() => void) | null }
  /** It broke off, or took too long. */
  | { readonly kind: "broken" }
  /** More is held of others' than there is room for. */
  | { readonly kind: "full" };

/**
 * Content is sent on when all of it has come, up to a limit: a client who breaks off or stalls must neither look like
 * an origin that fails nor hold one of its slots, and what is cut short must not reach it as if it were whole. Of
 * larger content the beginning is waited for.
 */
export function uploadOf(edge: Edge, request: EdgeRequest): Upload | Promise<Upload> {
  const { body } = request;
  if (body.kind !== "source") return { kind: "here", body, giveBack: null };
  const reading = receive(edge, request, body.source);
  // What it holds has to be given back, whether its client is still there or not.
  request.background.keep(reading);
  return reading;
}

function receive(edge: Edge, request: EdgeRequest, source: ByteSource): Promise<Upload> {
  const said = request.header("content-length");
  const announced = said === null ? null : Number(said);
  const metered = new MeteredSource(edge.uploads, source, announced);
  const late = Promise.withResolvers<Upload>();
  const stop = edge.timers.after(LIMITS.uploadDeadline, () => {
    late.resolve(BROKEN);
    metered.end("late");
  });
  const reads = request.method === "GET" || request.method === "HEAD";
  const here = reads && source.arrived !== undefined ? arrive(metered, source) : read(metered);
  return Promise.race([here, late.promise])
    .then((upload) => {
      if (upload.kind !== "here") metered.giveBack();
      return upload;
    })
    .finally(stop);
}

const BROKEN: Upload = { kind: "broken" };
const FULL: Upload = { kind: "full" };

/** A runtime can't make a GET with content of its own: only the one that arrived can be passed on. */
async function arrive(metered: MeteredSource, source: ByteSource): Promise<Upload> {
  const { length } = metered;
  if (!metered.hold(Math.min(length ?? LIMITS.sharedBody, LIMITS.sharedBody))) return FULL;
  const octets = (await source.arrived?.(LIMITS.sharedBody)) ?? null;
  if (octets === null || (octets !== length && octets <= LIMITS.sharedBody)) return BROKEN;
  return { kind: "here", body: { kind: "source", source }, giveBack: () => metered.giveBack() };
}

async function read(metered: MeteredSource): Promise<Upload> {
  const body = await wholeOrRest(metered, LIMITS.sharedBody);
  if (metered.ended !== null) return metered.ended === "full" ? FULL : BROKEN;
  const isShort = body?.kind === "bytes" && metered.length !== null && body.bytes.length !== metered.length;
  if (body === null || isShort) return BROKEN;
  metered.goesOn = true;
  return { kind: "here", body, giveBack: () => metered.giveBack() };
}

/** Counts what comes, and ends where it may not go on: what had come by then is no whole content. */
class MeteredSource implements ByteSource {
  readonly length: number | null;
  ended: "full" | "late" | null = null;
  /** From then on it is sent on as it comes, and not held. */
  goesOn = false;
  private readonly uploads: HeldUploads;
  private readonly source: ByteSource;
  private held = 0;

  constructor(uploads: HeldUploads, source: ByteSource, announced: number | null) {
    this.uploads = uploads;
    this.source = source;
    this.length = announced;
  }

  async read(): Promise<Uint8Array | null> {
    const piece = await this.source.read();
    if (piece === null || this.goesOn) return piece;
    if (!this.hold(piece.length)) this.end("full");
    return this.ended === null ? piece : null;
  }

  hold(octets: number): boolean {
    if (!this.uploads.take(octets)) return false;
    this.held += octets;
    return true;
  }

  end(why: "full" | "late"): void {
    this.ended ??= why;
    this.source.cancel(why);
  }

  cancel(reason: string): void {
    this.source.cancel(reason);
  }

  giveBack(): void {
    this.uploads.giveBack(this.held);
    this.held = 0;
  }
}
