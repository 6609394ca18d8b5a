// What the origin is sent: the client's headers less what must not shape a stored answer, plus our validators.

import { SURROGATE_NAME } from "../shared/core/cache-control.ts";
import {
  bothChanges,
  changedFields,
  type FieldsChange,
  type HeaderList,
  type HeaderPair,
  hasTwin,
  headerValue,
  hopByHopNames,
  hyphenated,
} from "../shared/core/headers.ts";
import type { StoredAnswer } from "../shared/core/stored-answer.ts";
import { normalisedValue } from "../shared/core/vary.ts";
import type { OriginRequest } from "../shared/ports/origin.ts";
import type { FlightJob } from "./flight-job.ts";
import { type EdgeRequest, SAFE } from "./request.ts";
import type { Route } from "./router.ts";

/** Fields by which a client could make an origin answer for another resource than the key names. */
const SHAPING = new Set([
  "forwarded",
  "front-end-https",
  "host-override",
  // What a CGI program takes for the proxy that it is to use itself.
  "proxy",
  "x-accel-mapping",
  "x-backend-host",
  "x-envoy-original-path",
  "x-forward-host",
  "x-forwarded",
  "x-host",
  "x-http-destinationurl",
  "x-http-host",
  "x-http-host-override",
  "x-ingress-path",
  "x-original-forwarded-host",
  "x-original-host",
  "x-original-path",
  "x-original-uri",
  "x-original-url",
  "x-override-url",
  "x-proxy-host",
  "x-rewrite-path",
  "x-rewrite-uri",
  "x-rewrite-url",
  "x-scheme",
  "x-script-name",
  "x-sendfile-type",
  "x-url-scheme",
]);
const SHAPING_PREFIX = "x-forwarded-";
/** Carry out another method than the request's own. */
const METHOD_OVERRIDES = new Set(["x-http-method", "x-http-method-override", "x-method-override"]);
/** So may these; but programs have fields of their own by such names, which nobody but they can miss. */
const SUSPECT_PREFIXES = ["x-original-", "x-rewrite-"];
/** Say who asks, which origins log and count by: nothing that an answer for all may depend on. */
const ASKER = new Set([
  "ali-cdn-real-ip",
  "cdn-src-ip",
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-pseudo-ipv4",
  "client-ip",
  "cloudfront-viewer-address",
  "do-connecting-ip",
  "fastly-client-ip",
  "fly-client-ip",
  "incap-client-ip",
  "proxy-client-ip",
  "remote-addr",
  "true-client-ip",
  "wl-proxy-client-ip",
  "x-appengine-remote-addr",
  "x-appengine-user-ip",
  "x-azure-clientip",
  "x-azure-socketip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-custom-ip-authorization",
  "x-envoy-external-address",
  "x-forwarded-for",
  "x-nf-client-connection-ip",
  "x-originating-ip",
  "x-proxyuser-ip",
  "x-real-ip",
  "x-remote-addr",
  "x-remote-ip",
  "x-sucuri-clientip",
  "x-user-ip",
  "x-vercel-forwarded-for",
  "x-vercel-proxied-for",
]);

/** Fields of one client's request that would make the answer his alone. */
const SELECTIVE = new Set([
  "accept-encoding",
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "if-range",
  "range",
  "cache-control",
  "pragma",
  "max-forwards",
  "content-encoding",
  "content-length",
  "content-type",
  "proxy-authorization",
]);
/** By which a framework answers with a part of its page, or with another one. */
const FRAMEWORK = new Set(["x-matched-path", "x-now-route-matches"]);
/** So do all by these names, which frameworks give to what they say to themselves (Next.js, Nuxt, React Router, Astro). */
const FRAMEWORK_PREFIXES = [
  "x-astro-",
  "x-invoke-",
  "x-middleware-",
  "x-nextjs-",
  "x-nuxt-",
  "x-react-router-",
];

/** Fields in which this cache speaks for itself: no client's copy of them goes on. */
const OWN_PREFIXES = ["tidegate-", "x-tidegate-"];

/**
 * Fields that are this hop's to write, and an expectation that it has met already: the content of a request whose
 * sender wanted to be told to go on has arrived, or arrives, all the same (RFC 9110 §10.1.1).
 */
const ANSWERED_HERE = new Set(["via", "surrogate-capability", "expect"]);

const isShaping = (name: string): boolean =>
  SHAPING.has(name) || (name.startsWith(SHAPING_PREFIX) && !ASKER.has(name));

const begins = (name: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => name.startsWith(prefix));

/** What an answer for everybody must not depend on, beyond that: which content it has, and whether it comes at all. */
const isTelling = (name: string): boolean =>
  ASKER.has(name) ||
  METHOD_OVERRIDES.has(name) ||
  FRAMEWORK.has(name) ||
  begins(name, SUSPECT_PREFIXES) ||
  begins(name, FRAMEWORK_PREFIXES);

const isOfOne = (name: string): boolean => SELECTIVE.has(name) || isTelling(name);

/** Whether what is passed on for its sender may be answered by more than the key names, and the method: then nobody else is given it. */
export function saysMoreThanItsKey(request: Pick<EdgeRequest, "headers">, { rules }: Route): boolean {
  const keyed = rules.key.headers;
  return request
    .headers()
    .some(([name]) => !keyed.includes(name) && (isTelling(hyphenated(name)) || hasTwin(name, keyed)));
}

