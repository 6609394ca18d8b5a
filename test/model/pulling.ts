// How an edge learns the log from Redis and by pushes: `shared/view/pull.ts` and `receive` of `shared/view/view-keeper.ts`.

import type { LogView } from "../../shared/core/log-view.ts";
import { formatPosition } from "../../shared/core/position.ts";
import type { Knowledge } from "../../shared/view/knowledge.ts";
import { type Chain, entryOf, goesOnFrom, headOf } from "./entries.ts";
import { ago, known, moved } from "./knowing.ts";
import type { Knowing, Log, Pull } from "./parts.ts";
import { confirmHead, since, snapshot } from "./redis-log.ts";
import { always, type Move, rule } from "./rule.ts";
import type { Scope } from "./scope.ts";

export const placeOf = (chain: Chain): string => formatPosition(headOf(chain));

/** Requests and replies on their way, each step for itself; or all at once, so that nothing comes between. */
export const pulling = rule(["knowing", "log"], always, (scope, { knowing, log }) => {
  if (scope.pulls === 0) {
    const pulled = pullAtOnce(scope, { knowing, log });
    const move = moved(knowing, { label: "{edge} pulls the log", ...pulled });
    return [{ ...move, writes: { ...move.writes, log: pulled.log } }];
  }
  const moves = stepsOf(scope, { knowing, log });
  if (knowing.pulls.length < scope.pulls) moves.push(begun(scope, knowing));
  return moves;
});

/**
 * Any entry that was ever appended, and acknowledged where replicas are waited for: a push is lost by never coming, and
 * comes late, twice or out of order at will.
 */
export const pushing = rule(
  ["knowing", "log"],
  ({ pushes }) => pushes,
  (scope, { knowing, log }) => {
    if (knowing.view === null) return [];
    return log.purges.flatMap((chain, at) => {
      if (scope.replicas && !isAcknowledged(log, chain)) return [];
      const label = `{edge} receives the push of purge ${at + 1}, ${placeOf(chain)}`;
      return moved(knowing, { label, ...received(scope, knowing, chain) });
    });
  },
);

const isAcknowledged = ({ chain, keptDurable }: Log, purge: Chain): boolean =>
  chain !== null && goesOnFrom(chain, purge) && headOf(purge).seq <= keptDurable;

const received = (scope: Scope, knowing: Knowing, chain: Chain) =>
  known(scope, knowing, (knowledge, view) => view !== null && knowledge.take(view, [entryOf(chain)]));

type Asked = { readonly knowing: Knowing; readonly log: Log };

function begun(scope: Scope, knowing: Knowing): Move {
  const { result } = known(scope, knowing, ask);
  return {
    label: "{edge} sends a pull",
    writes: { knowing: withPull(knowing, knowing.pulls.length, result) },
  };
}

/** The first request of `pull`, and every further one. */
function ask(knowledge: Knowledge, view: LogView | null): Pull {
  if (view === null) return { kind: "snapshot", sentFor: 0, highest: knowledge.epochDemanded(), reply: null };
  const { hash: joint, beyond } = knowledge.joint(view);
  return { kind: "since", sentFor: 0, joint, beyond: beyond?.hash ?? null, replaced: false, reply: null };
}

export function stepsOf(scope: Scope, { knowing, log }: Asked): Move[] {
  return knowing.pulls.flatMap((pull, at) => {
    const moves = [
      pull.reply === null ? answered(scope, { knowing, log, at }) : taken(scope, { knowing, at }),
    ];
    if (scope.losses)
      moves.push({
        label: `{edge}'s ${pull.kind} is lost`,
        writes: { knowing: withPull(knowing, at, null) },
      });
    return moves.filter((move) => move !== null);
  });
}

function withPull(knowing: Knowing, at: number, pull: Pull | null): Knowing {
  const { pulls } = knowing;
  return {
    ...knowing,
    pulls: [...pulls.slice(0, at), ...(pull === null ? [] : [pull]), ...pulls.slice(at + 1)],
  };
}

function answered(scope: Scope, { knowing, log, at }: Asked & { at: number }): Move | null {
  const pull = knowing.pulls[at];
  if (pull === undefined) return null;
  const executed = execute(scope, log, pull);
  return {
    label: `Redis answers {edge}'s ${pull.kind}: ${said(executed.pull)}`,
    writes: { knowing: withPull(knowing, at, executed.pull), log: executed.log },
  };
}

