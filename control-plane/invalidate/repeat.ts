// Appends an invalidation once more after a while: what an origin still served of the old by then goes too.

import type { Selector } from "../../shared/core/units.ts";
import type { Repeat, ScheduleOutcome } from "../../shared/mid-tier/repeats.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { parseJson } from "../../shared/wire/log-payload.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Invalidation } from "./accept.ts";
import { appendInvalidation, type Operation } from "./append.ts";
import { fanOut, pushable } from "./fan-out.ts";

interface Work {
  readonly invalidation: Invalidation;
  readonly actor: string;
}

/** The beat's own process goes on: nothing has to keep it alive. */
const WITH_THE_BEAT: Background = { keep: () => {} };

/** `due` is Redis TIME, milliseconds. */
export function scheduleRepeat(
  { repeats }: Pick<ControlPlane, "repeats">,
  { invalidation, operation }: { invalidation: Invalidation; operation: Operation },
  due: number,
): Promise<ScheduleOutcome> {
  const work: Work = { invalidation, actor: operation.actor };
  return repeats.schedule({ id: operation.id, work: JSON.stringify(work) }, due);
}

/** A step of the beat. */
export async function appendDueRepeats(
  plane: ControlPlane,
): Promise<{ readonly kind: "done" } | Unavailable> {
  const due = await plane.repeats.due(LIMITS.repeatsPerBeat);
  if (due.kind === "unavailable") return due;
  const outcomes = await Promise.all(due.repeats.map((repeat) => repeatAndForget(plane, repeat)));
  return outcomes.find((outcome) => outcome.kind === "unavailable") ?? { kind: "done" };
}

async function repeatAndForget(
  plane: ControlPlane,
  { id, work }: Repeat,
): Promise<{ readonly kind: "done" } | Unavailable> {
  const read = readWork(work);
  const outcome = read === null ? ({ kind: "done" } as const) : await repeatOne(plane, id, read);
  if (outcome.kind === "done") await plane.repeats.done(id);
  return outcome;
}

async function repeatOne(
  plane: ControlPlane,
  of: string,
  { invalidation, actor }: Work,
): Promise<{ readonly kind: "done" } | Unavailable> {
  const id = await plane.digest.sha256Hex(`repeat\n${of}`);
  const operation = { id, requestDigest: id, actor, reason: `repeats ${of}` };
  const sentAt = plane.clock.now();
  const appended = await appendInvalidation(plane, invalidation, operation);
  if (appended.kind === "unavailable") return appended;
  if (appended.kind === "unreplicated") return { kind: "unavailable", reason: appended.kind };
  const push = appended.kind === "appended" ? pushable(appended, { id, sentAt }) : null;
  if (push !== null)
    await fanOut(plane, push, { grace: LIMITS.pushGrace, background: WITH_THE_BEAT, listed: null });
  return { kind: "done" };
}

/** Null where an older release wrote what this one can't read. */
function readWork(text: string): Work | null {
  const value = parseJson(text) as { invalidation?: Partial<Invalidation>; actor?: unknown } | null;
  const { site, mode, selectors, counts } = value?.invalidation ?? {};
  const { actor } = value ?? {};
  if (typeof site !== "string" || (mode !== "hard" && mode !== "soft") || typeof actor !== "string")
    return null;
  if (!Array.isArray(selectors) || counts === undefined) return null;
  return { invalidation: { site, mode, selectors: selectors as Selector[], counts }, actor };
}
