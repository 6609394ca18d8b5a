// Parts of a page as server-sent events: each is sent when it has changed, as it would stand in the page.

import { elapsed, type Millis } from "../../../shared/core/units.ts";
import { LIMITS } from "../../config.ts";
import type { ControlPlane } from "../../control-plane.ts";

/** Parts by the id of what they stand in. */
export type Parts = Readonly<Record<string, { toString(): string | Promise<string> } | null>>;

export interface Turn {
  readonly shown: Parts;
  /** Whether nothing will change any more. */
  readonly isOver: boolean;
  /** Told beside the parts, as JSON, when it has changed. */
  readonly data?: unknown;
}

interface Telling {
  /** From one look to the next. */
  readonly every: Millis;
  /** Whoever was let in when it began may not be any more. */
  mayGoOn(): Promise<boolean>;
  next(): Promise<Turn>;
}

/** Made only as fast as somebody reads it. */
export function fragmentsStream(
  { clock, timers }: Pick<ControlPlane, "clock" | "timers">,
  telling: Telling,
): Response {
  const begun = clock.now();
  const encoder = new TextEncoder();
  const told = new Map<string, string>();
  let isFirst = true;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (!isFirst) await timers.sleep(telling.every);
      isFirst = false;
      const turn = (await telling.mayGoOn()) ? await telling.next() : null;
      const news = turn === null ? "" : await newsIn(turn, told);
      // Without news a comment keeps the connection open.
      controller.enqueue(encoder.encode(news === "" ? ":\n\n" : news));
      const isOver = turn?.isOver === true;
      if (isOver) controller.enqueue(encoder.encode("event: over\ndata: {}\n\n"));
      // Whoever may not go on is not told that all is over: asking again he is refused, and his page says so.
      if (turn === null || isOver || elapsed(begun, clock.now()) >= LIMITS.warmupEventsFor)
        controller.close();
    },
  });
  return new Response(stream, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

async function newsIn({ shown, data }: Turn, told: Map<string, string>): Promise<string> {
  const changed: Record<string, string> = {};
  for (const [id, part] of Object.entries(shown)) {
    const html = part === null ? "" : String(await part.toString());
    if (told.get(id) === html) continue;
    told.set(id, html);
    changed[id] = html;
  }
  const text = data === undefined ? "" : JSON.stringify(data);
  const hasData = text !== "" && told.get("") !== text;
  if (hasData) told.set("", text);
  const parts = Object.keys(changed).length === 0 ? "" : `event: parts\ndata: ${JSON.stringify(changed)}\n\n`;
  return parts + (hasData ? `event: charts\ndata: ${text}\n\n` : "");
}
