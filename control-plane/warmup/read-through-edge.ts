// Reads a document of the site through one of its edges: the control plane itself fetches from nowhere, whatever it is told.

import type { CallEdge, EdgeAnswer } from "../../shared/wire/call-edge.ts";
import {
  DOCUMENT_PATH,
  type DocumentCall,
  type DocumentReply,
  decodeDocument,
  encodeDocumentCall,
} from "../../shared/wire/document.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { LIMITS } from "../config.ts";
import type { ReferenceContext } from "../invalidate/reference.ts";
import { readOwnUrl } from "./own-url.ts";

export interface Reader {
  readonly callEdge: CallEdge;
  /** Asked one after the other, until one takes the message. */
  readonly edges: readonly ListedEdge[];
  readonly context: ReferenceContext;
}

export type DocumentRead =
  | Exclude<DocumentReply, { kind: "moved" | "unreadable" }>
  /** `passing`: it may well be another time. */
  | { readonly kind: "failed"; readonly reason: string; readonly edge: string; readonly passing: boolean };

/** Redirects are followed as far as they stay with the site. */
export async function readThroughEdge(reader: Reader, call: DocumentCall): Promise<DocumentRead> {
  let { url } = call;
  for (let hops = 0; hops <= LIMITS.redirects; hops++) {
    const { edge, reply } = await askOne(reader, { ...call, url });
    if (reply.kind === "unreadable") return { ...reply, kind: "failed", edge };
    if (reply.kind !== "moved") return reply;
    // A fragment is nobody's business but a browser's.
    const resolved = reader.context.parse(reply.to, url)?.href ?? reply.to;
    const target = readOwnUrl(resolved, reader.context);
    if (target.kind === "fault")
      return failed(edge, `is redirected to ${shortened(reply.to)}, which ${target.message}`);
    url = target.href;
  }
  return failed("", `is redirected more than ${LIMITS.redirects} times`);
}

const failed = (edge: string, reason: string): DocumentRead => ({
  kind: "failed",
  reason,
  edge,
  passing: false,
});
const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

async function askOne(
  { callEdge, edges }: Reader,
  call: DocumentCall,
): Promise<{ readonly edge: string; readonly reply: DocumentReply }> {
  for (const edge of edges) {
    const message = { path: DOCUMENT_PATH, body: encodeDocumentCall(call) };
    const answer = await callEdge(edge, message, LIMITS.warmupDeadline);
    if (answer.kind === "unreachable" && answer.reason === "refused") continue;
    return { edge: edge.id, reply: replyIn(answer) };
  }
  // Whoever is away may be back soon.
  return { edge: "", reply: { kind: "later" } };
}

function replyIn(answer: EdgeAnswer): DocumentReply {
  if (answer.kind === "unreachable")
    return { kind: "unreadable", reason: "took the edge too long", passing: answer.reason === "timeout" };
  return (
    decodeDocument(answer.text) ?? {
      kind: "unreadable",
      reason: "was told in no way that is known",
      passing: false,
    }
  );
}
