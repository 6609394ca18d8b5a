// Server-sent events of the control plane: one stream, read event by event until it ends or falls silent.

import { LIMITS } from "./config.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import { type CallOptions, type Connection, openStream, refusalIn } from "./send.ts";
import { TidegateError } from "./tidegate-error.ts";

export interface StreamEvent {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: unknown;
}

/** What another try, or a look by another way, may get past. */
export const isPassing = (error: unknown): boolean =>
  error instanceof TidegateError &&
  ["unreachable", "unavailable", "deadline", "unexpected-answer", "internal"].includes(error.code);

/** Between a stream that has ended and the next. */
export async function pauseBetween(connection: Connection, { signal }: CallOptions): Promise<void> {
  const deadline = startDeadline(connection.runtime, LIMITS.deadline, signal);
  try {
    await deadline.pause(LIMITS.eventsAgain);
  } finally {
    deadline.end();
  }
}

/** One stream, until it ends or falls silent. Throws what a refusal says. */
export async function* streamed(
  connection: Connection,
  path: string,
  { signal }: CallOptions,
): AsyncGenerator<StreamEvent> {
  const silence = startDeadline(connection.runtime, LIMITS.eventSilence, signal);
  try {
    const call = { path, headers: { accept: "text/event-stream" } };
    const response = await openStream(connection, call, silence);
    const { status, headers, body } = response;
    if (!response.ok) throw refusalIn({ status, headers, json: await response.json().catch(() => null) });
    if (body === null || !/^text\/event-stream\b/i.test(headers.get("content-type") ?? ""))
      throw new TidegateError("unexpected-answer", "The events came as something else.", { status });
    yield* eventsIn(body, silence);
  } finally {
    silence.end();
  }
}

/** Each event, its data parsed. */
export async function* eventsIn(
  body: ReadableStream<Uint8Array>,
  silence: Deadline,
): AsyncGenerator<StreamEvent> {
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
        const data = fieldOf(event, "data");
        if (data !== null) yield { event: fieldOf(event, "event") ?? "message", data: JSON.parse(data) };
      }
    }
  } catch (error) {
    throw silence.ending() ?? brokenOff(error);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Null of what is not there: comments, which only keep the connection open, have no data. */
function fieldOf(event: string, name: string): string | null {
  const lines = event.split("\n").filter((line) => line.startsWith(`${name}:`));
  return lines.length === 0
    ? null
    : lines.map((line) => line.slice(name.length + 1).replace(/^ /, "")).join("\n");
}

const brokenOff = (cause: unknown): TidegateError =>
  cause instanceof TidegateError
    ? cause
    : new TidegateError("unreachable", "The stream of events has broken off.", { cause });
