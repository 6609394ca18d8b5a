// The model's log beside the real scripts: whatever is done to both, they answer alike.

import type { Position } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import { LOG_HEAD } from "../../shared/mid-tier/keys.ts";
import type {
  AppendOutcome,
  ConfirmOutcome,
  LogHead,
  SinceOutcome,
  SnapshotOutcome,
} from "../../shared/ports/mid-tier.ts";
import type { Call, Content, Database } from "../interleavings/database.ts";
import { checkCall, snapshotCall } from "../interleavings/exchange.ts";
import { beginningOf, type Chain, goesOnFrom, headOf, KEY, type Mode, OTHER } from "./entries.ts";
import { EMPTY_LOG, type Log } from "./parts.ts";
import { append, beginEpoch, check, confirm, since, snapshot } from "./redis-log.ts";
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

interface Purge {
  readonly mode: Mode;
  readonly selector: Selector;
  /** More than there are: nobody is told of it before it is confirmed. */
  readonly replicas: 0 | 1;
}

const PURGES: Readonly<Record<"at once" | "once confirmed", readonly Purge[]>> = {
  "at once": [
    { mode: "hard", selector: KEY, replicas: 0 },
    { mode: "soft", selector: KEY, replicas: 0 },
    { mode: "hard", selector: OTHER, replicas: 0 },
  ],
  "once confirmed": [
    { mode: "hard", selector: KEY, replicas: 1 },
    { mode: "soft", selector: OTHER, replicas: 1 },
    { mode: "hard", selector: OTHER, replicas: 0 },
  ],
};
const STEP = 10;

export class LogTwins {
  /** Answers that were compared. */
  compared = 0;
  private readonly database: Database;
  private readonly scope: LogScope;
  private readonly purges: readonly Purge[];
  private readonly seen = new Set<string>();

  /** `told`: when anybody is told of what is appended. */
  constructor(database: Database, { scope, told }: { scope: LogScope; told: keyof typeof PURGES }) {
    this.database = database;
    this.scope = scope;
    this.purges = PURGES[told];
  }

  /** Everything that can be done in so many steps. */
  async compareAll(steps: number): Promise<void> {
    const log: Log = { ...EMPTY_LOG, ...beginEpoch(EMPTY_LOG, 0) };
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
    for (const purge of this.purges) led.push(await this.appended(twin, purge));
    for (const head of twin.heads) led.push(await this.confirmed(twin, head));
    led.push({ ...twin, content: this.database.empty, log: { ...twin.log, chain: null }, past: [] });
    for (const { content, log, past } of twin.past)
      led.push({ ...twin, content, log: { ...twin.log, chain: log.chain, durable: log.durable }, past });
    for (const after of led) await this.goOn({ ...after, now: twin.now + STEP }, steps - 1);
  }

  /** Every question; those that begin an epoch lead on. */
  private async askAll(twin: Twin): Promise<Twin[]> {
    const led: Twin[] = [];
    for (const head of twin.heads) {
      const { epoch, seq } = head.real;
      const further = twin.heads.findLast(({ real }) => real.epoch === epoch && real.seq > seq);
      for (const beyond of further === undefined ? [null] : [null, further]) {
        const after = await this.asked(twin, head, beyond);
        if (after !== null) led.push(after);
      }
      await this.checked(twin, head);
    }
    const epochs = new Set(twin.heads.map(({ real }) => real.epoch));
    for (const epoch of epochs) led.push(...(await this.snapshots(twin, epoch)));
    return led;
  }

  private async asked(twin: Twin, { real, chain }: Head, beyond: Head | null): Promise<Twin | null> {
    const { page } = this.scope;
    const call: Call<SinceOutcome> = {
      name: `since ${real.epoch}-${real.seq} ${real.hash} ${page} ${beyond?.real.seq} ${beyond?.real.hash}`,
      send: ({ log }) => log.since({ ...real, beyond: beyond?.real ?? null }, page),
    };
    const { outcome, content } = await this.ask(call, twin);
    const { reply, log } = since(twin.log, { joint: chain, beyond: beyond?.chain ?? null }, this.scope);
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

  /** Confirmed is what the log holds; of what it does not hold it says so. */
  private async confirmed(twin: Twin, { real, chain }: Head): Promise<Twin> {
    const call: Call<ConfirmOutcome> = {
      name: `confirm ${real.epoch}-${real.seq} ${real.hash}`,
      send: ({ log }) => log.confirm(real, 0),
    };
    const { outcome, content } = await this.ask(call, twin);
    const log = confirm(twin.log, chain, this.scope);
    this.alike(outcome.kind, log === null ? "unavailable" : "confirmed", call.name);
    return { ...twin, content, log: log ?? twin.log };
  }

  private async appended(twin: Twin, { mode, selector, replicas }: Purge): Promise<Twin> {
    const operation = `${twin.now} ${mode} ${selector} ${replicas}`;
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
          replicas,
        }),
    };
    const { content } = await this.ask(call, twin);
    const log = append(twin.log, { mode, selector, replicas: replicas > 0 });
    const kept = goesOnFrom(log.chain, twin.log.chain ?? "none") ? [...twin.past, twin] : [];
    return this.withHead({ ...twin, content, log, past: kept });
  }

  /** The head that both stand at now is one that can be asked from later. */
  private async withHead(twin: Twin): Promise<Twin> {
    const { chain } = twin.log;
    const head = this.database.hash(twin.content, LOG_HEAD);
    const real = {
      epoch: Number(head.get("epoch")),
      seq: Number(head.get("seq")),
      hash: head.get("hash") ?? "",
    };
    if (chain === null) throw new Error("there is no head");
    this.alike(real.seq, headOf(chain).seq, "the head");
    return { ...twin, heads: [...twin.heads, { real, chain }] };
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
