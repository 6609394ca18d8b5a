// A control plane that answers by a script, in virtual time: for tests of the client and of the command line.

import type { Fetch } from "../../client/runtime.ts";
import { instant } from "../../shared/core/units.ts";
import { VirtualTime } from "../simulator/virtual-time.ts";

/** What one request meets. */
export type Step =
  /** The connection fails. */
  | "refused"
  /** Nothing ever comes. */
  | "silent"
  | { readonly status: number; readonly json?: unknown; readonly headers?: Record<string, string> }
  | { readonly status: number; readonly text: string; readonly headers?: Record<string, string> };

export interface SentRequest {
  readonly at: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of many shapes are looked into.
  readonly body: any;
}

export interface ScriptedControl {
  readonly time: VirtualTime;
  readonly sent: SentRequest[];
  readonly fetch: Fetch;
  readonly runtime: {
    readonly clock: { now(): ReturnType<typeof instant> };
    readonly timers: { after(span: number, action: () => void): () => void };
    readonly random: { token(): string; unit(): number };
  };
  /** Runs it, and virtual time with it, to its end. */
  finish<T>(task: Promise<T>): Promise<T>;
}

/** `answer` is asked for each request in turn; a list is gone through, and its last one stays. */
export function scriptedControl(
  answer: readonly Step[] | ((request: SentRequest, at: number) => Step),
): ScriptedControl {
  const time = new VirtualTime();
  const sent: SentRequest[] = [];
  const step = (request: SentRequest, index: number): Step =>
    typeof answer === "function"
      ? answer(request, index)
      : (answer[Math.min(index, answer.length - 1)] ?? "silent");
  let tokens = 0;
  return {
    time,
    sent,
    async fetch(url, { method, headers, body, signal }) {
      const request = {
        at: time.now,
        method,
        url,
        headers,
        body: body === undefined ? null : JSON.parse(body),
      };
      sent.push(request);
      return respond(step(request, sent.length - 1), signal);
    },
    runtime: {
      clock: { now: () => instant(time.now) },
      timers: { after: (span, action) => time.after(span, action) },
      random: { token: () => `token-${++tokens}`, unit: () => 0.5 },
    },
    async finish(task) {
      let settled = false;
      const done = task.finally(() => {
        settled = true;
      });
      done.catch(() => undefined);
      // Answers are read by the runtime's own streams, which take turns that virtual time knows nothing of.
      for (let turn = 0; !settled && turn < 10_000; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        if (!settled && turn % 4 === 3) await time.runUntil(time.now + 50);
      }
      return done;
    },
  };
}

function respond(step: Step, signal: AbortSignal): Promise<Response> {
  if (step === "refused")
    return Promise.reject(new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") }));
  if (step === "silent")
    return new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  const { status, headers } = step;
  const text = "text" in step ? step.text : step.json === undefined ? "" : JSON.stringify(step.json);
  const init = { status, headers: { "content-type": "application/json", ...headers } };
  return Promise.resolve(new Response(status === 204 ? null : text, init));
}

/** A refusal as the control plane words it. */
export const problem = (status: number, code: string, more: object = {}) => ({
  status,
  headers: { "content-type": "application/problem+json", "x-request-id": "request-1" },
  json: {
    type: `urn:tidegate:problem:${code}`,
    title: code,
    status,
    detail: `It is ${code}.`,
    code,
    ...more,
  },
});
