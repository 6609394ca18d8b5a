// What a request costs Redis.

import type { CommandsResult } from "../commands.ts";
import { claimed, fixed, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const commandsTables = {
  commands: tableOf<CommandsResult>((result) => {
    const { oneShard, fourShards, requestsEach, verdict } = result;
    const of = (phases: CommandsResult["oneShard"], name: string): string =>
      fixed(phases[name]?.total ?? null, 2);
    const rows = Object.keys(fourShards).map((name) => [name, of(oneShard, name), of(fourShards, name)]);
    const about = `${requestsEach} requests of each kind, by Redis' own count; every miss takes a token of the origin's budget.`;
    return claimed(result, `${table(["commands", "one shard", "four"], rows)}\n\n${about}`, [verdict]);
  }),
};
