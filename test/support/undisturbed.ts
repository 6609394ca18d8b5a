// Another round of what a busy machine disturbs: what work costs is told only where nobody waited in vain meanwhile.

import { monitorEventLoopDelay } from "node:perf_hooks";
import { STATUS_PATH, type StatusReport } from "../../shared/wire/internal.ts";
import type { TestCluster } from "./cluster.ts";

type Asked = Pick<TestCluster, "edges" | "signed">;

const ROUNDS = 4;
/** This process is the origin, and all links where there are any: held up for that long it is a fault of its own. */
const HELD_MS = 1000;

/** The first round in which every database answered all edges in time and nothing was held up, or else the last one. */
export async function undisturbed<T>(cluster: Asked, play: (round: number) => Promise<T>): Promise<T> {
  for (let round = 1; ; round++) {
    const before = await unanswered(cluster);
    const held = monitorEventLoopDelay();
    held.enable();
    const played = await play(round);
    held.disable();
    const calm = held.max / 1e6 < HELD_MS && (await unanswered(cluster)) === before;
    if (calm || round === ROUNDS) return played;
  }
}

/** Calls of databases, by any edge, that had no answer in time or were not even sent. */
const unanswered = (cluster: Asked): Promise<number> => counted(cluster, /^shard\|.*\|(?:errors|spared)$/);

/** What all edges have counted under such names. */
export async function counted({ edges, signed }: Asked, name: RegExp): Promise<number> {
  const reports = await Promise.all(edges.map((_, edge) => signed(edge, STATUS_PATH)));
  return reports
    .flatMap(({ text }) => Object.entries((JSON.parse(text) as StatusReport).counters))
    .reduce((sum, [each, count]) => sum + (name.test(each) ? count : 0), 0);
}
