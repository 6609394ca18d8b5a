// Judges what a script has done to the store itself: what stands in L2, and the head of the log.

import { comparePositions, formatPosition, type Position } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import { LOG_ENTRIES, LOG_HEAD } from "../../shared/mid-tier/keys.ts";
import type { LogHead, SinceOutcome } from "../../shared/ports/mid-tier.ts";
import { decodeAnswer } from "../../shared/wire/stored-answer.ts";
import type { Copy, Fetched } from "./copy.ts";
import type { Content } from "./database.ts";
import type { State, World } from "./state.ts";
import { type Breach, breach, type Judged, judgeStored } from "./truth.ts";

export const ANSWERS = "tg:a:";

/** The content before is the state's own; the one after is what the script left. */
export function judgeStore(world: World, { content: before, truth }: State, after: Content): Judged {
  if (after === before) return { truth, breaches: [] };
  const { database } = world;
  const breaches: Breach[] = [];
  for (const key of database.keysOf(after)) {
    if (!key.startsWith(ANSWERS) || database.valueAt(before, key) === database.valueAt(after, key)) continue;
    const stored = storedOf(database.hash(after, key));
    if (stored === null) continue;
    breaches.push(...judgeStored(truth, stored.copy, stored.asOf));
    const there = storedOf(database.hash(before, key));
    if (there !== null)
      breaches.push(...regressions(there, stored).map((how) => breach("no going back", how)));
  }
  if (database.valueAt(before, LOG_HEAD) === database.valueAt(after, LOG_HEAD)) return { truth, breaches };
  const head = headOf(world, after);
  if (head === null) return { truth, breaches };
  const old = headOf(world, before);
  const newest = comparePositions(head, truth.newest) > 0 ? head : truth.newest;
  if (head.epoch !== old?.epoch) {
    const { epochs } = truth;
    const isNew =
      !epochs.includes(head.epoch) && (world.scenario.clockBehind || head.epoch > Math.max(...epochs));
    if (!isNew) breaches.push(breach("epochs are new", `${head.epoch} begins after ${epochs.join(", ")}`));
    return { truth: { ...truth, newest, epochs: [...epochs, head.epoch] }, breaches };
  }
  if (comparePositions(head, old) < 0) breaches.push(breach("no going back", "the head of the log"));
  return { truth: { ...truth, newest }, breaches };
}

export function headOf({ database }: Pick<World, "database">, content: Content): Position | null {
  const head = database.hash(content, LOG_HEAD);
  const epoch = head.get("epoch");
  return epoch === undefined ? null : { epoch: Number(epoch), seq: Number(head.get("seq")) };
}

/** What `since` made of a position: it has to be told apart whether this very log holds it. */
export function judgeSince(
  world: World,
  given: { known: LogHead; outcome: SinceOutcome; before: Content; after: Content },
): Breach[] {
  const { known, outcome, before, after } = given;
  const holds = holdsPosition(world, before, known);
  if (outcome.kind === "entries")
    return holds ? [] : [breach("losses are noticed", `${formatPosition(known)} passes for one of this log`)];
  if (outcome.kind === "unavailable") return [];
  if (holds) return [breach("no false alarm", `${formatPosition(known)} is part of this log`)];
  const head = headOf(world, before);
  if (head === null || head.epoch > known.epoch) return [];
  const now = headOf(world, after)?.epoch ?? 0;
  return now > known.epoch ? [] : [breach("losses are noticed", `no epoch begins after ${known.epoch}`)];
}

function holdsPosition({ database }: World, content: Content, { epoch, seq, hash }: LogHead): boolean {
  const head = database.hash(content, LOG_HEAD);
  const [last, lastHash] = [Number(head.get("seq")), head.get("hash")];
  if (Number(head.get("epoch")) !== epoch || seq > last) return false;
  if (seq === last) return hash === lastHash;
  const next = database.hash(content, LOG_ENTRIES).get(String(seq + 1)) ?? "";
  return next.split(" ", 1)[0] === hash;
}

interface Stored {
  readonly copy: Copy;
  readonly asOf: Position;
  readonly grantedAt: number;
}

const parsed = new WeakMap<ReadonlyMap<string, string>, Stored | null>();

/** Null where no answer stands. */
export function storedOf(fields: ReadonlyMap<string, string>): Stored | null {
  const known = parsed.get(fields);
  if (known !== undefined) return known;
  const stored = parse(fields);
  parsed.set(fields, stored);
  return stored;
}

function parse(fields: ReadonlyMap<string, string>): Stored | null {
  const id = fields.get("id");
  if (id === undefined) return null;
  const text = Buffer.from(fields.get("b") ?? "", "base64").toString();
  const selectors: readonly Selector[] = decodeAnswer(fields.get("m") ?? "")?.selectors ?? [];
  const fetched = JSON.parse(text) as Fetched;
  const at = (epoch: string, seq: string): Position => ({
    epoch: Number(fields.get(epoch)),
    seq: Number(fields.get(seq)),
  });
  const copy = { id, verifiedTo: at("ve", "vs"), selectors, fetched };
  return { copy, asOf: at("ae", "as"), grantedAt: Number(fields.get("at")) };
}

function regressions(there: Stored, now: Stored): string[] {
  const { id } = now.copy;
  if (comparePositions(now.asOf, there.asOf) < 0)
    return [`${id} as of ${formatPosition(now.asOf)} in the place of ${formatPosition(there.asOf)}`];
  if (there.copy.id !== id) return [];
  const back = comparePositions(now.copy.verifiedTo, there.copy.verifiedTo) < 0;
  const moved = now.grantedAt !== there.grantedAt || comparePositions(now.asOf, there.asOf) !== 0;
  return [...(back ? [`verified-to of ${id}`] : []), ...(moved ? [`${id} under its own id`] : [])];
}