/** Whether the origin may carry out another method than the request's: then its answer is not that method's either. */
export const overridesMethod = (request: Pick<EdgeRequest, "headers">): boolean =>
  request.headers().some(([name]) => METHOD_OVERRIDES.has(hyphenated(name)));

/** `dropped`: of a name as it came, and as origins read it. */
function forwarding(
  headers: HeaderList,
  route: Route,
  dropped: (read: string, name: string) => boolean,
): FieldsChange {
  const hopByHop = hopByHopNames(headers);
  const via = headerValue(headers, "via");
  const keyed = route.rules.key.headers;
  const isDropped = (name: string): boolean => {
    const read = hyphenated(name);
    if (hopByHop.has(name) || hopByHop.has(read) || ANSWERED_HERE.has(read)) return true;
    if (begins(read, OWN_PREFIXES)) return true;
    return dropped(read, name) && !keyed.includes(name);
  };
  const replaced: HeaderPair[] = [
    ["via", via === null ? "1.1 tidegate" : `${via}, 1.1 tidegate`],
    ["surrogate-capability", `${SURROGATE_NAME}="Surrogate/1.0"`],
  ];
  // What the key is made of is what the origin is told (the host it has already).
  if (!keyed.includes("x-forwarded-proto")) replaced.push(["x-forwarded-proto", schemeOf(route.href)]);
  return { without: headers.flatMap(([name]) => (isDropped(name) ? [name] : [])), replaced };
}

const schemeOf = (href: string): string => href.slice(0, href.indexOf(":"));

/** What else an answer that may be shared is asked for by. */
export type Asking =
  | { readonly kind: "validate"; readonly answer: StoredAnswer }
  | { readonly kind: "range"; readonly range: string }
  | { readonly kind: "rest"; readonly range: string; readonly ifRange: string | null }
  /** These octets of this very representation, or none at all. */
  | { readonly kind: "chunk"; readonly range: string; readonly ifMatch: string }
  | { readonly kind: "whole" };

/** A request whose answer may be stored and shared: selecting fields in the form that stands for all that mean the same. */
export function sharedRequestHeaders(
  { request, route }: Pick<FlightJob, "request" | "route">,
  asking: Asking,
): HeaderList {
  const keyed = route.rules.key.headers;
  const headers = request.headers();
  const change = forwarding(
    headers,
    route,
    (read, name) => isShaping(read) || isOfOne(read) || hasTwin(name, keyed),
  );
  const kept = changedFields(headers, change).map(
    ([name, value]): HeaderPair => [name, name === "accept-language" ? normalisedValue(name, value) : value],
  );
  return [...kept, ["accept-encoding", storableCodings(request)], ...fieldsOf(asking)];
}

/** Codings that the client takes and that can be kept as the origin sends them. */
const storableCodings = (request: EdgeRequest): string =>
  normalisedValue("accept-encoding", request.header("accept-encoding") ?? "identity");

function fieldsOf(asking: Asking): HeaderPair[] {
  switch (asking.kind) {
    case "validate":
      return conditions(asking.answer);
    case "range":
      return [["range", asking.range]];
    case "rest":
      return asking.ifRange === null
        ? [["range", asking.range]]
        : [
            ["range", asking.range],
            ["if-range", asking.ifRange],
          ];
    case "chunk":
      return [
        ["range", asking.range],
        ["if-match", asking.ifMatch],
      ];
    case "whole":
      return [];
  }
}

/** A request that is passed through for its sender alone. */
export const passedRequestHeaders = (request: EdgeRequest, route: Route): HeaderList =>
  passedFields(request, route).headers;

/** The same, and how they differ from those that arrived. */
export function passedFields(
  request: EdgeRequest,
  route: Route,
): Required<Pick<OriginRequest, "headers" | "passed">> {
  const arrived = request.headers();
  // A safe method must not become one that changes what no invalidation would tell of; any other is a write anyway.
  const dropped = SAFE.has(request.method)
    ? (read: string) => isShaping(read) || METHOD_OVERRIDES.has(read)
    : isShaping;
  const change = oneHopOn(request, forwarding(arrived, route, dropped));
  return { headers: changedFields(arrived, change), passed: { of: request, change } };
}

/** Whoever hands a request on may lower what it says (RFC 9110 §7.6.2). */
const MOST_HOPS = 255;

/** How many may still hand on a request that goes no further than its sender says (RFC 9110 §7.6.2); null where he does not say. */
export function hopsLeft(request: EdgeRequest): number | null {
  if (request.method !== "OPTIONS" && request.method !== "TRACE") return null;
  const said = request.header("max-forwards");
  return said !== null && /^\d+$/.test(said) ? Math.min(Number(said), MOST_HOPS) : null;
}

function oneHopOn(request: EdgeRequest, change: FieldsChange): FieldsChange {
  const left = hopsLeft(request);
  if (left === null) return change;
  return bothChanges(change, { without: [], replaced: [["max-forwards", String(left - 1)]] });
}

function conditions(answer: StoredAnswer): HeaderPair[] {
  const etag = headerValue(answer.headers, "etag");
  const modified = headerValue(answer.headers, "last-modified");
  const pairs: HeaderPair[] = [];
  if (etag !== null) pairs.push(["if-none-match", etag]);
  if (modified !== null) pairs.push(["if-modified-since", modified]);
  return pairs;
}
