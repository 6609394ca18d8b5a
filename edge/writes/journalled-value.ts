// A value as the journal holds it: whose it is, whether it may be served, and what a client sees of it.

import type { HeaderList } from "../../shared/core/headers.ts";
import { coherenceOf } from "../../shared/core/log-view.ts";
import { STORED_ANSWER_VERSION, type StoredAnswer } from "../../shared/core/stored-answer.ts";
import { millis } from "../../shared/core/units.ts";
import type { JournalRead, JournalValue } from "../../shared/ports/journal.ts";
import { contentFor } from "../content.ts";
import type { Edge } from "../edge.ts";
import { problemReply } from "../reply.ts";
import type { EdgeRequest, Reply } from "../request.ts";
import type { Route } from "../router.ts";

/**
 * A digest of the cache key. Whoever shows credentials has values of his own, unless the key is made of them anyway or
 * the policy says that they are everybody's: what one wrote by his nobody else may read, or have merged with his own.
 */
export function journalKey(edge: Edge, request: EdgeRequest, route: Route): string | Promise<string> {
  return edge.digest.sha256Hex(route.key + credentialsShown(request, route).join(""));
}

/** Beyond those that the key is made of. */
function credentialsShown(request: EdgeRequest, { rules }: Route): string[] {
  const { key, journal } = rules;
  const keyed = new Set([...key.headers, ...(key.cookies.length > 0 ? ["cookie"] : [])]);
  return CREDENTIALS.flatMap((name) => {
    const value = journal.shared || keyed.has(name) ? null : request.header(name);
    return value === null ? [] : [`\n${name} ${value}`];
  });
}

/**
 * What the origin answers him is as much his own as what he writes: the key by which others find answers is not. And where
 * a policy that others are governed by may mean his URL, nobody finds anything.
 */
export const isForItsSender = (request: EdgeRequest, route: Route): boolean =>
  route.rules.kept === "for nobody" ||
  (route.rules.write === "write-back" && credentialsShown(request, route).length > 0);

const CREDENTIALS = ["authorization", "cookie", "proxy-authorization"];

export async function findValue(edge: Edge, request: EdgeRequest, route: Route): Promise<JournalRead> {
  const key = await journalKey(edge, request, route);
  const since = edge.clock.now();
  const found = await edge.journal.read(key, "use");
  edge.timings?.note(request, "journal", { since, said: SAID[found.kind] });
  return found;
}

/** For `Server-Timing`. */
const SAID = { value: "hit", absent: "miss", held: "miss", unavailable: "error" } as const;

/** `unknown`: the log could not be asked. */
type Vouched = "yes" | "no" | "unknown";

/**
 * What the origin does not have yet is above all invalidations. Anything else holds only while the log, asked after the
 * request has come, knows of nothing that has hit it.
 */
export async function isVouchedFor(
  edge: Edge,
  request: EdgeRequest,
  { route, value }: { readonly route: Route; readonly value: JournalValue },
): Promise<Vouched> {
  const { verifiedTo } = value;
  if (verifiedTo === null) return "yes";
  const arrival = { at: request.arrivedAt, ticket: edge.view.ticket() };
  const view = await edge.view.within(millis(0), arrival, request.background);
  if (view === null || !edge.view.pulledSince(arrival.ticket)) return "unknown";
  if (!edge.router.stands(route, request)) return "no";
  const { kind } = coherenceOf(view, verifiedTo, route.selectors);
  if (kind !== "unchecked") return kind === "current" ? "yes" : "no";
  const checked = await edge.log.check(route.selectors, verifiedTo);
  if (checked.kind === "unavailable") return "unknown";
  return checked.kind === "ok" ? "yes" : "no";
}

export async function valueReply(
  edge: Edge,
  request: EdgeRequest,
  { route, value }: { readonly route: Route; readonly value: JournalValue },
): Promise<Reply> {
  const where = value.verifiedTo === null ? "journal" : "written";
  const cacheStatus = `tidegate-l2; hit; ttl=${Math.floor(value.ttl / 1000)}; detail=${where}, tidegate-l1; fwd=uri-miss`;
  if (!value.exists) return { ...deleted(), cacheStatus };
  const headers: HeaderList = [...value.headers, ["etag", value.etag], ...OF_ANY_VALUE];
  const content = await contentFor(request, {
    answer: { ...answerOf(route, value), headers },
    headers,
    body: { kind: "bytes", bytes: value.body },
    nowWall: edge.clock.wall(),
    boundary: () => edge.random.token(),
    read: async () => null,
  });
  return { ...content, age: Math.floor(value.age / 1000), cacheStatus, memory: null };
}

const OF_ANY_VALUE: HeaderList = [
  // Nothing nearer may keep it: it would not learn of the next write.
  ["cache-control", "private, no-cache"],
  // A client has said what type it is: a browser must not find another one in it.
  ["x-content-type-options", "nosniff"],
];

const deleted = (): Reply =>
  problemReply({
    status: 404,
    code: "deleted",
    title: "Not Found",
    detail: "It was deleted, and the origin is being told.",
  });

function answerOf(route: Route, value: JournalValue): StoredAnswer {
  const none = millis(0);
  return {
    ...{ version: STORED_ANSWER_VERSION, id: value.operation, key: route.key, status: 200, headers: [] },
    ...{ class: route.rules.name, selectors: route.selectors, vary: [], part: { kind: "whole" } },
    asOf: value.verifiedTo ?? { epoch: 0, seq: 0 },
    ...{ length: value.body.length, dirty: value.verifiedTo === null, fresh: value.ttl },
    ...{ staleWhileRevalidate: none, staleIfError: none, ageWhenSent: none },
    ...{ receivedAtWall: 0, lease: value.operation },
  };
}
