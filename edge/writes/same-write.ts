// What of a write says which write it is: sent again with its Idempotency-Key it is known by that.

import type { Edge } from "../edge.ts";
import type { EdgeRequest } from "../request.ts";

export const CONDITIONS = ["if-match", "if-none-match"] as const;

/** What of a request describes the value that it brings (RFC 9110 §8.3–8.5). */
export const DESCRIBING = ["content-type", "content-encoding", "content-language"];

export const isConditional = (request: EdgeRequest): boolean =>
  CONDITIONS.some((name) => request.header(name) !== null);

export async function repeatableOf(
  edge: Edge,
  request: EdgeRequest,
  {
    key,
    href,
    body,
  }: { readonly key: string; readonly href: string; readonly body: Uint8Array<ArrayBuffer> },
): Promise<{ readonly key: string; readonly digest: string } | null> {
  const own = request.header("idempotency-key");
  if (own === null) return null;
  // All that says what is written, and upon which condition; a key of the cache may be that of several URLs, but of one
  // host, whichever of its names the request came by.
  const fields = [...CONDITIONS, ...DESCRIBING].map((name) => request.header(name));
  const path = href.slice(href.indexOf("/", href.indexOf("//") + 2));
  const head = JSON.stringify([request.method, path, ...fields]);
  const digest = await edge.digest.sha256Base64([head, "\n", body]);
  return { key: await edge.digest.sha256Hex(`${key}\n${own}`), digest };
}
