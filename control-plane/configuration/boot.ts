// Brings the environment's sites and policies into the log, once for each change of the environment.

import type { Position } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import type { AppendOutcome, Log, LogHead, Unavailable } from "../../shared/ports/mid-tier.ts";
import { type BootMark, MARK_FIELD, readMark } from "../../shared/wire/boot-mark.ts";
import { REPLICAS_FIELD } from "../../shared/wire/configuration.ts";
import type { Settings } from "../control-plane.ts";
import { auditOf } from "./field-audit.ts";
import { type Change, rowOf, rowsOf, selectorsLost } from "./losing.ts";

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
  const first = await bringIn(ports);
  // Somebody else has changed it, or it is told only now: once more from what it is by now.
  const outcome = first.kind === "outdated" ? await bringIn(ports) : first;
  return outcome.kind === "outdated" ? { kind: "unavailable", reason: outcome.kind } : outcome;
}

type Outcome = { readonly kind: "done" } | { readonly kind: "outdated" } | Unavailable;

async function bringIn(ports: Ports): Promise<Outcome> {
  const { fields } = ports.settings;
  const outcome = await ports.log.snapshot(0);
  if (outcome.kind === "unavailable") return outcome;
  const { head, configuration } = outcome;
  const digest = await ports.digest.sha256Hex(JSON.stringify([...fields]));
  const mark = readMark(configuration);
  if (mark.digest === digest) return { kind: "done" };
  const changes = [...fields].filter(([field, value]) => configuration.get(field) !== value);
  const removed = mark.fields.filter((field) => !fields.has(field) && configuration.has(field));
  const { first } = mark;
  const during: BootMark = { digest: "", fields: [...new Set([...mark.fields, ...fields.keys()])], first };
  const after: BootMark = { digest, fields: [...fields.keys()], first: false };
  const steps: Change[] = [
    { field: MARK_FIELD, value: JSON.stringify(during) },
    ...changes.map(([field, value]) => ({ field, value })),
    ...removed.map((field) => ({ field, value: null })),
    { field: MARK_FIELD, value: JSON.stringify(after) },
  ];
  return applyInOrder(ports, { head, configuration, first: !configuration.has(MARK_FIELD) }, steps);
}

interface Found {
  readonly head: LogHead;
  readonly configuration: ReadonlyMap<string, string>;
  /** Whether nobody has configured this log before. */
  readonly first: boolean;
}

interface Step extends Change {
  readonly selectors: readonly Selector[];
  /** Where the configuration stood that the selectors were worked out from; null where there is nothing to work out. */
  readonly expected: Position | null;
}

/** Each from what the one before it has left. */
async function applyInOrder(
  ports: Ports,
  { head, first, ...found }: Found,
  changes: readonly Change[],
): Promise<Outcome> {
  const configuration = rowsOf(found.configuration);
  let expected: Position = head;
  for (const change of changes) {
    const selectors = selectorsLost({ configuration, first }, change);
    const appended = await appendField(ports, head, { ...change, selectors, expected });
    if (appended.kind === "unavailable" || appended.kind === "outdated") return appended;
    if (appended.kind !== "appended") return { kind: "unavailable", reason: appended.kind };
    expected = appended.position;
    if (change.value === null) configuration.delete(change.field);
    else configuration.set(change.field, rowOf(change.field, change.value));
  }
  return { kind: "done" };
}

/** The head is part of the operation's id: what is changed back later is appended again. */
async function appendField(ports: Ports, head: LogHead, step: Step): Promise<AppendOutcome> {
  const outcome = await appendOnce(ports, head, step);
  const { kind } = outcome;
  if ((kind !== "unreplicated" && kind !== "outdated") || ports.settings.replicas > 0) return outcome;
  // The log asks for replicas that nobody waits for any more; when it asks for none, it tells of what it holds by then.
  const none = { field: REPLICAS_FIELD, value: null, selectors: [], expected: null };
  const told = await appendOnce(ports, head, none);
  return told.kind === "appended" ? { kind: "outdated" } : told;
}

async function appendOnce(
  { log, digest, settings }: Ports,
  head: LogHead,
  { field, value, selectors, expected }: Step,
): Promise<AppendOutcome> {
  const operationId = await digest.sha256Hex(JSON.stringify(["boot", head.epoch, head.seq, field, value]));
  return appendConfirmed(log, {
    operationId,
    requestDigest: operationId,
    actor: "control-plane",
    ...auditOf({ field, value }),
    payload: { kind: "config", field, value, selectors },
    detail: field,
    replicas: settings.replicas,
    ...(expected !== null && { expected: { position: expected, of: "configuration" as const } }),
  });
}