function execute(scope: Scope, log: Log, pull: Pull): { pull: Pull; log: Log } {
  if (pull.kind === "snapshot") {
    const outcome = snapshot(log, pull.highest);
    return { pull: { ...pull, reply: outcome.reply }, log: told(scope, outcome.log) };
  }
  const outcome = since(log, pull, scope.log);
  return { pull: { ...pull, reply: outcome.reply }, log: told(scope, outcome.log) };
}

/** Somebody has been told all that the log holds. */
const told = ({ outages }: Scope, log: Log): Log =>
  outages.includes("failover, untold") && log.chain !== null ? { ...log, told: headOf(log.chain).seq } : log;

function said({ reply }: Pull): string {
  if (reply === null) return "";
  if (typeof reply === "string") return `head ${placeOf(reply)}`;
  if (reply.kind === "unknown") return "unknown";
  return `entries [${reply.entries.map(placeOf).join(", ")}], head ${placeOf(reply.head)}`;
}

function taken(scope: Scope, { knowing, at }: { knowing: Knowing; at: number }): Move | null {
  const pull = knowing.pulls[at];
  if (pull === undefined) return null;
  const after = known(scope, knowing, (knowledge, view) => take(knowledge, view, pull));
  return moved(knowing, {
    label: `{edge} takes the reply to its ${pull.kind}: ${said(pull)}`,
    knowing: withPull(after.knowing, at, after.result),
    voids: after.voids,
  });
}

/** What `pull` and `pullSnapshot` do with a reply; where they ask on, the next request. */
function take(knowledge: Knowledge, view: LogView | null, pull: Pull): Pull | null {
  const { sentFor } = pull;
  if (pull.kind === "snapshot") {
    if (pull.reply !== null) knowledge.begin(headOf(pull.reply), new Map(), ago(sentFor));
    return null;
  }
  const { reply, replaced } = pull;
  if (reply === null || replaced || view === null) return null;
  if (reply.kind === "unknown") return askSnapshot(knowledge);
  if (!knowledge.take(view, reply.entries.map(entryOf))) return askSnapshot(knowledge);
  if (!knowledge.proven()) return ask(knowledge, view);
  const head = headOf(reply.head);
  if (!knowledge.reachedHead(view, head, ago(sentFor))) return askSnapshot(knowledge);
  return view.cursor >= head.seq ? null : ask(knowledge, view);
}

const askSnapshot = (knowledge: Knowledge): Pull => ask(knowledge, null);

/** A pull between whose steps nothing happens. */
export function pullAtOnce(scope: Scope, before: Asked): Asked & { readonly voids: boolean } {
  const others = before.knowing.pulls.length;
  const first = known(scope, before.knowing, ask).result;
  let knowing: Knowing = { ...before.knowing, pulls: [first, ...before.knowing.pulls] };
  let { log } = before;
  let voids = false;
  while (knowing.pulls.length > others) {
    const [pull] = knowing.pulls;
    if (pull === undefined) break;
    const executed = execute(scope, log, pull);
    log = executed.log;
    const after = known(scope, knowing, (knowledge, view) => take(knowledge, view, executed.pull));
    knowing = withPull(after.knowing, 0, after.result);
    voids ||= after.voids;
  }
  return { knowing, log, voids };
}

/**
 * The beat confirms what nobody else has, everything that is under way to this edge arrives, and it pulls.
 */
export function healed(scope: Scope, { knowing, log }: Asked): Asked {
  let state = { knowing, log: confirmHead(log) };
  const calm = { ...scope, losses: false };
  for (let steps = 0; state.knowing.pulls.length > 0 && steps < MOST_STEPS; steps++) {
    const [step] = stepsOf(calm, state);
    state = { knowing: step?.writes.knowing ?? state.knowing, log: step?.writes.log ?? state.log };
  }
  return pullAtOnce(calm, state);
}

const MOST_STEPS = 20;

/** Whether this is the log's head, and heard so just now. */
export function isAtHead({ view }: Knowing, { chain }: Log): boolean {
  if (view === null || chain === null) return false;
  const { epoch, seq } = headOf(chain);
  return view.epoch === epoch && view.cursor === seq && view.hash === chain && view.knownFor === 0;
}
