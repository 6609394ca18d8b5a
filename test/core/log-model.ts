// The reference for views of the log: every entry ever appended, one edge fed by unreliable messages, and what it may say.

import { type LogEntry, type LogPayload, modeOf } from "../../shared/core/log-entry.ts";
import {
  type Coherence,
  coherenceOf,
  type LogView,
  learn,
  learnHead,
  newestOf,
  type ViewLimits,
  viewOfSnapshot,
} from "../../shared/core/log-view.ts";
import { instant, type Selector } from "../../shared/core/units.ts";

export const EPOCH = 7;

/** A log in one process: nothing is ever lost, trimmed or forgotten. `name` tells forks' hashes apart. */
export class ReferenceLog {
  readonly entries: { readonly entry: LogEntry; readonly at: number }[] = [];
  private readonly genesis: string;
  private readonly name: string;

  constructor(name = "log", genesis = "genesis") {
    this.name = name;
    this.genesis = genesis;
  }

  get head(): number {
    return this.entries.length;
  }

  hashAt(seq: number): string {
    return this.entries[seq - 1]?.entry.hash ?? this.genesis;
  }

  append(payload: LogPayload, at: number): void {
    const seq = this.head + 1;
    const entry = {
      epoch: EPOCH,
      seq,
      previous: this.hashAt(seq - 1),
      hash: `${this.name}-${seq}`,
      age: 0,
      payload,
    };
    this.entries.push({ entry, at });
  }

  /** As a message made now would state it. */
  entryAt(seq: number, now: number): LogEntry {
    const found = this.entries[seq - 1];
    if (found === undefined) throw new Error(`no entry ${seq}`);
    return { ...found.entry, age: now - found.at };
  }

  range(after: number, limit: number, now: number): LogEntry[] {
    const last = Math.min(this.head, after + limit);
    return Array.from({ length: Math.max(0, last - after) }, (_, i) => this.entryAt(after + 1 + i, now));
  }

  configurationAt(seq: number): Map<string, string> {
    const fields = new Map<string, string>();
    for (const { entry } of this.entries.slice(0, seq)) {
      if (entry.payload.kind !== "config") continue;
      if (entry.payload.value === null) fields.delete(entry.payload.field);
      else fields.set(entry.payload.field, entry.payload.value);
    }
    return fields;
  }
}

type Request = {
  readonly kind: "since" | "snapshot";
  readonly sentAt: number;
  readonly cursor: number;
  readonly limit: number;
};
type Message =
  | {
      readonly kind: "entries";
      readonly entries: readonly LogEntry[];
      readonly head: number | null;
      readonly sentAt: number;
    }
  | { readonly kind: "snapshot"; readonly seq: number; readonly sentAt: number };

/** What may happen; numbers are taken modulo what there is. */
export type Happening =
  | { readonly kind: "append"; readonly payload: LogPayload }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "ask"; readonly what: "since" | "snapshot"; readonly limit: number }
  | { readonly kind: "serve"; readonly which: number }
  | { readonly kind: "push"; readonly back: readonly number[] }
  | { readonly kind: "deliver"; readonly which: number; readonly again: boolean }
  | { readonly kind: "lose"; readonly which: number };

interface Known {
  readonly seq: number;
  readonly hard: boolean;
  readonly selectors: readonly Selector[];
  /** When it was appended, and as which instant the first message that brought it dated it. */
  readonly at: number;
  readonly datedAt: number;
}

export class Run {
  readonly log = new ReferenceLog();
  readonly limits: ViewLimits;
  view: LogView;
  now = 0;
  /** Invalidations that some message brought since the last snapshot, by number. */
  private readonly known = new Map<number, Known>();
  private seenSeqs = new Set<number>();
  private from = 0;
  private requests: Request[] = [];
  private messages: Message[] = [];

  constructor(limits: ViewLimits) {
    this.limits = limits;
    this.view = viewOfSnapshot(this.snapshotAt(0), instant(0), 1);
  }

  happen(what: Happening): void {
    switch (what.kind) {
      case "append":
        this.log.append(what.payload, this.now);
        return;
      case "pass":
        this.now += what.ms;
        return;
      case "ask":
        this.requests.push({
          kind: what.what,
          sentAt: this.now,
          cursor: this.view.cursor,
          limit: what.limit,
        });
        return;
      case "serve":
        this.serve(what.which);
        return;
      case "push":
        this.push(what.back);
        return;
      case "deliver":
        this.deliver(what.which, what.again);
        return;
      case "lose":
        this.messages.splice(what.which % Math.max(1, this.messages.length), 1);
    }
  }

  /** Everything arrives from now on: pages until the head is reached. */
  heal(): void {
    for (let page = 0; page <= this.log.head; page++) {
      this.happen({ kind: "ask", what: "since", limit: 3 });
      this.serve(this.requests.length - 1);
      this.deliver(this.messages.length - 1, false);
    }
  }

  private snapshotAt(seq: number) {
    return { epoch: EPOCH, seq, hash: this.log.hashAt(seq), configuration: this.log.configurationAt(seq) };
  }

  private serve(which: number): void {
    const [request] = this.requests.splice(which % Math.max(1, this.requests.length), 1);
    if (request === undefined) return;
    const { sentAt, cursor, limit } = request;
    const head = this.log.head;
    if (request.kind === "snapshot") this.messages.push({ kind: "snapshot", seq: head, sentAt });
    else
      this.messages.push({ kind: "entries", entries: this.log.range(cursor, limit, this.now), head, sentAt });
  }

