// What receipts say of purges, beside what an outside client got from the edges.

import type { Exchange } from "./outside/exchange.ts";

/** One purge of a path, by the client's clock. */
export interface PurgeRecord {
  readonly id: string;
  readonly path: string;
  /** Of what the origin gives since it was sent. */
  readonly version: number;
  readonly sentAt: number;
  readonly acknowledgedAt: number;
}

export interface Receipt {
  readonly id: string;
  /** Milliseconds on the client's clock. */
  readonly acceptedAt: number;
  readonly edges: readonly EdgeReceipt[];
}

export interface EdgeReceipt {
  /** The edge's number, 0 first. */
  readonly edge: number;
  readonly state: "applied" | "fenced" | "pending";
  readonly afterMs: number | null;
}

const POLL_MS = 50;
const CONVERGES_WITHIN_MS = 40_000;

/** As soon as it says that it has converged. */
export async function readReceipt(from: { control: string; token: string; id: string }): Promise<Receipt> {
  const giveUpAt = performance.now() + CONVERGES_WITHIN_MS;
  for (;;) {
    const answer = await fetch(`${from.control}/invalidations/${from.id}`, {
      headers: { authorization: `Bearer ${from.token}` },
    });
    const shown = (await answer.json()) as ShownReceipt;
    if (answer.status !== 200) throw new Error(`a receipt was answered with ${answer.status}`);
    if (shown.state === "converged" || performance.now() > giveUpAt) return asRead(shown);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

interface ShownReceipt {
  readonly id: string;
  readonly acceptedAt: string;
  readonly state: "converging" | "converged";
  readonly edges: readonly { edge: string; state: EdgeReceipt["state"]; afterMs: number | null }[];
}

/** Control plane, edges and client share a machine, and with it a clock. */
const asRead = ({ id, acceptedAt, edges }: ShownReceipt): Receipt => ({
  id,
  acceptedAt: Date.parse(acceptedAt) - performance.timeOrigin,
  edges: edges.map(({ edge, state, afterMs }) => ({
    edge: Number(edge.replace("edge-", "")) - 1,
    state,
    afterMs,
  })),
});

const versionIn = ({ outcome }: Exchange): number | null =>
  outcome.kind === "answered" ? (outcome.stated?.version ?? null) : null;

/** Whoever was not asked for so long shows nothing of when it changed. */
const NOT_ASKED_MS = 250;

/** Of each purge and edge that was asked often enough: when the first answer of the new version had come. */
export function seenAfterMs(purges: readonly PurgeRecord[], exchanges: readonly Exchange[]): number[] {
  const byPlace = groupByPlace(exchanges);
  const edges = new Set(exchanges.map(({ edge }) => edge));
  return purges.flatMap((purge) =>
    [...edges].flatMap((edge) => seenAt(purge, byPlace.get(place(edge, purge.path)) ?? [])),
  );
}

/** None or one. */
function seenAt(purge: PurgeRecord, asked: readonly Exchange[]): number[] {
  const after = asked.filter(({ endedAt }) => endedAt > purge.sentAt).sort((a, b) => a.sentAt - b.sentAt);
  const first = after.findIndex((exchange) => (versionIn(exchange) ?? 0) >= purge.version);
  const seen = after[first];
  const before = Math.max(purge.sentAt, after[first - 1]?.sentAt ?? 0);
  return seen === undefined || seen.sentAt - before > NOT_ASKED_MS ? [] : [seen.endedAt - purge.sentAt];
}

/** Of each answer that an acknowledged purge should have kept from being served. */
export function servedOldAfterMs(purges: readonly PurgeRecord[], exchanges: readonly Exchange[]): number[] {
  const byPlace = groupByPlace(exchanges);
  const edges = new Set(exchanges.map(({ edge }) => edge));
  return purges.flatMap((purge) =>
    [...edges].flatMap((edge) =>
      (byPlace.get(place(edge, purge.path)) ?? [])
        .filter((exchange) => exchange.sentAt > purge.acknowledgedAt && isOlder(exchange, purge))
        .map(({ sentAt }) => sentAt - purge.acknowledgedAt),
    ),
  );
}

export interface Lie {
  readonly purge: PurgeRecord;
  readonly exchange: Exchange;
  /** How long before the request was sent the edge had applied the purge, as the receipt has it. */
  readonly sinceMs: number;
}

/** Timestamps of Redis and of receipts are whole milliseconds. */
const ROUNDING_MS = 2;

/**
 * What an edge served of old content to requests sent after the receipt says that it had applied the purge. `afterMs`
 * counts from before the append, so that the acceptance is the latest instant that it can have been counted from.
 */
export function lies(run: {
  readonly purges: readonly PurgeRecord[];
  readonly receipts: readonly Receipt[];
  readonly exchanges: readonly Exchange[];
}): Lie[] {
  const byPlace = groupByPlace(run.exchanges);
  const purges = new Map(run.purges.map((purge) => [purge.id, purge]));
  return run.receipts.flatMap(({ id, acceptedAt, edges }) => {
    const purge = purges.get(id);
    if (purge === undefined) return [];
    return edges.flatMap(({ edge, state, afterMs }) => {
      if (state !== "applied" || afterMs === null) return [];
      const appliedAt = acceptedAt + afterMs + ROUNDING_MS;
      return (byPlace.get(place(edge, purge.path)) ?? [])
        .filter((exchange) => exchange.sentAt > appliedAt && isOlder(exchange, purge))
        .map((exchange) => ({ purge, exchange, sinceMs: exchange.sentAt - appliedAt }));
    });
  });
}

const isOlder = (exchange: Exchange, purge: PurgeRecord): boolean => {
  const version = versionIn(exchange);
  return version !== null && version < purge.version;
};

const place = (edge: number, path: string): string => `${edge} ${path}`;

function groupByPlace(exchanges: readonly Exchange[]): ReadonlyMap<string, Exchange[]> {
  return Map.groupBy(exchanges, ({ edge, path }) => place(edge, path));
}
