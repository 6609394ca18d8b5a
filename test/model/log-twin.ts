// The model's log beside the real scripts: whatever is done to both, they answer alike.

import type { Position } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { AppendOutcome, LogHead, SinceOutcome, SnapshotOutcome } from "../../shared/ports/mid-tier.ts";
import type { Call, Content, Database } from "../interleavings/database.ts";
import { checkCall, snapshotCall } from "../interleavings/exchange.ts";
import { beginningOf, type Chain, goesOnFrom, headOf, KEY, type Mode, OTHER } from "./entries.ts";
import type { Log } from "./parts.ts";
import { append, beginEpoch, check, since, snapshot } from "./redis-log.ts";
import type { LogScope } from "./scope.ts";

/** One log twice, and every head that either was ever seen at. */
interface Twin {
  readonly content: Content;
  readonly log: Log;
  readonly heads: readonly Head[];
  /** As it was after each append: what a replica may have stopped at. */
  readonly past: readonly Twin[];
  readonly now: number;
}

interface Head {
  readonly real: LogHead;
  readonly chain: Chain;
}

const PURGES: readonly (readonly [Mode, Selector])[] = [
  ["hard", KEY],
  ["soft", KEY],
  ["hard", OTHER],
];
const STEP = 10;

export class LogTwins {
  /** Answers that were compared. */
  compared = 0;
  private readonly database: Database;
  private readonly scope: LogScope;
  private readonly seen = new Set<string>();

  constructor(database: Database, scope: LogScope) {
    this.database = database;
    this.scope = scope;
  }

  /** Everything that can be done in so many steps. */
  async compareAll(steps: number): Promise<void> {
    const log: Log = { ...EMPTY, ...beginEpoch(EMPTY, 0) };
    const begun = await this.ask(snapshotCall(0), { content: this.database.empty, now: STEP });
    const head = {
      real: (begun.outcome as SnapshotOutcome & { kind: "snapshot" }).head,
      chain: beginningOf(log.lastEpoch),
    };
    await this.goOn({ content: begun.content, log, heads: [head], past: [], now: 2 * STEP }, steps);
  }

  private async goOn(twin: Twin, steps: number): Promise<void> {
    const name = `${twin.content.index} ${JSON.stringify(twin.log)} ${steps} ${twin.heads.length}`;
    if (this.seen.has(name)) return;
    this.seen.add(name);
    const led = await this.askAll(twin);
    if (steps === 0) return;
    for (const [mode, selector] of PURGES) led.push(await this.appended(twin, mode, selector));
    led.push({ ...twin, content: this.database.empty, log: { ...twin.log, chain: null }, past: [] });
    for (const { content, log, past } of twin.past)
      led.push({ ...twin, content, log: { ...twin.log, chain: log.chain }, past });
    for (const after of led) await this.goOn({ ...after, now: twin.now + STEP }, steps - 1);
  }

  /** Every question; those that begin an epoch lead on. */
  private async askAll(twin: Twin): Promise<Twin[]> {
    const led: Twin[] = [];
    for (const head of twin.heads) {
      const after = await this.asked(twin, head);
      if (after !== null) led.push(after);
      await this.checked(twin, head);
    }
    const epochs = new Set(twin.heads.map(({ real }) => real.epoch));
    for (const epoch of epochs) led.push(...(await this.snapshots(twin, epoch)));
    return led;
  }

  private async asked(twin: Twin, { real, chain }: Head): Promise<Twin | null> {
    const { page } = this.scope;
    const call: Call<SinceOutcome> = {
      name: `since ${real.epoch}-${real.seq} ${real.hash} ${page}`,
      send: ({ log }) => log.since(real, page),
    };
    const { outcome, content } = await this.ask(call, twin);
    const { reply, log } = since(twin.log, chain, this.scope);
    this.alike(outcome.kind, reply.kind, call.name);
    if (outcome.kind === "entries" && reply.kind === "entries") {
      const known = (hash: string): Chain | undefined =>
        twin.heads.find((head) => head.real.hash === hash)?.chain;
      const entries = outcome.entries.map(({ hash }) => known(hash));
      this.alike([...entries, known(outcome.head.hash)], [...reply.entries, reply.head], call.name);
    }
    return this.begun(twin, { content, log }, call.name);
  }

  private async checked(twin: Twin, { real, chain }: Head): Promise<void> {
    const call = checkCall([KEY], real);
    const { outcome } = await this.ask(call, twin);
    const position: Position = headOf(chain);
    const reply = check(twin.log, { selectors: [KEY], position }, this.scope);
    this.alike(outcome.kind === "unknown" ? "hit" : outcome.kind, reply.kind, call.name);
    if ("position" in outcome && reply.kind !== "hit")
      this.alike(outcome.position.seq, reply.position.seq, call.name);
  }

  private async snapshots(twin: Twin, epoch: number): Promise<Twin[]> {
    const led: Twin[] = [];
    const same = twin.heads.find(({ real }) => real.epoch === epoch);
    for (const more of [0, 1]) {
      const call = snapshotCall(epoch + more);
      const { content } = await this.ask(call, twin);
      const { log } = snapshot(twin.log, headOf(same?.chain ?? "").epoch + more);
      const after = await this.begun(twin, { content, log }, call.name);
      if (after !== null) led.push(after);
    }
    return led;
  }

  /** Both begin an epoch, or neither does. */
  private async begun(twin: Twin, after: { content: Content; log: Log }, what: string): Promise<Twin | null> {
    this.alike(after.content !== twin.content, after.log.chain !== twin.log.chain, `${what} begins an epoch`);
    return after.log.chain === twin.log.chain ? null : this.withHead({ ...twin, ...after, past: [] });
  }

  private async appended(twin: Twin, mode: Mode, selector: Selector): Promise<Twin> {
    const operation = `${twin.now} ${mode} ${selector}`;
    const call: Call<AppendOutcome> = {
      name: `append ${operation}`,
      send: ({ log }) =>
        log.append({
          operationId: operation,
          requestDigest: operation,
          actor: "test",
          action: "invalidate",
          payload: { kind: "invalidate", mode, selectors: [selector] },
          detail: "",
          replicas: 0,
        }),
    };
    const { content } = await this.ask(call, twin);
    const log = append(twin.log, { mode, selector });
    const kept = goesOnFrom(log.chain, twin.log.chain ?? "none") ? [...twin.past, twin] : [];
    return this.withHead({ ...twin, content, log, past: kept });
  }

  /** The head that both stand at now is one that can be asked from later. */
  private async withHead(twin: Twin): Promise<Twin> {
    const { outcome } = await this.ask(snapshotCall(0), twin);
    const { chain } = twin.log;
    if (outcome.kind !== "snapshot" || chain === null) throw new Error("there is no head");
    this.alike(outcome.head.seq, headOf(chain).seq, "the head");
    return { ...twin, heads: [...twin.heads, { real: outcome.head, chain }] };
  }

  private ask<T>(call: Call<T>, { content, now }: { content: Content; now: number }) {
    return this.database.run(call, content, now);
  }

  private alike(real: unknown, modelled: unknown, what: string): void {
    this.compared += 1;
    if (JSON.stringify(real) !== JSON.stringify(modelled))
      throw new Error(
        `${what}: the script says ${JSON.stringify(real)}, the model ${JSON.stringify(modelled)}`,
      );
  }
}

const EMPTY: Log = {
  chain: null,
  lastEpoch: 0,
  begunFor: 0,
  told: 0,
  purges: [],
  accepted: null,
  crashes: 0,
  outages: 0,
};
