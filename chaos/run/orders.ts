// Has the control plane run an experiment, follows it to its end, and brings its report.

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
  const { target, ...rest } = planned;
  const body = { ...rest, ...(target !== null && { target }) };
  const begun = await call(by, { method: "POST", path: "/chaos", body });
  if (begun === null || begun.status >= 300) throw new NotRun(`POST /chaos: ${saidBy(begun)}`);
  const path = `/chaos/${encodeURIComponent(String(begun.json.id))}`;
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
    const report = seen.json as unknown as ChaosReport;
    if (report.state !== "running") return report;
  }
  throw new NotRun(`${path} did not end in time`);
}

interface Called {
  readonly status: number;
  readonly json: { readonly [field: string]: unknown };
}

const saidBy = (called: Called | null): string =>
  called === null ? "no answer" : `${called.status} ${String(called.json.detail ?? called.json.title ?? "")}`;

/** Null where no answer came. */
async function call(
  { control, token }: Orderer,
  { method, path, body }: { method: string; path: string; body?: object },
): Promise<Called | null> {
  try {
    const answer = await fetch(control + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LIMITS.call),
    });
    return { status: answer.status, json: (await answer.json()) as Called["json"] };
  } catch {
    return null;
  }
}
