// Reads off Redis' own effects what was appended when: no script and no client is asked what it believes.

import type { Effects } from "../../dev/redis/embedded/effects-log.ts";
import type { Position } from "../../shared/core/position.ts";
import { LOG_ENTRIES, LOG_HEAD, operationKey } from "../../shared/mid-tier/keys.ts";
import { decodePayload } from "../../shared/wire/log-payload.ts";
import type { History } from "./history.ts";
import { StoredAnswers } from "./stored-answers.ts";
import { TIME_ZERO } from "./time-zero.ts";

const OPERATION = operationKey("");

export class EffectsReader {
  private readonly history: History;
  private readonly answers: StoredAnswers;
  private epoch = 0;
  /** Ever begun. */
  highestEpoch = 0;

  /** `shared`: whether other databases hold answers too. */
  constructor(history: History, shared: boolean) {
    this.history = history;
    this.answers = new StoredAnswers(history, shared);
  }

  /** Redis stands where it once stood. */
  resume(at: Position, fields: readonly string[]): void {
    this.epoch = at.epoch;
    this.history.configuration.wentBack(at, fields);
    this.answers.forgetAll();
  }

  take({ at, commands }: Effects): void {
    const instant = at - TIME_ZERO;
    this.answers.take(commands, instant);
    let entry: { seq: number; text: string } | null = null;
    for (const command of commands) {
      const [name = "", key = "", first = "", second = ""] = command;
      if (name.toUpperCase() === "FLUSHALL") this.flushed();
      else if (name.toUpperCase() === "HSET" && key === LOG_HEAD && first === "epoch")
        this.begin(second, instant);
      else if (name.toUpperCase() === "HSET" && key === LOG_ENTRIES)
        entry = { seq: Number(first), text: second };
      else if (name.toUpperCase() === "SET" && key.startsWith(OPERATION) && entry !== null)
        this.appended(key.slice(OPERATION.length), { ...entry, instant });
    }
  }

  private flushed(): void {
    this.history.configuration.flushed();
    this.answers.forgetAll();
  }

  private begin(epoch: string, instant: number): void {
    this.epoch = Number(epoch);
    this.highestEpoch = Math.max(this.highestEpoch, this.epoch);
    this.history.configuration.beginEpoch(this.epoch);
    this.history.trace.push(`${instant} log begins epoch ${epoch}`);
  }

  private appended(operationId: string, of: { seq: number; text: string; instant: number }): void {
    const position = { epoch: this.epoch, seq: of.seq };
    const payload = decodePayload(of.text.replace(/^\S+ \S+ \d+ /, ""));
    if (payload === null) throw new Error(`an entry of ours can't be read: ${of.text}`);
    this.history.appended({ operationId, position, at: of.instant, payload });
  }
}
