// What every request body has to be before anybody parses it: not too long, not coded, UTF-8, and each field given once.

import { bodyLimit } from "hono/body-limit";
import { repeatedField } from "../../shared/wire/repeated-field.ts";
import { LIMITS } from "../config.ts";
import type { Middleware } from "./environment.ts";
import { Refusal } from "./problem.ts";

/** Counts octets as they come, so that an announced length is not trusted and a missing one not needed. */
export const limitBody: Middleware = bodyLimit({
  maxSize: LIMITS.body,
  onError: () => {
    throw new Refusal("too-large", `The body must not be larger than ${LIMITS.body} octets.`);
  },
});

/**
 * Decoded leniently, a name in another encoding would become one that nothing bears: its purge would purge nothing. Of a
 * field that is given twice the first would be dropped: what was meant to be a dry run would be none.
 */
export const requireText: Middleware = async (context, next) => {
  const coding = context.req.header("content-encoding") ?? "identity";
  if (coding.trim().toLowerCase() !== "identity")
    throw new Refusal("unsupported-media-type", "Content-Encoding: no coding of a body is understood.", {
      headers: { "accept-encoding": "identity" },
    });
  const text = textOf(await context.req.arrayBuffer());
  const isJson = /json/i.test(context.req.header("content-type") ?? "");
  const pointer = isJson ? repeatedField(text) : null;
  if (pointer !== null)
    throw new Refusal("malformed-json", `The body gives ${pointer.slice(0, 1000)} twice.`, {
      faults: [{ pointer, message: "is given twice" }],
    });
  await next();
};

function textOf(octets: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(octets);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Refusal("malformed-json", "The body is not UTF-8 (RFC 8259 §8.1).");
  }
}
