// What a cluster that may be broken has beside the others: fault proxies, levers, and the agent that pulls them.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemDigest, systemRandom, systemTimers } from "../../shared/runtime/system.ts";
import { CLOCK_SHIFT_PATH, encodeClockShift } from "../../shared/wire/clock-shift.ts";
import { SIGNATURE_HEADER, signRequest } from "../../shared/wire/signature.ts";
import type { LocalDatabase } from "../databases.ts";
import { createLinks, type Links } from "../faults/links.ts";
import type { Network, Way } from "../network.ts";
import { freePort } from "../ports.ts";
import { type Supervised, supervise } from "../supervise.ts";
import type { AgentConfiguration, Breakable, LeverMessage, LeverReply, StoppedMessage } from "./lever.ts";
import { type LeverPorts, Levers } from "./levers.ts";

export interface Ground {
  /** A fault proxy on every way. */
  readonly network: Network;
  /** Where the agent is going to listen. */
  readonly agent: string;
  /** Of the agent; null while it is down. */
  pid(): number | null;
  /** Starts the agent; resolves when it listens. */
  begin(cluster: BreakableCluster): Promise<void>;
  /** Ends the agent, before those that it might have broken. */
  end(): Promise<void>;
  /** Closes the proxies, after those that use them. */
  close(): Promise<void>;
}

export interface BreakableCluster {
  readonly data: string;
  readonly control: string;
  readonly token: string;
  readonly clusterKey: string;
  readonly edges: readonly { readonly id: Breakable; readonly url: string; readonly process: Supervised }[];
  /** `control` first. */
  readonly databases: readonly (LocalDatabase & { readonly id: Breakable })[];
  /** Whether the databases were there before: nothing is deleted from those. */
  readonly databasesAreGiven: boolean;
}

const AGENT = fileURLToPath(new URL("../../chaos/agent.ts", import.meta.url));
const RESTART_AGENT_MS = 300;
const CALL_MS = 2000;

/** `beyond` is asked where the proxies lead to, where the cluster has a network already. */
export async function prepareGround(beyond: Network | null): Promise<Ground> {
  const links = createLinks();
  const ways: (Way & { readonly url: string })[] = [];
  const port = await freePort();
  let begun: { readonly agent: Supervised; readonly levers: Levers } | null = null;
  return {
    async network(way, url) {
      const led = await links.network(way, beyond === null ? url : await beyond(way, url));
      ways.push({ ...way, url: led });
      return led;
    },
    agent: `http://127.0.0.1:${port}`,
    pid: () => begun?.agent.pid() ?? null,
    async begin(cluster) {
      const tell = (message: StoppedMessage): Promise<boolean> =>
        begun === null ? Promise.resolve(false) : begun.agent.send(message);
      const levers = new Levers({
        ...portsOf(cluster, links),
        tellStopped: (groups) => tell({ kind: "stopped", groups }),
      });
      begun = { agent: startAgent(cluster, { port, ways, levers }), levers };
      await begun.agent.ready;
    },
    async end() {
      await begun?.agent.stop();
      await begun?.levers.heal();
    },
    close: () => links.close(),
  };
}

/** Whatever becomes of it, what it has broken is healed. */
function startAgent(
  cluster: BreakableCluster,
  own: Pick<AgentConfiguration, "port" | "ways"> & { levers: Levers },
): Supervised {
  const { control, token, clusterKey, edges, databases } = cluster;
  const configuration: AgentConfiguration = {
    ...{ port: own.port, ways: own.ways },
    ...{ control, token, clusterKey },
    edges: edges.map(({ id, url }) => ({ id, url })),
    databases: databases.map(({ id, url, token: itsToken }) => ({ id, url, token: itsToken })),
  };
  const answer = async ({ id, lever }: LeverMessage): Promise<void> => {
    const problem = await own.levers.pull(lever).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    await agent.send({ kind: "lever-done", id, problem } satisfies LeverReply);
  };
  const agent = supervise({
    name: "chaos-agent",
    module: AGENT,
    configuration,
    restartAfterMs: RESTART_AGENT_MS,
    onMessage: (message) => {
      if (message.kind === "lever") void answer(message as unknown as LeverMessage);
    },
    onExit: () => void own.levers.heal(),
  });
  return agent;
}

function portsOf(cluster: BreakableCluster, links: Links): Omit<LeverPorts, "tellStopped"> {
  const { data, edges, databases, clusterKey } = cluster;
  const processes = [...edges, ...databases].flatMap(({ id, process }) =>
    process === null ? [] : [[id, process] as const],
  );
  return {
    processes: new Map(processes),
    setLink: (from, to, state) => links.get(from, to).set(state),
    healLinks() {
      for (const link of links.all()) link.heal();
    },
    async flush(place) {
      if (cluster.databasesAreGiven) throw new RangeError(`${place} was not made here, and is not flushed`);
      const database = databases.find(({ id }) => id === place);
      if (database !== undefined) await flush(database);
    },
    dropDisk: (edge) => rmSync(join(data, edge, "cache"), { recursive: true, force: true }),
    async shiftClock(place, ms) {
      const url = edges.find(({ id }) => id === place)?.url;
      await callSigned(`${url}${CLOCK_SHIFT_PATH}`, { key: clusterKey, body: encodeClockShift(ms) });
    },
    after: systemTimers.after,
  };
}

async function flush({ url, token }: LocalDatabase): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(["FLUSHALL"]),
    signal: AbortSignal.timeout(CALL_MS),
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`FLUSHALL was answered ${answer.status}`);
}

async function callSigned(url: string, { key, body }: { key: string; body: string }): Promise<void> {
  const message = { method: "POST", path: new URL(url).pathname, body };
  const by = { key, digest: systemDigest, random: systemRandom, nowWall: Date.now() };
  const answer = await fetch(url, {
    method: "POST",
    headers: { [SIGNATURE_HEADER]: await signRequest(message, by), "content-type": "application/json" },
    body,
    signal: AbortSignal.timeout(CALL_MS),
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}
