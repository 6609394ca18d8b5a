// Keeps one of each of the wrappers that come and go with requests, so that code compiled for them stays compiled.

import type { Clock } from "../../shared/ports/clock.ts";
import { NativeRequest } from "./native-request.ts";
import { NativeSource } from "./streams.ts";

const kept: object[] = [];

/**
 * V8 holds the shape of objects weakly: where none is alive as it collects, which under load is every other second, it
 * forgets the shape, and with it all code that was compiled for it, which is then interpreted again for a while. What
 * plain literals make it remembers by itself.
 */
export function keepShapes(clock: Pick<Clock, "now">): void {
  const context = { waitUntil: () => undefined } as Partial<ExecutionContext> as ExecutionContext;
  kept.push(
    new NativeRequest(new Request("https://shape.invalid/"), context, clock),
    new NativeSource(new ReadableStream(), { length: null, idle: null }),
  );
}
