// What stands in L2 under each key, as Redis' own effects tell: by as-of it never goes back, and a lease ends with each fill.

import { comparePositions, formatPosition, type Position } from "../../shared/core/position.ts";
import { answerKey, leaseKey, SHARD } from "../../shared/mid-tier/keys.ts";
import type { History } from "./history.ts";

const ANSWER = answerKey("");
const LEASE = leaseKey("");
/** A life of a database begins: what stood in it is nobody's answer any more. */
const beginsLife = ([name = "", key = "", ...rest]: readonly string[]): boolean =>
  name.toUpperCase() === "FLUSHALL" || (key === SHARD && rest.includes("life"));

interface Standing {
  readonly asOf: Position;
  expiresAt: number;
}

export class StoredAnswers {
  private readonly history: History;
  private readonly shared: boolean;
  private readonly standing = new Map<string, Standing>();

  /** `shared`: other databases hold answers too, and copies of theirs are written here without a lease. */
  constructor(history: History, shared: boolean) {
    this.history = history;
    this.shared = shared;
  }

  forgetAll(): void {
    this.standing.clear();
  }

  /** What one script or command changed. */
  take(commands: readonly (readonly string[])[], at: number): void {
    if (commands.some(beginsLife)) this.forgetAll();
    const before = new Map<string, Standing | undefined>();
    const endsLease = commands.some(
      ([name, key = ""]) => name?.toUpperCase() === "DEL" && key.startsWith(LEASE),
    );
    for (const [name = "", key = "", ...rest] of commands) {
      if (!key.startsWith(ANSWER)) continue;
      if (!endsLease && !this.shared && name.toUpperCase() === "HSET" && asOfIn(rest) !== null)
        this.withoutRight(key, at);
      if (!before.has(key)) before.set(key, this.standing.get(key));
      this.change(name.toUpperCase(), key, { rest, at });
    }
    for (const [key, was] of before) this.compare(was, this.standing.get(key), { key, at });
  }

  private withoutRight(key: string, at: number): void {
    const text = `stored under ${key.slice(0, 16)} by somebody who held no lease`;
    this.history.violations.push({ invariant: "4 the lease is the right to fill", at, text });
  }

  private change(name: string, key: string, { rest, at }: { rest: readonly string[]; at: number }): void {
    const asOf = name === "HSET" ? asOfIn(rest) : null;
    if (name === "PEXPIRE") {
      const known = this.standing.get(key);
      if (known !== undefined) known.expiresAt = at + Number(rest[0]);
    } else if (asOf !== null) this.standing.set(key, { asOf, expiresAt: Number.POSITIVE_INFINITY });
    // A field alone tells nothing; a key that is gone, or something else now, stands for nothing any more.
    else if (name !== "HSET") this.standing.delete(key);
  }

  private compare(
    was: Standing | undefined,
    is: Standing | undefined,
    { key, at }: { key: string; at: number },
  ): void {
    if (was === undefined || is === undefined || at > was.expiresAt) return;
    if (comparePositions(is.asOf, was.asOf) >= 0) return;
    const text = `L2 went back from ${formatPosition(was.asOf)} to ${formatPosition(is.asOf)} under ${key.slice(0, 16)}`;
    this.history.violations.push({ invariant: "12 no going back", at, text });
  }
}

function asOfIn(fields: readonly string[]): Position | null {
  const value = (name: string): number => {
    const index = fields.findIndex((field, i) => i % 2 === 0 && field === name);
    return index < 0 ? Number.NaN : Number(fields[index + 1]);
  };
  const [epoch, seq] = [value("ae"), value("as")];
  return Number.isNaN(epoch) || Number.isNaN(seq) ? null : { epoch, seq };
}
