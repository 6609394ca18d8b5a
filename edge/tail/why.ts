// Why a request got what it got, in words: from its result, what was found for it, and what Cache-Status says of it.

import type { RefusalReason } from "../../shared/core/storability.ts";
import type { Result } from "../counters.ts";
import type { Reply } from "../request.ts";
import type { Route } from "../router.ts";
import type { FoundFor } from "./request-tail.ts";

export interface Explained {
  readonly reply: Reply;
  readonly route: Route;
  readonly result: Result;
  /** What was held, good enough or not; null where nothing was, as far as is known. */
  readonly found: FoundFor | null;
  readonly method: string;
}

const NAMES = { l1Memory: "memory", l1Cache: "the data centre", l2: "Redis", origin: "flight" } as const;

export function whyOf(given: Explained): string {
  const { reply, result, found, route } = given;
  const detail = detailOf(reply);
  switch (result) {
    case "hit":
      if (detail === "fenced") return "the log is silent: served by its fence";
      if (detail === "journal" || detail === "written") return "the journal has the newest value";
      if (reply.memory !== null) return "fresh in memory";
      return found?.freshness.kind === "fresh" ? `fresh in ${NAMES[found.tier]}` : freshBy(reply);
    case "stale":
      return detail === "shed"
        ? "stale: the origin is spared"
        : reply.cacheStatus.includes("fwd=")
          ? "stale: the origin failed"
          : staleWhy(found);
    case "coalesced":
      return "waited for another request's fetch";
    case "miss":
      return found === null ? (missWhy(reply) ?? "nothing was held") : outOfUse(found);
    case "pass":
      return passWhy(given, detail);
    case "refused":
      return "the log is silent, and its class refuses to answer without it";
    case "error":
      return errorWhy(reply, route);
  }
}

const freshBy = ({ cacheStatus }: Reply): string =>
  cacheStatus.includes("tidegate-l2; hit") ? "fresh in Redis" : "fresh";

const staleWhy = (found: FoundFor | null): string =>
  found?.coherence.kind === "soft"
    ? "purged softly: served while it is renewed"
    : "expired: served while it is renewed";

/** Held, and of no use as it was. */
function outOfUse({ coherence, freshness, tier }: FoundFor): string {
  const where = `held in ${NAMES[tier]}`;
  switch (coherence.kind) {
    case "hard":
      return `${where}, but purged`;
    case "other-epoch":
      return `${where}, but of another epoch of the log`;
    case "soft":
      return `${where}, but purged softly`;
    case "unchecked":
      return `${where}, but the log could not vouch for it`;
    case "current":
      return freshness.kind === "fresh" ? `${where}, but asked for anew` : `${where}, but expired`;
  }
}

function missWhy({ cacheStatus }: Reply): string | null {
  if (cacheStatus.includes("fwd=stale")) return "held, but no longer good";
  return cacheStatus.includes("fwd=request") ? "held, but asked for anew" : null;
}

const KEPT_FOR_NOBODY = "origins may read its path in several ways, or it is too long to be purged";

const REFUSALS: Readonly<Record<RefusalReason, string>> = {
  method: "its method is not kept",
  spelling: KEPT_FOR_NOBODY,
  status: "its status is not kept",
  provoked: "the request's own fields provoked it",
  "no-store": "no-store",
  private: "private",
  authorization: "asked for with Authorization",
  "set-cookie": "it sets a cookie",
  "vary-star": "Vary: *",
  "vary-names": "it varies by fields that are never heeded",
  "no-lifetime": "it states no lifetime",
  "no-validator": "no lifetime and no validator",
  expired: "its life was over when it came",
  tags: "it has too many tags",
  "no-room": "more was coming in at once than an isolate collects",
};

function passWhy({ reply, route, method }: Explained, detail: string | null): string {
  if (detail === "journal") return "accepted by the journal";
  if (detail !== null && detail in REFUSALS) return `not stored: ${REFUSALS[detail as RefusalReason]}`;
  if (reply.cacheStatus.includes("fwd=method")) return `${method.slice(0, 16)} goes to the origin`;
  if (route.rules.kept === "for nobody") return `for its sender alone: ${KEPT_FOR_NOBODY}`;
  return route.rules.ttl === 0
    ? "its policy stores nothing"
    : "known not to be storable, or asked for past the cache";
}

const SHED: Readonly<Record<NonNullable<Reply["shed"]>, string>> = {
  rate: "the origin's budget is spent",
  concurrency: "too many wait for the origin",
  queue: "the origin is too slow",
  breaker: "the origin has failed, and is given a pause",
};

const errorWhy = (reply: Reply, { rules }: Route): string => {
  const { shed, status } = reply;
  if (shed !== undefined) return SHED[shed];
  if (detailOf(reply) === "origin-error")
    return `the request that it waited with was answered with ${status}`;
  if (rules.write === "write-back" && status === 503) return "the journal could not take it";
  return status === 502 || status === 504 ? "the origin did not answer" : `answered with ${status}`;
};

const detailOf = ({ cacheStatus }: Reply): string | null =>
  /; detail=([\w-]+)[^=]*$/.exec(cacheStatus)?.[1] ?? null;
