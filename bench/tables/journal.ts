// Writes that are acknowledged before the origin has them: read back, counted, and under kills.

import type { JournalResult } from "../journal.ts";
import type { SessionsResult } from "../sessions.ts";
import { claimed, count, fixed, milliseconds, table } from "./format.ts";
import { tableOf } from "./render.ts";

const HEADINGS: readonly string[] = ["", ""];

export const journalTables = {
  sessions: tableOf<SessionsResult>((result) => {
    const { readBack, heartbeats } = result;
    const { sessions, perSecond, sent, refused, commandsEach, commands, p50Ms, p99Ms } = heartbeats;
    const part = (name: string): string => fixed(commands[name] ?? 0, 2);
    const rows = [
      [
        `written at one edge, read at another right after, ${count(readBack.writes)} times`,
        `${readBack.missed} other values; ${readBack.refused} refused, ${readBack.unread} not to be had`,
      ],
      [
        `${perSecond} heartbeats a second of ${count(sessions)} sessions, ${count(sent)} in all`,
        `${fixed(commandsEach, 2)} commands each (${part("accept")} for the write, ${part("claim")} for claims, ${part("append")} for the log, ${part("pull")} for pulls); ${refused} refused; p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)}`,
      ],
    ];
    return claimed(result, table(HEADINGS, rows), [result.verdict]);
  }),
  journal: tableOf<JournalResult>((result) => {
    const { acknowledged, unsure, seconds, kills, atOrigin, ledger } = result;
    const said = (value: number | null): string => (value === null ? "–" : count(value));
    const rows = [
      [
        "acknowledged; answered otherwise or cut off",
        `${count(acknowledged)}; ${count(unsure)}, in ${seconds} s`,
      ],
      [
        "killed: a database, an edge, the origin",
        `${kills.databases}, ${kills.edges}, ${kills.origin} times`,
      ],
      ["effects at the origin, by requests", `${count(atOrigin.effects)}, ${count(atOrigin.requests)}`],
      [
        "acknowledged writes that it lacks; that it has twice; out of order",
        `${result.lost}; ${result.twice}; ${result.outOfOrder}`,
      ],
      [
        "reads right after an acknowledgement that showed an older value",
        `${result.olderReads} of ${count(result.reads)}`,
      ],
      [
        "accepted, delivered, pending, dead-lettered",
        [ledger.accepted, ledger.delivered, ledger.pending, ledger.deadLettered].map(said).join(", "),
      ],
    ];
    return claimed(result, table(HEADINGS, rows), [result.verdict]);
  }),
};
