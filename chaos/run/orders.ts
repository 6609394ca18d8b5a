// Has the control plane run an experiment, follows it to its end, and brings its report.

import { randomUUID } from "node:crypto";
import type { ChaosReport } from "../../shared/wire/chaos.ts";
import { LIMITS } from "../config.ts";
import { pause } from "../pause.ts";
import type { Planned } from "./plan.ts";

export interface Orderer {
  readonly control: string;
  readonly token: string;
}

/** It was not begun, or its end could not be learnt. */
export class NotRun extends Error {}

const LOOK_MS = 1000;
/** Beyond the fault itself: everything before and after it, and an agent that is slow to hand over. */
const AROUND_MS =
  LIMITS.preparing + LIMITS.warming + LIMITS.steady + LIMITS.recovery + LIMITS.settling + 60_000;

/** Aborted by the signal, it is ended at once, and its report tells so. Rejects with `NotRun`. */
export async function runOrder(by: Orderer, planned: Planned, signal: AbortSignal): Promise<ChaosReport> {
  const path = `/chaos/${encodeURIComponent(await begin(by, planned, signal))}`;
  const giveUpAt = performance.now() + planned.durationMs + AROUND_MS;
  let isAborted = false;
  while (performance.now() < giveUpAt) {
    await pause(LOOK_MS, isAborted ? new AbortController().signal : signal);
    if (signal.aborted && !isAborted) {
      isAborted = true;
      await call(by, { method: "DELETE", path });
    }
    const seen = await call(by, { method: "GET", path });
    // While `control` is broken the control plane can't tell: that is no end.
    if (seen?.status !== 200) continue;
    if (seen.json.state !== "running") return reportIn(seen.json as unknown as ShownReport);
  }
  throw new NotRun(`${path} did not end in time`);
}

/** Why nothing could be ordered there, so that nobody waits for it; null where that does not show yet. */
export async function whyNotThere(by: Orderer): Promise<string | null> {
  const seen = await call(by, { method: "GET", path: "/chaos/experiments" });
  if (seen === null || seen.status === 401) return `the control plane at ${by.control}: ${saidBy(seen)}`;
  // A token for experiments alone may not look at them.
  return seen.status === 200 && seen.json.enabled === false
    ? `experiments are off at ${by.control}: npm start -- --chaos`
    : null;
}

const BEGIN = { tries: 10, pauseMs: 2000 } as const;

/** Its id. Under one key it is begun once, however often that is sent. */
async function begin(by: Orderer, { target, ...rest }: Planned, signal: AbortSignal): Promise<string> {
  const body = { ...rest, ...(target !== null && { target }) };
  const key = randomUUID();
  let last: Called | null = null;
  for (let tries = 0; tries < BEGIN.tries && !signal.aborted; tries++) {
    if (tries > 0) await pause(BEGIN.pauseMs, signal);
    last = await call(by, { method: "POST", path: "/chaos", body, key });
    if (last !== null && last.status < 300) return String(last.json.id);
    // The one before may not be over yet, or the control plane not be well yet; anything else is an answer.
    if (last !== null && last.status < 500 && last.status !== 409 && last.status !== 429) break;
  }
  throw new NotRun(`POST /chaos: ${saidBy(last)}`);
}

/** As the API shows it: points of time are texts there. */
type ShownReport = Omit<ChaosReport, "startedAt" | "endedAt" | "events"> & {
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly events: readonly { readonly at: string; readonly text: string }[];
};

const reportIn = (shown: ShownReport): ChaosReport => ({
  ...shown,
  startedAt: Date.parse(shown.startedAt),
  endedAt: shown.endedAt === null ? null : Date.parse(shown.endedAt),
  events: shown.events.map(({ at, text }) => ({ at: Date.parse(at), text })),
});

interface Called {
  readonly status: number;
  readonly json: { readonly [field: string]: unknown };
}

const saidBy = (called: Called | null): string =>
  called === null ? "no answer" : `${called.status} ${String(called.json.detail ?? called.json.title ?? "")}`;

/** Null where no answer came. */
async function call(
  { control, token }: Orderer,
  { method, path, body, key }: { method: string; path: string; body?: object; key?: string },
): Promise<Called | null> {
  try {
    const answer = await fetch(control + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        ...(key !== undefined && { "idempotency-key": key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LIMITS.call),
    });
    return { status: answer.status, json: (await answer.json()) as Called["json"] };
  } catch {
    return null;
  }
}
