// A warm-up's progress as it happens: its server-sent events, and looks at the job itself where no stream gets through.

import { ask } from "./ask.ts";
import { LIMITS } from "./config.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import type { Warmup } from "./schemas.ts";
import { type CallOptions, type Connection, openStream, refusalIn } from "./send.ts";
import { TidegateError } from "./tidegate-error.ts";

/** Every change of it, the first state at once; ends when the job has ended. Leaving the loop leaves the job running. */
export async function* warmupEvents(
  connection: Connection,
  id: string,
  options: Pick<CallOptions, "signal"> = {},
): AsyncGenerator<Warmup> {
  let told = "";
  const isNews = (shown: Warmup): boolean => {
    const before = told;
    told = JSON.stringify(shown);
    return told !== before;
  };
  for (;;) {
    try {
      for await (const shown of streamed(connection, id, options)) {
        if (isNews(shown)) yield shown;
        if (shown.finishedAt !== null) return;
      }
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    await pauseBetween(connection, options);
    const { json: shown } = await ask(connection, "GET /warmups/{id}", { id, options });
    if (isNews(shown)) yield shown;
    if (shown.finishedAt !== null) return;
  }
}

/** What another try, or a look at the job, may get past. */
const isPassing = (error: unknown): boolean =>
  error instanceof TidegateError &&
  ["unreachable", "unavailable", "deadline", "unexpected-answer", "internal"].includes(error.code);

async function pauseBetween(connection: Connection, { signal }: CallOptions): Promise<void> {
  const deadline = startDeadline(connection.runtime, LIMITS.deadline, signal);
  try {
    await deadline.pause(LIMITS.eventsAgain);
  } finally {
    deadline.end();
  }
}

/** One stream, until it ends or falls silent. */
async function* streamed(
  connection: Connection,
  id: string,
  { signal }: CallOptions,
): AsyncGenerator<Warmup> {
  const silence = startDeadline(connection.runtime, LIMITS.eventSilence, signal);
  try {
    const call = {
      path: `/warmups/${encodeURIComponent(id)}/events`,
      headers: { accept: "text/event-stream" },
    };
    const response = await openStream(connection, call, silence);
    const { status, headers, body } = response;
    if (!response.ok) throw refusalIn({ status, headers, json: await response.json().catch(() => null) });
    if (body === null || !/^text\/event-stream\b/i.test(headers.get("content-type") ?? ""))
      throw new TidegateError("unexpected-answer", "The events came as something else.", { status });
    for await (const data of eventsIn(body, silence)) yield data as Warmup;
  } finally {
    silence.end();
  }
}

/** The data of each event, parsed. */
export async function* eventsIn(
  body: ReadableStream<Uint8Array>,
  silence: Deadline,
): AsyncGenerator<unknown> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const piece = await reader.read();
      silence.extend();
      if (piece.done) return;
      // A lone CR at the end may be half of a line's end: it waits for the other half.
      text = `${text}${piece.value}`.replace(/\r\n|\r(?!$)/g, "\n");
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      if (text.length > LIMITS.event) throw new TidegateError("unexpected-answer", "An event never ends.");
      for (const event of events) {
        const data = dataOf(event);
        if (data !== null) yield JSON.parse(data);
      }
    }
  } catch (error) {
    throw silence.ending() ?? brokenOff(error);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Null for comments, which only keep the connection open. */
function dataOf(event: string): string | null {
  const lines = event.split("\n").filter((line) => line.startsWith("data:"));
  return lines.length === 0 ? null : lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}

const brokenOff = (cause: unknown): TidegateError =>
  cause instanceof TidegateError
    ? cause
    : new TidegateError("unreachable", "The stream of events has broken off.", { cause });
