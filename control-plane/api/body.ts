// What every request body has to be before anybody parses it: all here, not too long, not coded, UTF-8, and each field given once.

import { repeatedField } from "../../shared/wire/repeated-field.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Middleware } from "./environment.ts";
import { Refusal } from "./problem.ts";

type Timers = Pick<ControlPlane["timers"], "after">;

/**
 * Waits for all of it: for no piece without end, since anybody may send one to the dashboard's door. Counts octets as they
 * come, so that an announced length is not trusted and a missing one not needed.
 */
export function limitBody({ timers }: { readonly timers: Timers }): Middleware {
  return async (context, next) => {
    const { raw } = context.req;
    if (raw.body !== null) {
      if (Number(raw.headers.get("content-length")) > LIMITS.body) throw tooLarge();
      context.req.raw = new Request(raw, { body: await contentOf(raw.body, timers) });
    }
    await next();
  };
}

async function contentOf(stream: ReadableStream<Uint8Array>, timers: Timers): Promise<Blob> {
  const reader = stream.getReader();
  // A stream that has failed can't be cancelled, and needn't be.
  const giveUp = (why: string): void => void reader.cancel(why).catch(() => undefined);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let octets = 0;
  for (;;) {
    const piece = await nextPiece(reader, timers);
    if (piece === "stalled") {
      giveUp("stalled");
      throw new Refusal("content-too-slow", `Nothing came of the body for ${LIMITS.bodyIdle / 1000} s.`);
    }
    if (piece === null) return new Blob(pieces);
    octets += piece.length;
    pieces.push(new Uint8Array(piece));
    if (octets <= LIMITS.body) continue;
    giveUp("too large");
    throw tooLarge();
  }
}

/** Null at the end. */
async function nextPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  timers: Timers,
): Promise<Uint8Array | "stalled" | null> {
  const { promise: stalled, resolve } = Promise.withResolvers<"stalled">();
  const cancel = timers.after(LIMITS.bodyIdle, () => resolve("stalled"));
  try {
    const piece = await Promise.race([reader.read(), stalled]);
    return piece === "stalled" ? piece : (piece.value ?? null);
  } catch {
    // Its sender has gone, and will not read this.
    throw new Refusal("broken-content", "The body broke off.");
  } finally {
    cancel();
  }
}

const tooLarge = (): Refusal =>
  new Refusal("too-large", `The body must not be larger than ${LIMITS.body} octets.`);

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
  const type = context.req.header("content-type") ?? "";
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1] ?? "utf-8";
  if (!/^utf-?8$/i.test(charset))
    throw new Refusal("unsupported-media-type", "Content-Type: of all charsets a body may have UTF-8 alone.");
  const text = textOf(await context.req.arrayBuffer());
  const isJson = /json/i.test(type);
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
