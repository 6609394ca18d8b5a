// What a request costs Redis: what it sends, and what its scripts call in their turn.

import type { CommandsResult } from "../commands.ts";
import { claimed, fixed, table } from "./format.ts";
import { tableOf } from "./render.ts";

/** One run of a script, and the phase that shows it. */
const SCRIPTS = [
  ["read, found, for the first time", "hit in L2", "read"],
  ["read, not found, leased", "miss, one copy", "read"],
  ["a token of a budget", "miss, one copy", "take"],
  ["fill", "miss, one copy", "fill"],
] as const;

export const commandsTables = {
  commands: tableOf<CommandsResult>((result) => {
    const { oneShard, fourShards, requestsEach, verdict } = result;
    const of = (phases: CommandsResult["oneShard"], name: string): string =>
      `${fixed(phases[name]?.total ?? null, 2)} + ${fixed(phases[name]?.called ?? null, 2)}`;
    const rows = Object.keys(fourShards).map((name) => [name, of(oneShard, name), of(fourShards, name)]);
    const about = `${requestsEach} requests of each kind, by Redis' own count: commands that are sent, and what their scripts call inside; every miss takes a token of the origin's budget. What is claimed is of what is sent.`;
    return claimed(result, `${table(["sent + inside", "one shard", "four"], rows)}\n\n${about}`, [verdict]);
  }),
  "commands/scripts": tableOf<CommandsResult>(({ oneShard }) => {
    const rows = SCRIPTS.map(([what, phase, script]) => [
      what,
      fixed(oneShard[phase]?.inside?.[script] ?? null, 1),
    ]);
    const all = (script: "pull" | "snapshot"): string => {
      const seen = Object.values(oneShard).flatMap(({ inside }) => inside?.[script] ?? []);
      return seen.length === 0 ? "–" : fixed(seen.reduce((sum, one) => sum + one, 0) / seen.length, 1);
    };
    rows.push(["pull of the log", all("pull")], ["a cold view", all("snapshot")]);
    return table(["one run of", "calls inside"], rows);
  }),
};
