// Appends an invalidation once more after a while: what an origin still served of the old by then goes too.

import type { Repeat, ScheduleOutcome } from "../../shared/mid-tier/repeats.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { type Fault, parseJson } from "../../shared/wire/json.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type Appending, appendInvalidation, type Operation } from "./append.ts";
import { fanOut, pushable } from "./fan-out.ts";
import { type InvalidateBody, waitingSchema } from "./request.ts";

/** What was asked for, not how it was named then: when it is due, policies may name it otherwise. */
interface Work {
  readonly body: InvalidateBody;
  readonly actor: string;
}

/** `due` is Redis TIME, milliseconds. */
export function scheduleRepeat(
  { repeats }: Pick<ControlPlane, "repeats">,
  { body, operation }: { body: InvalidateBody; operation: Operation },
  due: number,
): Promise<ScheduleOutcome> {
  const work: Work = { body, actor: operation.actor };
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
  { body, actor }: Work,
): Promise<{ readonly kind: "done" } | Unavailable> {
  const id = await plane.digest.sha256Hex(`repeat\n${of}`);
  const operation = { id, requestDigest: id, actor, reason: `repeats ${of}` };
  const tried = await appendWhatIsServed(plane, body, operation);
  if (tried.kind === "unavailable") return tried;
  if (tried.kind !== "tried") return { kind: "done" };
  const { appended, sentAt } = tried;
  if (appended.kind === "unavailable") return appended;
  if (appended.kind === "unreplicated" || appended.kind === "outdated")
    return { kind: "unavailable", reason: appended.kind };
  const push = appended.kind === "appended" ? pushable(appended, { id, sentAt }) : null;
  if (push !== null)
    await fanOut(plane, push, { grace: LIMITS.pushGrace, background: UNKEPT, directory: null });
  return { kind: "done" };
}

/** What the site does not serve any more keeps nothing else from being repeated. */
async function appendWhatIsServed(
  plane: ControlPlane,
  body: InvalidateBody,
  operation: Operation,
): Promise<Appending> {
  const tried = await appendInvalidation(plane, body, operation);
  return tried.kind === "refused"
    ? appendInvalidation(plane, withoutFaults(body, tried.faults), operation)
    : tried;
}

function withoutFaults(body: InvalidateBody, faults: readonly Fault[]): InvalidateBody {
  const faulty = new Set(faults.map(({ pointer }) => pointer));
  const sound = (kind: "urls" | "prefixes" | "hosts") =>
    (body[kind] ?? []).filter((_, index) => !faulty.has(`/${kind}/${index}`));
  return { ...body, urls: sound("urls"), prefixes: sound("prefixes"), hosts: sound("hosts") };
}

/** Null where an older release wrote what this one can't read. */
function readWork(text: string): Work | null {
  const value = parseJson(text) as { body?: unknown; actor?: unknown } | null;
  const body = waitingSchema.safeParse(value?.body);
  const actor = value?.actor;
  return body.success && typeof actor === "string" ? { body: body.data, actor } : null;
}