  /** Any of the newest entries, in any order. */
  private push(back: readonly number[]): void {
    const { head } = this.log;
    const seqs = back.map((each) => head - each).filter((seq) => seq > 0);
    const entries = seqs.map((seq) => this.log.entryAt(seq, this.now));
    this.messages.push({ kind: "entries", entries, head: null, sentAt: this.now });
  }

  private deliver(which: number, again: boolean): void {
    const at = which % Math.max(1, this.messages.length);
    const message = this.messages[at];
    if (message === undefined) return;
    if (!again) this.messages.splice(at, 1);
    if (message.kind === "snapshot") {
      this.replace(message);
      return;
    }
    for (const entry of message.entries) this.note(entry);
    const learning = learn(this.view, message.entries, {
      receivedAt: instant(this.now),
      surely: instant(this.now),
      limits: this.limits,
    });
    must(learning.kind === "learnt", "a whole chain is never called broken");
    if (message.head !== null)
      learnHead(this.view, { epoch: EPOCH, seq: message.head }, instant(message.sentAt));
  }

  private replace(message: Message & { kind: "snapshot" }): void {
    if (message.seq <= this.view.cursor) return;
    const snapshot = this.snapshotAt(message.seq);
    this.view = viewOfSnapshot(snapshot, instant(message.sentAt), this.view.generation + 1);
    this.from = message.seq;
    this.known.clear();
    this.seenSeqs = new Set();
  }

  private note(entry: LogEntry): void {
    if (entry.seq <= this.view.cursor) return;
    this.seenSeqs.add(entry.seq);
    const { payload, seq, age } = entry;
    if (payload.selectors.length === 0 || this.known.has(seq)) return;
    const at = this.log.entries[seq - 1]?.at ?? Number.NaN;
    const { selectors } = payload;
    this.known.set(seq, { seq, hard: modeOf(payload) === "hard", selectors, at, datedAt: this.now - age });
  }

  private hits(verifiedTo: number, selectors: readonly Selector[]): Known[] {
    const isHit = (one: Known) =>
      one.seq > verifiedTo && one.selectors.some((each) => selectors.includes(each));
    return [...this.known.values()].filter(isHit);
  }

  /** Fails if the view says anything about an answer that it may not. `forgets` = its limits may have made it forget. */
  audit(selectors: readonly Selector[], forgets: boolean): string[] {
    const verdicts: string[] = [];
    for (let seq = 0; seq <= this.log.head + 1; seq++) {
      const verdict = coherenceOf(this.view, { epoch: EPOCH, seq }, selectors);
      const hits = this.hits(seq, selectors);
      this.auditVerdict(verdict, { seq, hits, forgets });
      if (verdict.kind === "soft") this.auditSince(verdict.since, hits, selectors);
      verdicts.push(JSON.stringify(verdict));
    }
    const newest = newestOf(this.view, selectors, "hard");
    const hards = this.hits(0, selectors).filter(({ hard }) => hard);
    const latest = Math.max(0, ...hards.map(({ seq }) => seq));
    must(
      newest.seq <= latest && (forgets || newest.seq === latest),
      "the newest hard invalidation is the newest known",
    );
    return verdicts;
  }

  private auditVerdict(
    verdict: Coherence,
    { seq, hits, forgets }: { seq: number; hits: readonly Known[]; forgets: boolean },
  ): void {
    const hard = hits.some((one) => one.hard);
    const below = seq < this.view.floor;
    const expected = hard ? "hard" : below ? "unchecked" : hits.length > 0 ? "soft" : "current";
    // A view that had to forget a hard one says so by its floor; in everything else it is as good as one that never forgets.
    const excused = forgets && hard && below && verdict.kind === "unchecked";
    must(verdict.kind === expected || excused, `of ${seq} it says ${verdict.kind}, not ${expected}`);
    must(forgets || this.view.floor === this.from, "the floor stays where the snapshot put it");
  }

  /** Stale since the first soft invalidation: never dated later than any message dated one, never before one was appended. */
  private auditSince(since: number, hits: readonly Known[], selectors: readonly Selector[]): void {
    must(since <= Math.min(...hits.map((one) => one.datedAt)), "stale since the earliest soft invalidation");
    const ever = this.hits(0, selectors).filter((one) => !one.hard);
    must(
      since >= Math.min(...ever.map((one) => one.at)),
      "stale since no earlier than the first was appended",
    );
  }

  auditProgress(before: LogView | null, forgets: boolean): void {
    const { view, log } = this;
    must(view.hash === log.hashAt(view.cursor), "the hash is the cursor's");
    for (let seq = this.from + 1; seq <= view.cursor; seq++)
      must(this.seenSeqs.has(seq), `the cursor moved over ${seq}, which never came`);
    must(forgets || !this.seenSeqs.has(view.cursor + 1), "the cursor stands still before an entry that came");
    must(
      sameFields(view.configuration, log.configurationAt(view.cursor)),
      "the configuration is the cursor's",
    );
    const missed = log.entries.find(({ entry, at }) => at < view.knownAt && entry.seq > view.cursor);
    must(missed === undefined, "the head as of known-at was reached");
    must(view.floor <= Math.max(this.from, ...this.seenSeqs), "the floor is no higher than what was learnt");
    must(view.index.size <= this.limits.selectors && view.ahead.size <= this.limits.ahead, "limits hold");
    if (before === null) return;
    for (const field of ["cursor", "floor", "knownAt", "generation"] as const)
      must(view[field] >= before[field], `${field} never goes back`);
  }
}

function sameFields(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([field, value]) => b.get(field) === value);
}

export function must(holds: boolean, claim: string): void {
  if (!holds) throw new Error(claim);
}
