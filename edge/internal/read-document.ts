// Reads a sitemap or a manifest as a client would get it, for a control plane that fetches nothing by itself.

import { headerValue } from "../../shared/core/headers.ts";
import { type Instant, later } from "../../shared/core/units.ts";
import type { Body, ByteSource } from "../../shared/ports/body.ts";
import type { Background } from "../../shared/ports/clock.ts";
import { gunzipped } from "../../shared/runtime/gunzip.ts";
import type { DocumentCall, DocumentReply } from "../../shared/wire/document.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { Reply } from "../request.ts";
import { type DocumentPart, SitemapPage, WholeText } from "./document-part.ts";
import { isForLater, patiently, requestFor } from "./warm.ts";

export async function readDocument(
  edge: Edge,
  background: Background,
  call: DocumentCall,
): Promise<DocumentReply> {
  const target = { url: call.url, headers: [] };
  const request = requestFor(edge, background, { target, purpose: "warm-up" });
  const reply = await patiently(edge, request, later(request.arrivedAt, LIMITS.warmupPatience));
  const refusal = refusalOf(reply);
  if (refusal !== null) {
    if (reply.body.kind === "source") reply.body.source.cancel("not wanted");
    return refusal;
  }
  // Compressed as content, on the way, or both: its first octets tell, whatever its name.
  const source = gunzipped(gunzipped(sourceOf(reply.body)));
  const part = call.as === "sitemap" ? new SitemapPage(call.from) : new WholeText();
  const endsAt = later(request.arrivedAt, LIMITS.documentDeadline);
  const fault = await readInto(edge, part, { source, endsAt });
  source.cancel("read as far as is wanted");
  return part.told(fault);
}

const MOVED: readonly number[] = [301, 302, 303, 307, 308];

/** Null where there is something to read. */
function refusalOf(reply: Reply): DocumentReply | null {
  const { status, headers } = reply;
  if (isForLater(reply)) return { kind: "later" };
  const to = headerValue(headers, "location");
  if (MOVED.includes(status) && to !== null) return { kind: "moved", to };
  if (status !== 200)
    return {
      ...{ kind: "unreadable", reason: `was answered with ${status}` },
      passing: status >= 500 || status === 429,
    };
  const coding = (headerValue(headers, "content-encoding") ?? "identity").trim().toLowerCase();
  if (["identity", "gzip", "x-gzip"].includes(coding)) return null;
  const reason = `comes in the coding ${JSON.stringify(coding)}, which is not read`;
  return { kind: "unreadable", reason, passing: false };
}

function sourceOf(body: Body): ByteSource {
  if (body.kind === "source") return body.source;
  let left = body.kind === "bytes" ? body.bytes : null;
  return {
    length: null,
    async read() {
      const piece = left;
      left = null;
      return piece;
    },
    cancel: () => undefined,
  };
}

/** What is wrong, in words; null where the part has all that it wants. */
async function readInto(
  edge: Edge,
  part: DocumentPart,
  { source, endsAt }: { readonly source: ByteSource; readonly endsAt: Instant },
): Promise<string | null> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  for (let octets = 0; !part.isFull; ) {
    if (edge.clock.now() >= endsAt) return `takes longer than ${LIMITS.documentDeadline / 1000} seconds`;
    const piece = await nextPiece(source);
    if (piece === "broken") return "breaks off, or is damaged";
    octets += piece?.length ?? 0;
    if (octets > part.most) return `is larger than ${part.most} octets`;
    const text = textOf(decoder, piece);
    if (text === null) return "is not UTF-8";
    part.push(text);
    if (piece === null) return part.end();
  }
  return null;
}

async function nextPiece(source: ByteSource): Promise<Uint8Array | null | "broken"> {
  try {
    return await source.read();
  } catch (error) {
    if (error instanceof Error) return "broken";
    throw error;
  }
}

/** Null where the octets are none of UTF-8. */
function textOf(decoder: TextDecoder, piece: Uint8Array | null): string | null {
  try {
    return piece === null ? decoder.decode() : decoder.decode(piece, { stream: true });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
