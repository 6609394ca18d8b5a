// Brings the environment's sites and policies into the log, once for each change of the environment.

import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import type { AppendOutcome, Log, LogHead, Unavailable } from "../../shared/ports/mid-tier.ts";
import { REPLICAS_FIELD } from "../../shared/wire/configuration.ts";
import { parseJson } from "../../shared/wire/log-payload.ts";
import type { Settings } from "../control-plane.ts";

/** What the environment has written so far: a later one takes back only that. */
const MARK_FIELD = "boot/fields";

interface Mark {
  /** Of the environment's fields as they were last brought in; "" while that is going on. */
  readonly digest: string;
  readonly fields: readonly string[];
}

interface Ports {
  readonly log: Log;
  readonly digest: Digest;
  readonly settings: Settings;
}

/**
 * Rows edited since stay as they are until the environment itself says something new. The mark is widened before
 * anything is written and narrowed after: an interrupted run leaves nothing that the next can't take back.
 */
export async function bootConfiguration(ports: Ports): Promise<{ readonly kind: "done" } | Unavailable> {
  const { fields } = ports.settings;
  const outcome = await ports.log.snapshot(0);
  if (outcome.kind === "unavailable") return outcome;
  const { head, configuration } = outcome;
  const digest = await ports.digest.sha256Hex(JSON.stringify([...fields]));
  const mark = readMark(configuration.get(MARK_FIELD));
  if (mark.digest === digest) return { kind: "done" };
  const changes = [...fields].filter(([field, value]) => configuration.get(field) !== value);
  const removed = mark.fields.filter((field) => !fields.has(field) && configuration.has(field));
  const during: Mark = { digest: "", fields: [...new Set([...mark.fields, ...fields.keys()])] };
  const after: Mark = { digest, fields: [...fields.keys()] };
  const steps: (readonly [string, string | null])[] = [
    [MARK_FIELD, JSON.stringify(during)],
    ...changes,
    ...removed.map((field) => [field, null] as const),
    [MARK_FIELD, JSON.stringify(after)],
  ];
  for (const step of steps) {
    const appended = await appendField(ports, head, step);
    if (appended.kind !== "appended") return { kind: "unavailable", reason: appended.kind };
  }
  return { kind: "done" };
}

/** The head is part of the operation's id: what is changed back later is appended again. */
async function appendField(
  ports: Ports,
  head: LogHead,
  step: readonly [string, string | null],
): Promise<AppendOutcome> {
  const outcome = await appendOnce(ports, head, step);
  if (outcome.kind !== "unreplicated" || ports.settings.replicas > 0) return outcome;
  // The log asks for replicas that nobody waits for any more; when it asks for none, it tells of what it holds by then.
  return appendOnce(ports, head, [REPLICAS_FIELD, null]);
}

async function appendOnce(
  { log, digest, settings }: Ports,
  head: LogHead,
  [field, value]: readonly [string, string | null],
): Promise<AppendOutcome> {
  const operationId = await digest.sha256Hex(JSON.stringify(["boot", head.epoch, head.seq, field, value]));
  return appendConfirmed(log, {
    operationId,
    requestDigest: operationId,
    actor: "control-plane",
    action: "configure",
    payload: { kind: "config", field, value },
    detail: field,
    replicas: settings.replicas,
  });
}

function readMark(text: string | undefined): Mark {
  const value = text === undefined ? null : (parseJson(text) as Partial<Mark> | null);
  const fields = Array.isArray(value?.fields) ? value.fields.map(String) : [];
  return { digest: typeof value?.digest === "string" ? value.digest : "", fields };
}
