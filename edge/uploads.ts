// Content of clients that is here before the origin is asked, or the journal: as much as an isolate can hold, for a while.

import type { Body, ByteSource } from "../shared/ports/body.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import type { Holding } from "./held-octets.ts";
import type { EdgeRequest } from "./request.ts";
import type { Route } from "./router.ts";
import { wholeOrRest } from "./share-body.ts";

export type Upload =
  /** `giveBack`: once the origin, or the journal, has been asked; null where nothing is held. */
  | { readonly kind: "here"; readonly body: Body; readonly giveBack: (() => void) | null }
  /** `broken`: it broke off. `late`: it took too long. `full`: more is held of others' than there is room for. */
  | { readonly kind: "broken" | "late" | "full" };

/**
 * Content is sent on when all of it has come, up to a limit: a client who breaks off or stalls must neither look like
 * an origin that fails nor hold one of its slots, and what is cut short must not reach it as if it were whole. Of
 * larger content the beginning is waited for.
 */
export function uploadOf(
  edge: Edge,
  request: EdgeRequest,
  { site, limit = LIMITS.sharedBody }: Pick<Route, "site"> & { readonly limit?: number },
): Upload | Promise<Upload> {
  const { body } = request;
  if (body.kind !== "source") return { kind: "here", body, giveBack: null };
  const reading = receive(edge, request, { source: body.source, site: site.name, limit });
  // What it holds has to be given back, whether its client is still there or not.
  request.background.keep(reading);
  return reading;
}

async function receive(
  edge: Edge,
  request: EdgeRequest,
  { source, site, limit }: { readonly source: ByteSource; readonly site: string; readonly limit: number },
): Promise<Upload> {
  const said = request.header("content-length");
  const metered = new MeteredSource(edge, source, { site, announced: said === null ? null : Number(said) });
  const late = Promise.withResolvers<Upload>();
  const stop = edge.timers.after(LIMITS.uploadDeadline, () => {
    late.resolve({ kind: "late" });
    metered.end("late");
  });
  const reads = request.method === "GET" || request.method === "HEAD";
  let upload: Upload = { kind: "broken" };
  try {
    upload = await Promise.race([
      reads && source.arrived ? arrive(metered, source) : read(metered, limit),
      late.promise,
    ]);
    return upload;
  } finally {
    stop();
    if (upload.kind !== "here") metered.giveBack();
  }
}

/** A runtime can't make a GET with content of its own: only the one that arrived can be passed on. */
async function arrive(metered: MeteredSource, source: ByteSource): Promise<Upload> {
  const { length } = metered;
  const octets = (await source.arrived?.(LIMITS.sharedBody, (piece) => metered.hold(piece))) ?? null;
  if (metered.ended !== null) return { kind: metered.ended };
  if (octets === null || (octets !== length && octets <= LIMITS.sharedBody)) return { kind: "broken" };
  return { kind: "here", body: { kind: "source", source }, giveBack: () => metered.giveBack() };
}

async function read(metered: MeteredSource, limit: number): Promise<Upload> {
  const body = await wholeOrRest(metered, limit);
  if (metered.ended !== null) return { kind: metered.ended };
  const isShort = body?.kind === "bytes" && metered.length !== null && body.bytes.length !== metered.length;
  if (body === null || isShort) return { kind: "broken" };
  metered.goesOn = true;
  return { kind: "here", body, giveBack: () => metered.giveBack() };
}

/** Counts what comes, and ends where it may not go on: what had come by then is no whole content. */
class MeteredSource implements ByteSource {
  readonly length: number | null;
  ended: "full" | "late" | null = null;
  /** From then on it is sent on as it comes, and not held. */
  goesOn = false;
  private readonly edge: Pick<Edge, "uploads" | "clock">;
  private readonly source: ByteSource;
  private readonly holding: Holding;

  constructor(
    edge: Pick<Edge, "uploads" | "clock">,
    source: ByteSource,
    { site, announced }: { readonly site: string; readonly announced: number | null },
  ) {
    this.edge = edge;
    this.source = source;
    this.length = announced;
    this.holding = edge.uploads.begin(site, edge.clock.now());
  }

  async read(): Promise<Uint8Array | null> {
    const piece = await this.source.read();
    if (piece === null || this.goesOn) return piece;
    return this.hold(piece.length) ? piece : null;
  }

  /** False where nothing more of it is to be read. */
  hold(octets: number): boolean {
    if (!this.edge.uploads.take(this.holding, octets, this.edge.clock.now())) this.end("full");
    return this.ended === null;
  }

  end(why: "full" | "late"): void {
    this.ended ??= why;
    this.source.cancel(why);
  }

  cancel(reason: string): void {
    this.source.cancel(reason);
  }

  giveBack(): void {
    this.edge.uploads.giveBack(this.holding);
  }
}
