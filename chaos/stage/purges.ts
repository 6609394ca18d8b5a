// Purges of an experiment: each sent until it is acknowledged, under one idempotency key, and kept in a ledger.

import type { PurgeAnswer } from "../../bench/outside/checker.ts";
import type { Mode } from "../../bench/outside/judge.ts";
import type { Named } from "../../bench/outside/matching.ts";
import { LIMITS } from "../config.ts";
import { SITE } from "./paths.ts";

export interface LedgerEntry {
  /** Stands in the log as the purge's reason, and in no other's. */
  readonly reason: string;
  readonly sentAt: number;
  readonly everything: boolean;
  tries: number;
  /** Null as long as nobody has acknowledged it. */
  acknowledged: { readonly id: string; readonly position: string; readonly at: number } | null;
}

export interface PurgePorts {
  /** `POST /invalidate`; rejects where no answer came. */
  post(body: object, key: string): Promise<{ status: number; id: string; position: string }>;
  now(): number;
  /** Ends early where the signal does. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export class Purges {
  readonly entries: LedgerEntry[] = [];
  private readonly ports: PurgePorts;
  private readonly run: string;
  private readonly giveUp = new AbortController();

  constructor(ports: PurgePorts, run: string) {
    this.ports = ports;
    this.run = run;
  }

  /** Status 0 where it was given up. */
  async send(named: Named, mode: Mode): Promise<PurgeAnswer> {
    const reason = `chaos ${this.run} #${this.entries.length + 1}`;
    const everything = named.everything === true;
    const entry: LedgerEntry = { reason, sentAt: this.ports.now(), everything, tries: 0, acknowledged: null };
    this.entries.push(entry);
    const confirmed = everything ? { confirm: SITE } : {};
    const body = { site: SITE, ...named, ...confirmed, mode, reason };
    const { signal } = this.giveUp;
    while (!signal.aborted) {
      entry.tries += 1;
      const answer = await this.ports.post(body, reason.replaceAll(" ", "-")).catch(() => null);
      if (answer?.status === 202) {
        const { id, position } = answer;
        entry.acknowledged = { id, position, at: this.ports.now() };
        return { status: 202, position };
      }
      await this.ports.sleep(LIMITS.purgeAgain, signal);
    }
    return { status: 0, position: null };
  }

  /** Whatever is not acknowledged by now binds nobody. */
  end(): void {
    this.giveUp.abort();
  }
}
