// Where all schedules of a scenario begin: a log without entries, and, where it is said so, an answer in L2.

import { LIMITS } from "../../edge/config.ts";
import { GRANTED } from "../support/one-shard.ts";
import type { Call, Content, Database } from "./database.ts";
import { fillCall, RESOURCE, readCall, readQuery, snapshotCall } from "./exchange.ts";
import type { ReaderSpec, Scenario } from "./scenario.ts";
import type { Reader, State, World, Writer } from "./state.ts";
import type { Truth } from "./truth.ts";
import { type View, Views } from "./views.ts";

/** Milliseconds since 1970, of Redis TIME: what an epoch is made of. */
const LOG_BEGAN = 1_700_000_000_000;
const SECOND = 1000;
const TOKEN = "before";

export async function beginningOf(
  database: Database,
  scenario: Scenario,
): Promise<{ world: World; first: State }> {
  const views = new Views();
  const log = await database.run(snapshotCall(0), database.empty, LOG_BEGAN);
  if (log.outcome.kind !== "snapshot") throw new Error("the log does not begin");
  const firstView = views.ofSnapshot(log.outcome, LOG_BEGAN);
  const position = firstView.position;
  const beginning = scenario.kept ? await withAnswer(database, log.content) : log.content;
  const world = { scenario, database, views, beginning, firstView };
  const truth: Truth = {
    version: 0,
    purges: [],
    standing: {},
    tokens: 0,
    epochs: [position.epoch],
    newest: position,
    fellBackIn: null,
  };
  const begun = new Map(scenario.readers.map((spec) => [spec, newReader(spec, firstView)]));
  const readers = scenario.readers.map((spec) => begun.get(spec) ?? newReader(spec, firstView));
  const writer: Writer = { step: scenario.apart ? "write" : "append", operation: null };
  const writers = scenario.writers.map(() => writer);
  const now = LOG_BEGAN + (scenario.clockBehind ? -10 : 10) * SECOND;
  return { world, first: { now, content: beginning, readers, writers, left: scenario.may, truth } };
}

const newReader = ({ start, reads }: ReaderSpec, firstView: View): Reader => ({
  step: { kind: "look" },
  view: start === "warm" ? firstView : null,
  key: RESOURCE,
  not: null,
  stale: null,
  token: null,
  readsLeft: reads,
});

async function withAnswer(database: Database, content: Content): Promise<Content> {
  const grantedAt = LOG_BEGAN + SECOND;
  const asOf = { epoch: LOG_BEGAN, seq: 0 };
  const run = async <T>(call: Call<T>, on: Content, expected: T): Promise<Content> => {
    const ran = await database.run(call, on, grantedAt);
    if (JSON.stringify(ran.outcome) !== JSON.stringify(expected)) throw new Error(`${call.name} went wrong`);
    return ran.content;
  };
  const query = readQuery({ key: RESOURCE, token: TOKEN, need: asOf, asOf, not: null });
  const leased = await run(readCall(query), content, { kind: "leased", granted: GRANTED });
  const right = { token: TOKEN, leaseKey: RESOURCE, asOf, grantedAt };
  const fetched = { version: 0, purgesBefore: 0, newest: asOf, grantedAt };
  const spec = { start: "warm", wants: "any", origin: "answers", variant: null, reads: 1 } as const;
  const call = fillCall(spec, { right, fetched, of: "before" });
  const filled = await run(call, leased, { kind: "stored", displaced: 0 });
  return database.at(filled, grantedAt + LIMITS.leaseDuration);
}
