// A warm-up's progress as server-sent events, read from Redis only as fast as somebody reads them, and may.

import { elapsed } from "../../shared/core/units.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { isOpen, type ShownWarmup, showWarmup } from "../warmup/show-warmup.ts";

interface Told {
  readonly first: ShownWarmup;
  /** A token may be revoked meanwhile. */
  readonly mayGoOn: () => Promise<boolean>;
}

export function warmupEvents(
  { warmups, clock, timers }: Pick<ControlPlane, "warmups" | "clock" | "timers">,
  { first, mayGoOn }: Told,
): Response {
  const begun = clock.now();
  const encoder = new TextEncoder();
  let told: ShownWarmup | null = null;
  const next = async (): Promise<ShownWarmup | null> => {
    if (told === null) return first;
    await timers.sleep(LIMITS.warmupPoll);
    const read = await warmups.read(first.id);
    return read.kind === "warmup" ? showWarmup(read.warmup) : null;
  };
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const shown = await next();
      // Asked behind the wait: what is told is told to whoever may see it now.
      if (told !== null && !(await mayGoOn())) return controller.close();
      const news = shown !== null && (told === null || progressOf(shown) !== progressOf(told));
      // Without news, or a moment without Redis, a comment keeps the connection open.
      controller.enqueue(encoder.encode(news ? eventOf(shown) : ":\n\n"));
      told = shown ?? told;
      const ended = shown !== null && !isOpen(shown);
      if (ended || elapsed(begun, clock.now()) >= LIMITS.warmupEventsFor) controller.close();
    },
  });
  return new Response(stream, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

const progressOf = ({ state, total, done, failed, skipped, later, documents }: ShownWarmup): string =>
  [state, total, done, failed, skipped, later, documents.found, documents.read].join(" ");

const eventOf = (shown: ShownWarmup): string =>
  `event: ${isOpen(shown) ? "progress" : "done"}\ndata: ${JSON.stringify(shown)}\n\n`;
