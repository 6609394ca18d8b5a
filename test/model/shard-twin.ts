// The model's shard beside the real scripts: whatever is done to both, they answer alike.

import type { Position } from "../../shared/core/position.ts";
import { millis, minutes, type Selector } from "../../shared/core/units.ts";
import { NOTHING_VARIES } from "../../shared/core/vary.ts";
import type { FillOutcome } from "../../shared/ports/mid-tier.ts";
import type { Call, Content, Database } from "../interleavings/database.ts";
import { readCall, releaseCall, verifiedCall } from "../interleavings/exchange.ts";
import { alone, GRANTED, ROOMY, THERE } from "../support/one-shard.ts";
import type { Answer, Shard } from "./parts.ts";
import { fill, readOrLease, recordVerified, release } from "./shard.ts";

interface Twin {
  readonly content: Content;
  readonly shard: Shard;
  /** Whose token the lease has. */
  readonly owner: string | null;
  readonly fills: number;
  readonly now: number;
}

const KEY = "page";
const TOKENS = ["a", "b"];
const PLACES: readonly Position[] = [0, 1].map((seq) => ({ epoch: 10, seq }));
const LEASE = millis(1000);

export class ShardTwins {
  /** Answers that were compared. */
  compared = 0;
  private readonly database: Database;
  private readonly seen = new Set<string>();

  constructor(database: Database) {
    this.database = database;
  }

  /** Everything that can be done in so many steps. */
  compareAll(steps: number): Promise<void> {
    const shard = { l2: null, lease: null, granted: null };
    return this.goOn({ content: this.database.empty, shard, owner: null, fills: 0, now: 0 }, steps);
  }

  private async goOn(twin: Twin, steps: number): Promise<void> {
    const name = `${twin.content.index} ${JSON.stringify(twin.shard)} ${twin.owner} ${steps}`;
    if (steps === 0 || this.seen.has(name)) return;
    this.seen.add(name);
    const led = [this.later(twin), ...(await this.reads(twin))];
    for (const token of TOKENS) {
      led.push(await this.released(twin, token));
      for (const asOf of PLACES) led.push(await this.filled(twin, token, asOf));
    }
    for (const position of PLACES) led.push(...(await this.verifieds(twin, position)));
    for (const after of led) await this.goOn({ ...after, now: after.now + 1 }, steps - 1);
  }

  /** Past the end of every lease. */
  private later(twin: Twin): Twin {
    const now = twin.now + LEASE + 1;
    const content = this.database.at(twin.content, now);
    return { ...twin, content, shard: { ...twin.shard, lease: null }, owner: null, now };
  }

  private async reads(twin: Twin): Promise<Twin[]> {
    const led: Twin[] = [];
    const there = twin.shard.l2?.answer ?? null;
    // Whoever has the lease does not ask again.
    for (const token of TOKENS.filter((one) => one !== twin.owner))
      for (const asOf of PLACES)
        for (const need of PLACES)
          for (const not of there === null ? [null] : [null, there])
            led.push(await this.read(twin, { token, asOf, need, not }));
    return led;
  }

  private async read(
    twin: Twin,
    { token, asOf, need, not }: { token: string; asOf: Position; need: Position; not: Answer | null },
  ): Promise<Twin> {
    const call = readCall({
      ...alone(KEY),
      need,
      asOf,
      lease: { token, duration: LEASE, patience: minutes(1) },
      not: not && idOf(not),
    });
    const { outcome, content } = await this.database.run(call, twin.content, twin.now);
    const { shard, reply } = readOrLease(twin.shard, { asOf, need, candidate: null, not });
    const real =
      outcome.kind === "hit" ? [outcome.found.answer.id, outcome.found.verifiedTo] : [outcome.kind];
    const modelled = reply.kind === "hit" ? [idOf(reply.found.answer), reply.found.verifiedTo] : [reply.kind];
    this.alike(real, modelled, call.name);
    return { ...twin, content, shard, owner: reply.kind === "leased" ? token : twin.owner };
  }

  private async filled(twin: Twin, token: string, asOf: Position): Promise<Twin> {
    const number = twin.fills + 1;
    const answer: Answer = { asOf, asked: number, generated: number };
    const holds = twin.owner === token;
    const { outcome, content } = await this.database.run(fillCall(answer, token), twin.content, twin.now);
    const held = { answer, verifiedTo: asOf, sentFor: null };
    const { shard, stored } = fill(twin.shard, { held, holds });
    this.alike(outcome.kind, stored ? "stored" : "refused", `${token} fills as of ${asOf.seq}`);
    return { ...twin, content, shard, owner: holds ? null : twin.owner, fills: number };
  }

  private async released(twin: Twin, token: string): Promise<Twin> {
    const holds = twin.owner === token;
    const { content } = await this.database.run(
      releaseCall({ key: KEY, token, marker: null, at: THERE }),
      twin.content,
      twin.now,
    );
    return { ...twin, content, shard: release(twin.shard, { holds }), owner: holds ? null : twin.owner };
  }

  private async verifieds(twin: Twin, position: Position): Promise<Twin[]> {
    const led: Twin[] = [];
    const other: Answer = { asOf: position, asked: 99, generated: 99 };
    for (const answer of [twin.shard.l2?.answer ?? other, other]) {
      const call = verifiedCall({ key: KEY, id: idOf(answer), position });
      const { content } = await this.database.run(call, twin.content, twin.now);
      led.push({ ...twin, content, shard: recordVerified(twin.shard, { answer, position }) });
    }
    return led;
  }

  private alike(real: unknown, modelled: unknown, what: string): void {
    this.compared += 1;
    if (JSON.stringify(real) !== JSON.stringify(modelled))
      throw new Error(
        `${what}: the script says ${JSON.stringify(real)}, the model ${JSON.stringify(modelled)}`,
      );
  }
}

const idOf = ({ asked }: Answer): string => `answer-${asked}`;

function fillCall(answer: Answer, token: string): Call<FillOutcome> {
  const body = new Uint8Array(0);
  const stored = {
    version: 2,
    id: idOf(answer),
    key: KEY,
    status: 200,
    headers: [],
    class: "standard",
    selectors: [KEY as Selector],
    asOf: answer.asOf,
    vary: [],
    part: { kind: "whole" },
    length: 0,
    dirty: false,
    fresh: minutes(10),
    staleWhileRevalidate: millis(0),
    staleIfError: millis(0),
    ageWhenSent: millis(0),
    receivedAtWall: 0,
    lease: token,
  } as const;
  const keys = {
    key: KEY,
    primary: KEY,
    leaseKey: KEY,
    mark: NOTHING_VARIES,
    granted: GRANTED,
    budget: ROOMY,
  };
  return {
    name: `fill ${token} ${idOf(answer)} ${answer.asOf.seq}`,
    send: ({ midTier }) => midTier.fill({ ...keys, token, answer: stored, body, keepFor: minutes(10) }),
  };
}
