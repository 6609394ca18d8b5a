// What one experiment alone claims: how quickly what is held comes, how many wait, and from where an empty edge fills.

import type { ChaosVerdict } from "../shared/wire/chaos.ts";
import type { Also } from "./experiment.ts";
import type { History, SeenRequest } from "./history.ts";

type Claim = Omit<ChaosVerdict, "holds">;

interface Seen {
  readonly history: History;
  readonly target: string;
}

export function alsoClaimed(also: Also, seen: Seen): Claim {
  switch (also.kind) {
    case "held-latency":
      return heldLatency(also, seen);
    case "waiting":
      return waiting(also, seen);
    case "refill":
      return refill(also, seen);
  }
}

const tookMs = ({ dueAt, endedAt }: SeenRequest): number => endedAt - dueAt;

/** None before it began, or where it never did. */
function duringFault(history: History): readonly SeenRequest[] {
  const from = history.began("fault") ?? Number.POSITIVE_INFINITY;
  return history.dueBetween(from, history.began("recovery") ?? Number.POSITIVE_INFINITY);
}

function heldLatency({ mostMs }: Extract<Also, { kind: "held-latency" }>, { history }: Seen): Claim {
  const held = duringFault(history).filter(({ source, error }) => source === "l1" && error === null);
  const took = held.map(tookMs).sort((a, b) => a - b);
  const p90 = took[Math.ceil(took.length * 0.9) - 1];
  return {
    name: "held-latency",
    text: "While the fault lasted: of hits in an edge's own memory and disk, nine in ten took no longer",
    ...{ measured: p90 === undefined ? null : Math.round(p90), limit: mostMs },
    ...{ comparison: "at-most", unit: "ms" },
  };
}

function waiting({ longerThanMs, mostShare }: Extract<Also, { kind: "waiting" }>, { history }: Seen): Claim {
  const due = duringFault(history);
  const long = due.filter((request) => tookMs(request) > longerThanMs).length;
  return {
    name: "waiting",
    text: `While the fault lasted: requests that took longer than ${longerThanMs} ms`,
    ...{ measured: shareOf(long, due.length), limit: mostShare, comparison: "at-most", unit: "ratio" },
  };
}

function refill({ after, leastShare }: Extract<Also, { kind: "refill" }>, { history, target }: Seen): Claim {
  const began = history.began("fault") ?? Number.POSITIVE_INFINITY;
  const from = began + after * ((history.began("recovery") ?? Number.POSITIVE_INFINITY) - began);
  const firsts = new Map<string, SeenRequest>();
  for (const request of history.dueBetween(from, Number.POSITIVE_INFINITY))
    if (request.edge === target && request.error === null && !firsts.has(request.path))
      firsts.set(request.path, request);
  const brought = [...firsts.values()].filter(({ source }) => source !== "l1");
  const fromL2 = brought.filter(({ source }) => source === "l2").length;
  return {
    name: "refill",
    text: `Of ${brought.length} paths that ${target} was asked for and lacked when it was back: brought from the mid-tier`,
    ...{ measured: shareOf(fromL2, brought.length), limit: leastShare },
    ...{ comparison: "at-least", unit: "ratio" },
  };
}

const shareOf = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
