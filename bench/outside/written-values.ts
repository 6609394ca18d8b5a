// Values that clients write and read back: each says which write it is, so that a read shows whether an acknowledged one is lost.

import { createHmac, randomBytes } from "node:crypto";

/** What a value says of itself. */
export interface Written {
  readonly path: string;
  /** Of all writes to all paths, ascending. */
  readonly write: number;
  readonly seal: string;
}

/** One write under way; it binds nobody before it is acknowledged. */
export interface SentWrite {
  readonly body: string;
  acknowledged(): void;
  /** Whether it was taken will never be known. */
  unanswered(): void;
}

export type ReadVerdict = "right" | "lost" | "crossing" | "invented";

interface Entry {
  readonly write: number;
  readonly sentAt: number;
  state: "under-way" | "acknowledged" | "unknown";
  overAt: number;
}

/** Of one path, those that were acknowledged last: a read that was sent before all of them has ended by then. */
const MOST_ACKNOWLEDGED = 16;
/** Of one path, those of which nobody knows: of an outage they are as many as were tried. */
const MOST_UNKNOWN = 1000;

/**
 * A read is wrong where it shows a write that was over before another one began which had been acknowledged when the
 * read was sent. Of two that were under way together either may be the last; one that was never answered may be taken
 * at any time.
 */
export class WrittenValues {
  private readonly byPath = new Map<string, Entry[]>();
  /** By path, when the last of those that are kept no longer was over. */
  private readonly forgottenOverAt = new Map<string, number>();
  private readonly key = randomBytes(32);
  private readonly now: () => number;
  private writes = 0;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  write(path: string): SentWrite {
    this.writes += 1;
    const entry: Entry = { write: this.writes, sentAt: this.now(), state: "under-way", overAt: 0 };
    const entries = this.byPath.get(path) ?? [];
    entries.push(entry);
    const [kept, tooMany] = withoutOldest(entries);
    for (const one of tooMany) this.forget(path, one);
    this.byPath.set(path, kept);
    const end = (state: Entry["state"]): void => {
      entry.state = state;
      entry.overAt = this.now();
    };
    return {
      body: JSON.stringify({ path, write: entry.write, seal: this.sealOf(path, entry.write) }),
      acknowledged: () => end("acknowledged"),
      unanswered: () => end("unknown"),
    };
  }

  /** `shown`: null where there was no value. */
  judge(path: string, shown: Written | null, sentAt: number): ReadVerdict {
    if (shown !== null && shown.path !== path) return "crossing";
    if (shown !== null && shown.seal !== this.sealOf(path, shown.write)) return "invented";
    const entries = this.byPath.get(path) ?? [];
    const overAt = shown === null ? 0 : this.overAtOf(path, shown);
    const later = entries.some(
      (one) => one.state === "acknowledged" && one.overAt < sentAt && one.sentAt > overAt,
    );
    return later ? "lost" : "right";
  }

  /** Of one that is kept no longer nobody knows more than when the last of those was over. */
  private overAtOf(path: string, { write }: Written): number {
    const entry = this.byPath.get(path)?.find((one) => one.write === write);
    if (entry === undefined) return this.forgottenOverAt.get(path) ?? 0;
    return overAtOf(entry);
  }

  private forget(path: string, entry: Entry): void {
    this.forgottenOverAt.set(path, Math.max(overAtOf(entry), this.forgottenOverAt.get(path) ?? 0));
  }

  private sealOf(path: string, write: number): string {
    return createHmac("sha256", this.key).update(`${path} ${write}`).digest("base64url").slice(0, 22);
  }
}

/** Those that are kept, and those that are not: an outage must not make forgotten what was acknowledged before it, nor what may still be taken after it. */
function withoutOldest(entries: Entry[]): [kept: Entry[], tooMany: Entry[]] {
  const known = entries.filter(({ state }) => state === "acknowledged").length;
  const left = { known: known - MOST_ACKNOWLEDGED, unknown: entries.length - known - MOST_UNKNOWN };
  if (left.known <= 0 && left.unknown <= 0) return [entries, []];
  const [kept, tooMany]: [Entry[], Entry[]] = [[], []];
  for (const entry of entries) {
    const kind = entry.state === "acknowledged" ? "known" : "unknown";
    left[kind] -= 1;
    (left[kind] < 0 ? kept : tooMany).push(entry);
  }
  return [kept, tooMany];
}

const overAtOf = ({ state, overAt }: Entry): number =>
  state === "acknowledged" ? overAt : Number.POSITIVE_INFINITY;

/** Null where a body is no such value, or not all of it. */
export function readWritten(body: string): Written | null {
  const match = /^\{"path":"([^"]*)","write":(\d+),"seal":"([\w-]{22})"\}$/.exec(body);
  if (match === null) return null;
  const [, path = "", write, seal = ""] = match;
  return { path, write: Number(write), seal };
}
