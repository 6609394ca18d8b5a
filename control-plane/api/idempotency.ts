// Idempotency-Key: the same sender's same key names the same operation.

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Digest, Random } from "../../shared/ports/identity.ts";
import type { ApiEnvironment } from "./environment.ts";
import { Refusal } from "./problem.ts";

const KEY = z.string().optional().openapi({
  description:
    "The same key and body: the first answer again. What changed nothing leaves its key free. 1 to 255 printable ASCII characters.",
});

/** Of routes that take it: what it may be is told by `operationOf`. */
export const keyHeader = z.object({ "idempotency-key": KEY });

export interface NamedOperation {
  readonly id: string;
  /** The same id with another digest is a conflict. */
  readonly requestDigest: string;
}

/**
 * Without a key every request is an operation of its own. `ledger`: who remembers what was done; there, one sender's key
 * names one request, whatever its URL.
 */
export async function operationOf(
  context: Context<ApiEnvironment>,
  ledger: string,
  { digest, random }: { readonly digest: Digest; readonly random: Random },
): Promise<NamedOperation> {
  const key = context.req.header("idempotency-key");
  if (key === undefined) {
    const id = random.token();
    return { id, requestDigest: id };
  }
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw new Refusal("invalid-header", "Idempotency-Key must be 1 to 255 printable ASCII characters.");
  const id = await digest.sha256Hex([ledger, context.get("principal").id, key].join("\n"));
  return { id, requestDigest: await digest.sha256Hex(await requestText(context)) };
}

/** All that says what is to be done, and upon which condition; whichever name the control plane was called by. */
async function requestText({ req }: Context<ApiEnvironment>): Promise<string> {
  const { pathname, search } = new URL(req.url);
  const conditions = ["if-match", "if-none-match"].map((name) => req.header(name) ?? null);
  return `${JSON.stringify([req.method, pathname, search, ...conditions])}\n${await req.text()}`;
}

export const idempotencyConflict = (): Refusal =>
  new Refusal("idempotency-conflict", "This Idempotency-Key was used with another request.");
