// A plain HTTP client that shows what was on the wire: nothing decoded, nothing followed, nothing retried.

import { createHash } from "node:crypto";
import { Agent, request } from "node:http";

export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
  readonly cacheStatus: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A connection a request: a server closes idle ones when it likes, and a reused one may just be closing. */
const agent = new Agent({ keepAlive: false });

export function ask(url: string, options: Ask = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: options.method ?? "GET", headers: options.headers ?? {}, agent },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on("data", (piece: Buffer) => pieces.push(piece));
        answer.on("error", reject);
        answer.on("end", () => {
          const body = Buffer.concat(pieces);
          const headers = Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
          );
          resolve({
            status: answer.statusCode ?? 0,
            headers,
            body,
            // Of a large body nobody asks for it, and to decode one takes longer than to receive it.
            get text() {
              return body.toString("utf8");
            },
            cacheStatus: headers["cache-status"] ?? "",
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(options.body);
  });
}

export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Often enough to cost no time worth mentioning, rarely enough that whoever is looked at can work meanwhile. */
const LOOK_EVERY_MS = 50;

/** Looks again and again until the condition holds; fails with what it saw last. */
export async function until<T>(
  look: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  limit: { readonly withinMs: number; readonly everyMs?: number },
): Promise<T> {
  const giveUpAt = performance.now() + limit.withinMs;
  for (;;) {
    // A look that was held up says nothing of what is so by now: the last one begins behind the limit.
    const lookedAt = performance.now();
    const seen = await look();
    if (holds(seen)) return seen;
    if (lookedAt > giveUpAt)
      throw new Error(`still not so after ${limit.withinMs} ms: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, limit.everyMs ?? LOOK_EVERY_MS));
  }
}
