// What can be seen from here: whether the control plane is reached, by whom, and how far its clock is from this one.

import { createControlClient } from "../../client/control-client.ts";
import type { Diagnosis, DoctorCheck } from "../../client/schemas.ts";
import { TidegateError } from "../../client/tidegate-error.ts";
import { checkedUrl, tokenFor, warningOf } from "../connection.ts";
import type { SettingFlags, Settings } from "../settings/settings.ts";
import type { Surroundings } from "../surroundings.ts";
import { VERSION } from "../version.ts";

export type Finding = Omit<DoctorCheck, "area"> & { readonly area: string };

/** Clocks that are so far apart mislead whoever reads times. */
const APART_MS = 2000;
/** A call that takes longer than this is told of. */
const SLOW_MS = 1000;

export async function lookAround(
  flags: SettingFlags,
  settings: Settings,
  surroundings: Surroundings,
): Promise<Finding[]> {
  const { url } = settings;
  const { fetch } = surroundings;
  const found: Finding[] = [
    finding("configuration", "config-url", "ok", `it asks ${url.value}, by ${url.from}`),
  ];
  const token = await tokenFor(flags, settings, surroundings);
  if (typeof token === "string")
    found.push(finding("configuration", "config-token", "fail", "there is no token", token));
  else {
    found.push(finding("configuration", "config-token", "ok", `with the token of ${token.from}`));
    const warning = await warningOf(token, settings, surroundings);
    if (warning !== null) found.push(finding("configuration", "config-token-readable", "warn", warning));
  }
  const client = createControlClient({
    url: checkedUrl(url),
    token: typeof token === "string" ? null : token.value,
    ...(fetch !== undefined && { fetch }),
  });
  const live = await reaches("live", "it runs", () => client.health.live());
  found.push(live.finding);
  // Whatever else is asked of it would only say so once more.
  if (live.isAway) return found;
  const ready = await reaches("ready", "it is ready: its environment can be read, and the log answers", () =>
    client.health.ready(),
  );
  found.push(ready.finding);
  if (typeof token === "string") return found;
  const sentAt = Date.now();
  try {
    const diagnosis = await client.doctor({ deadlineMs: 20_000 });
    const tookMs = Date.now() - sentAt;
    return [...found, ...ofDiagnosis(diagnosis, { sentAt, tookMs, url: url.value })];
  } catch (error) {
    return [...found, refusedBy(error)];
  }
}

interface Reached {
  readonly finding: Finding;
  /** Nothing answers there. */
  readonly isAway: boolean;
}

async function reaches(name: string, what: string, ask: () => Promise<unknown>): Promise<Reached> {
  const id = `control-${name}`;
  const begun = performance.now();
  try {
    await ask();
    return { finding: inTime(id, what, Math.round(performance.now() - begun)), isAway: false };
  } catch (error) {
    if (!(error instanceof TidegateError)) throw error;
    const isAway = error.code === "unreachable" || error.code === "deadline";
    const advice = isAway ? "See that it runs, and that --url is right." : null;
    return { finding: finding("control plane", id, "fail", error.message, advice), isAway };
  }
}

const inTime = (id: string, what: string, took: number): Finding =>
  took < SLOW_MS
    ? finding("control plane", id, "ok", `${what} (${took} ms)`)
    : finding(
        "control plane",
        id,
        "warn",
        `${what}, but takes ${took} ms to say so`,
        "See how busy it and its Redis are.",
      );

function refusedBy(error: unknown): Finding {
  if (!(error instanceof TidegateError)) throw error;
  const { code, message, status } = error;
  if (status === 401)
    return finding(
      "tokens",
      "token",
      "fail",
      "the control plane does not know this token",
      "Give another, or have one made: tidegate tokens create.",
    );
  if (status === 403)
    return finding(
      "tokens",
      "token",
      "unknown",
      `what the control plane sees is not for this token: ${message}`,
      "Ask with one of scope read that is bound to no site.",
    );
  if (status === 404)
    return finding(
      "control plane",
      "control-version",
      "warn",
      "the control plane is of an older release: it has no doctor",
      "Bring it to the release of this command line.",
    );
  return finding(
    "control plane",
    "control-doctor",
    "fail",
    `the control plane could not look: ${message} (${code})`,
  );
}

function ofDiagnosis(
  { at, version, askedBy, checks }: Diagnosis,
  asked: { readonly sentAt: number; readonly tookMs: number; readonly url: string },
): Finding[] {
  const found: Finding[] = [...checks];
  // It said the time when it answered.
  const apart = Date.parse(at) - (asked.sentAt + asked.tookMs);
  found.push(
    Math.abs(apart) < APART_MS + asked.tookMs
      ? finding("clocks", "clock-here", "ok", "this machine and the control plane agree on the time")
      : finding(
          "clocks",
          "clock-here",
          "warn",
          `the control plane's clock is ${(apart / 1000).toFixed(1)} s from this one`,
          "Set the clocks (NTP).",
        ),
  );
  if (version !== VERSION)
    found.push(
      finding(
        "control plane",
        "control-version",
        "warn",
        `the control plane is of release ${version}, this command line of ${VERSION}`,
        "Bring both to one release.",
      ),
    );
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(asked.url).hostname);
  if (askedBy.scopes.includes("admin") && !isHere)
    found.push(
      finding(
        "tokens",
        "token",
        "warn",
        `you ask as ${askedBy.name}, who may do everything`,
        "Make a token with the scopes that you need: tidegate tokens create.",
      ),
    );
  return found;
}

const finding = (
  area: string,
  id: string,
  state: Finding["state"],
  what: string,
  advice: string | null = null,
): Finding => ({ area, id, state, what, advice });
