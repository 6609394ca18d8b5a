// Plays the cases of a table against one edge, and holds every answer to what holds for all of them.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cacheStatusFaults } from "../support/cache-status.ts";
import { fieldOf } from "../support/fields.ts";
import { until } from "../support/http.ts";
import type { Asked, Script, Spoken } from "../support/scripted-origin.ts";
import type { Received } from "../support/wire-client.ts";
import type { Exchange, Expected, HttpCase, Step, Wanted } from "./case.ts";
import { type EdgeUnderTest, HOST, type Stage, stageOf, startEdgeUnderTest } from "./stage.ts";

/** Declares a suite: a cluster for all of its tables. */
export function playAll(tables: Readonly<Record<string, readonly HttpCase[]>>): void {
  let edge: EdgeUnderTest | undefined;
  let count = 0;
  beforeAll(async () => {
    edge = await startEdgeUnderTest();
  }, 60_000);
  afterAll(() => edge?.stop());
  for (const [subject, cases] of Object.entries(tables)) {
    describe(subject, () => {
      for (const one of cases) {
        count += 1;
        const id = `c${count}`;
        test(`${one.claim} (${one.rfc})`, async () => {
          if (edge === undefined) throw new Error("the edge did not start");
          await play(stageOf(edge, id, one.under ?? ""), one);
        });
      }
    });
  }
}

async function play(stage: Stage, one: HttpCase): Promise<void> {
  stage.edge.origin.script(stage.id, scriptOf(one.origin ?? []));
  if ("story" in one) await one.story(stage);
  else await playSteps(stage, one.steps);
  for (const asked of stage.asked()) checkAsked(asked);
}

async function playSteps(stage: Stage, steps: readonly Step[]): Promise<void> {
  let settled = 0;
  for (const [index, step] of steps.entries()) {
    // What the step before fetched is stored behind its client's back.
    if (stage.asked().length > settled) await stage.edge.settled();
    settled = stage.asked().length;
    await take(stage, step, index + 1);
  }
}

const scriptOf = (origin: readonly Spoken[] | Script): Script =>
  typeof origin === "function" ? origin : (_, nth) => origin[Math.min(nth, origin.length) - 1] ?? {};

async function take(stage: Stage, step: Step, index: number): Promise<void> {
  if ("purges" in step) return stage.edge.purge(step.purges(`http://${HOST}${stage.path}`));
  if ("reached" in step) {
    await stage.reached(step.reached);
    await stage.edge.settled();
    return void expect({ step: index, asked: stage.asked().length }).toEqual({
      step: index,
      asked: step.reached,
    });
  }
  if (step.eventually === true) {
    const tries = async (): Promise<string> => exchange(stage, step, index).then(() => "", String);
    return void (await until(tries, (failure) => failure === "", { withinMs: 6000 }));
  }
  return exchange(stage, step, index);
}

async function exchange(stage: Stage, step: Exchange, index: number): Promise<void> {
  const before = stage.asked().length;
  const got = await stage.send(step);
  const after = stage.asked().length;
  const last = stage.asked().at(-1);
  const { expected, actual } = compared(step.expect, { got, asked: after > before, last });
  expect({ step: index, ...actual }).toEqual({ step: index, ...expected });
  step.expect.also?.(got, stage.asked());
  checkAnswer(got, { fromCache: after === before });
}

type Seen = { readonly got: Received; readonly asked: boolean; readonly last: Asked | undefined };
type Compared = { readonly expected: Record<string, unknown>; readonly actual: Record<string, unknown> };

/** The expectation, and what was seen in its shape: what a predicate or pattern accepts shows as itself. */
function compared(want: Expected, { got, asked, last }: Seen): Compared {
  const status = want.status ?? 200;
  const expected: Record<string, unknown> = {
    status: typeof status === "number" ? status : status.includes(got.status) ? got.status : status,
  };
  const actual: Record<string, unknown> = { status: got.status };
  if (want.from !== undefined) {
    expected.from = want.from;
    actual.from = asked ? "origin" : "cache";
  }
  if (want.body !== undefined) {
    const { body } = want;
    const same = body instanceof RegExp ? body.test(got.text) : Buffer.from(body).equals(got.body);
    expected.body = same ? true : String(body).slice(0, 200);
    actual.body = same ? true : got.text.slice(0, 200);
  }
  for (const [name, wanted] of Object.entries(want.fields ?? {}))
    add({ expected, actual }, name, { wanted, value: got.field(name) });
  for (const [name, wanted] of Object.entries(want.asked ?? {}))
    add({ expected, actual }, `asked with ${name}`, { wanted, value: fieldOf(last?.fields ?? [], name) });
  return { expected, actual };
}

function add(to: Compared, name: string, { wanted, value }: { wanted: Wanted; value: string | null }): void {
  to.actual[name] = value;
  to.expected[name] = matches(wanted, value)
    ? value
    : typeof wanted === "function"
      ? "something else"
      : wanted;
}

function matches(wanted: Wanted, value: string | null): boolean {
  if (typeof wanted === "function") return wanted(value);
  if (wanted instanceof RegExp) return value !== null && wanted.test(value);
  return wanted === value;
}

const INTERNAL = /^(?:x-)?tidegate-(?!cache-control$|position$)/;
const HOP_BY_HOP = /^(?:keep-alive|proxy-connection|te|trailer|upgrade)$/;

/** What holds for every answer, whatever it answers. */
function checkAnswer(got: Received, { fromCache }: { fromCache: boolean }): void {
  const names = got.fields.map(([name]) => name);
  expect(names.filter((name) => INTERNAL.test(name))).toEqual([]);
  expect(cacheStatusFaults(got.field("cache-status") ?? "tidegate-l1")).toEqual([]);
  // RFC 9111 §5.1: an answer that was not validated for this request carries its age.
  if (fromCache && (got.status === 200 || got.status === 206))
    expect(got.field("age") ?? "").toMatch(/^\d+$/);
  if (got.status === 204 || got.status === 304) expect(got.body.length).toBe(0);
}

/** What holds for every request that leaves the edge; a handshake is one of its own connection. */
function checkAsked({ fields }: Asked): void {
  const opens = fieldOf(fields, "sec-websocket-key") !== null && fieldOf(fields, "upgrade") === "websocket";
  // What the journal delivers, whenever it comes to it, says which of its attempts it is.
  const isDelivered = fieldOf(fields, "idempotency-key") !== null;
  const names = fields.flatMap(([name]) =>
    (opens && name === "upgrade") || (isDelivered && name === "tidegate-fence") ? [] : [name],
  );
  expect(names.filter((name) => INTERNAL.test(name) || HOP_BY_HOP.test(name))).toEqual([]);
}
