// One finding of the doctor: what was looked at, whether it is well, and what to do where it is not.

export const CHECK_STATES = ["ok", "warn", "fail", "unknown"] as const;
export type CheckState = (typeof CHECK_STATES)[number];

export const CHECK_AREAS = [
  ...["configuration", "control plane", "log", "edges", "redis", "clocks", "policies"],
  ...["purges", "journal", "tokens", "alerts"],
] as const;

export type CheckArea = (typeof CHECK_AREAS)[number];

export interface Check {
  readonly area: CheckArea;
  /** Stays the same from release to release: scripts go by it. */
  readonly id: string;
  readonly state: CheckState;
  readonly what: string;
  /** What to do; null where there is nothing. */
  readonly advice: string | null;
}

/** Checks of one area, by how they came out. */
export function areaOf(area: CheckArea) {
  const make =
    (state: CheckState) =>
    (id: string, what: string, advice: string | null = null): Check => ({ area, id, state, what, advice });
  return { ok: make("ok"), warn: make("warn"), fail: make("fail"), unknown: make("unknown") };
}

/** How far two clocks are apart, judged: signatures are refused beyond half a minute. */
export function clockCheck(
  name: string,
  apartMs: number,
  {
    uncertainMs,
    failFrom,
    warnFrom,
  }: { readonly uncertainMs: number; readonly failFrom: number; readonly warnFrom: number },
): Check {
  const clocks = areaOf("clocks");
  const id = `clock-${name}`;
  const off = Math.max(0, Math.abs(apartMs) - uncertainMs);
  const what = `${name} is ${(Math.abs(apartMs) / 1000).toFixed(1)} s ${apartMs < 0 ? "behind" : "ahead of"} the control plane`;
  if (off < warnFrom) return clocks.ok(id, `${name} and the control plane agree on the time`);
  const advice = "Set the clock (NTP): signed messages between clocks half a minute apart are refused.";
  return off >= failFrom ? clocks.fail(id, what, advice) : clocks.warn(id, what, advice);
}
