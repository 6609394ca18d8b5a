// Replacement in memory beside `lru-cache`, on the trace that the benchmark makes itself.

import type { EvictionResult } from "../eviction.ts";
import { fixed, share, sourced, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const evictionTables = {
  eviction: tableOf<EvictionResult>((result) => {
    const { policies, speed = [], overhead = [] } = result;
    const hits = new Map<string, number>(policies.map(({ policy, hitRatio }) => [policy, hitRatio]));
    const names = [...policies.map(({ policy }) => policy), "lru-cache"];
    const rows = names.map((name) => {
      const bytes = overhead.find(({ cache }) => cache === name);
      const ratio = speed.find(({ cache }) => cache === name)?.overLruCache;
      return [
        `\`${name}\``,
        // Equal lives, one queue: by bytes it keeps what `lru` keeps.
        share(hits.get(name) ?? hits.get("lru") ?? 0),
        ratio === undefined ? null : fixed(ratio, 2),
        bytes?.filled ?? null,
        bytes?.churned ?? null,
      ];
    });
    const headings = ["", "hits of objects", "operations a CPU second over `lru-cache`"];
    return sourced(
      result,
      table([...headings, "bytes a key, filled", "after twice as many more came and went"], rows),
    );
  }),
};
