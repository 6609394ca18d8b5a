// What clients and the origin notice of losses.

import type { PhaseResult } from "../outage/phase.ts";
import type { OutageResult } from "../outage.ts";
import { claimed, count, fixed, milliseconds, table } from "./format.ts";
import { tableOf } from "./render.ts";

const percent = (share: number, digits: number): string => `${fixed(100 * share, digits)} %`;

function backAfter({ secondsTo95Percent: seconds }: PhaseResult): string {
  if (seconds === null) return "not while it lasted";
  return seconds === 0 ? "at once" : `${seconds} s`;
}

function row(name: string, phase: PhaseResult, back: string = backAfter(phase)): string[] {
  const { requests, errors, worstSecond, originMostBeyondRate, p50Ms, p99Ms } = phase;
  return [
    ...[name, `${count(errors)} of ${count(requests)}`, back, percent(worstSecond, 1)],
    ...[fixed(originMostBeyondRate, 0), milliseconds(p50Ms), milliseconds(p99Ms)],
  ];
}

export const outageTables = {
  outage: tableOf<OutageResult>((result) => {
    const { killed, back, cold, away, again, originBudget, shards, edges, requestsPerSecond } = result;
    const rows = [
      row("one shard is killed", killed),
      row("it comes back, empty", back),
      row("everything is emptied at once, the log included", cold),
      // Nothing can be vouched for longer than a window: hits are not expected back.
      row(
        `all databases are killed, for ${fixed(Math.round(away.perSecond.length / 60), 0)} minutes`,
        away,
        "",
      ),
      row("they come back", again),
    ];
    const asked = `the origin was asked ${fixed(mean(away.originPerSecond), 0)} times a second${toldIn(away)}`;
    const beyond = `origin, most beyond ${originBudget.rate} a second`;
    const headings = ["", "failed", "hits 95 % of before after", "worst second", beyond, "p50", "p99"];
    const about = `${shards} databases, ${edges} edges, ${requestsPerSecond} requests a second; hits before: ${percent(result.hitsBefore, 1)}. While all were away ${asked}. Over the whole run, between the phases too, at most ${fixed(result.originMostBeyondRate, 0)} beyond.`;
    return claimed(result, `${table(headings, rows)}\n\n${about}`, [result.verdict]);
  }),
};

const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;

/** What clients met where they were not served. */
function toldIn({ errorsBy }: PhaseResult): string {
  const told = Object.entries(errorsBy).map(([error, at]) => `${count(at.length)} × \`${error}\``);
  return told.length === 0 ? "" : `, and clients met ${told.join(", ")}`;
}
