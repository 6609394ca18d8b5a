// What stands around an experiment: its site and origin, its clients and purges, and what the control plane says of them.

import { createOutsideClient } from "../../bench/outside/exchange.ts";
import type { ControlClient } from "../../client/index.ts";
import type { AgentConfiguration } from "../../dev/chaos/lever.ts";
import type { ChaosOrder } from "../../shared/wire/chaos.ts";
import { LIMITS } from "../config.ts";
import type { OriginBudget, OriginSwitch } from "../experiment.ts";
import { History, type Violations } from "../history.ts";
import { pause } from "../pause.ts";
import { type Clients, createClients } from "./clients.ts";
import { type StageOrigin, startStageOrigin } from "./origin.ts";
import { HOST, type StagePaths, stagePaths } from "./paths.ts";
import { type LedgerEntry, type PurgePorts, Purges } from "./purges.ts";
import { dropSite, setSite } from "./site.ts";
import { areConverged, haveAll, type LedgerFindings, readLedger } from "./standing.ts";

export interface Stage {
  readonly origin: OriginSwitch & Pick<StageOrigin, "metUnwell">;
  readonly history: History;
  readonly ledger: readonly LedgerEntry[];
  violations(): Violations;
  purgeAll(): Promise<void>;
  begin(): void;
  /** Resolves when all that was sent has ended; may be called again, and without `begin`. */
  end(): Promise<{ readonly withheld: number }>;
  /** Whether every edge has all of these; null where nobody can say so now. */
  converged(entries: readonly LedgerEntry[]): Promise<boolean | null>;
  /** Null where it can't be read now. */
  findings(): Promise<LedgerFindings | null>;
  /** Takes the site out again; never rejects. */
  close(): Promise<void>;
}

export interface StageOf {
  readonly order: ChaosOrder;
  readonly budget: OriginBudget;
  readonly signal: AbortSignal;
}

export type SetStage = (of: StageOf) => Promise<Stage>;

/** Rejects where the cluster does not come to serve the site in time. */
export function stageSetter(
  cluster: Pick<AgentConfiguration, "control" | "token" | "edges">,
  client: ControlClient,
): SetStage {
  const { edges } = cluster;
  return async ({ order, budget, signal }) => {
    const run = `${order.experiment}-${order.id}`.replaceAll(/[^\w-]/g, "");
    const paths = stagePaths(run);
    const history = new History();
    const ports = { post: postPurge(cluster), now: () => performance.now(), sleep: pause };
    const purges = new Purges(ports, run);
    let origin: StageOrigin | null = null;
    const wellSince = (instant: number): boolean => origin?.wellSince(instant) === true;
    const clients = createClients({ edges, paths, seed: order.seed, purges, history, wellSince });
    origin = await startStageOrigin(clients.content);
    try {
      await setSite(client, { origin: origin.url, budget, policies: paths.policies });
      await untilServed(edges, paths, signal);
    } catch (error) {
      await origin.close();
      await dropSite(client).catch(() => undefined);
      throw error;
    }
    return stageOf({ clients, purges, history, origin }, { client, edges: edges.length });
  };
}

function stageOf(
  { clients, purges, history, origin }: Parts,
  { client, edges }: { client: ControlClient; edges: number },
): Stage {
  return {
    ...{ origin, history, ledger: purges.entries },
    violations: () => clients.violations(),
    purgeAll: () => clients.purgeAll(),
    begin: () => clients.begin(),
    end: () => clients.end(),
    converged: (entries) =>
      haveAll(client, { entries, edges })
        .then((all) => all && areConverged(client, entries))
        .catch(() => null),
    findings: () => readLedger(client, purges.entries).catch(() => null),
    async close() {
      purges.end();
      await dropSite(client).catch(() => undefined);
      await origin.close();
    },
  };
}

interface Parts {
  readonly clients: Clients;
  readonly purges: Purges;
  readonly history: History;
  readonly origin: StageOrigin;
}

/** Every edge answers: it knows the site and its policies. */
async function untilServed(
  edges: readonly { readonly url: string }[],
  { paths }: StagePaths,
  signal: AbortSignal,
): Promise<void> {
  const client = createOutsideClient({ edges, host: HOST, deadlineMs: LIMITS.call });
  const giveUpAt = performance.now() + LIMITS.preparing;
  const isServed = async (edge: number): Promise<boolean> => {
    const { outcome } = await client.ask({ edge, path: paths[0] ?? "/", scheduledAt: performance.now() });
    return outcome.kind === "answered" && outcome.status === 200;
  };
  try {
    for (const [edge, { url }] of edges.entries())
      while (!(await isServed(edge))) {
        if (signal.aborted) throw new Error("ended early");
        if (performance.now() > giveUpAt) throw new Error(`${url} does not serve the experiment's site`);
        await pause(LIMITS.look, signal);
      }
  } finally {
    client.close();
  }
}

/** Under one key it is done once, however often it is sent. */
function postPurge({ control, token }: Pick<AgentConfiguration, "control" | "token">): PurgePorts["post"] {
  return async (body, key) => {
    const answer = await fetch(`${control}/invalidate`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "idempotency-key": key,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LIMITS.purgeTry),
    });
    const { id = "", position = "" } = (await answer.json()) as { id?: string; position?: string };
    return { status: answer.status, id, position };
  };
}
