// The client library beside other caches.

import type { ClientResult } from "../client/client.ts";
import { microseconds, sourced, table } from "./format.ts";
import { tableOf } from "./render.ts";

const SUBJECTS = ["tidegate", "cache-manager", "bentocache", "cachified"];

export const clientTables = {
  client: tableOf<ClientResult>((result) => {
    const hits = SUBJECTS.map((name) => microseconds(result.hitMicroseconds[name] ?? null));
    const failing = SUBJECTS.map((name) => {
      const one = result.failing.find((subject) => subject.name === name);
      return one === undefined ? "–" : `${one.loads}, ${one.mostAtOnce}`;
    });
    const rows = [
      ["a hit", ...hits],
      ["200 callers of a key whose loader fails: loads, at once", ...failing],
    ];
    return sourced(result, table(["", ...SUBJECTS], rows));
  }),
};
