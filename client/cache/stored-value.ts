// A value as the mid-tier keeps it: the record of a stored answer, so that edges, tools and programs read one format.

import { headerValue } from "../../shared/core/headers.ts";
import { jitteredLifetime } from "../../shared/core/jitter.ts";
import { STORED_ANSWER_VERSION, type StoredAnswer } from "../../shared/core/stored-answer.ts";
import { type Instant, type Millis, millis } from "../../shared/core/units.ts";
import type { L2Answer } from "../../shared/ports/mid-tier.ts";
import type { CacheCore } from "./core.ts";
import type { HeldValue, Life } from "./held.ts";
import { cacheKeyOf } from "./keys.ts";
import type { ValueRules } from "./rules.ts";
import { type Serializer, unpack } from "./values.ts";

/** Values of one serializer are nothing to another. */
/** Says that the life stated is a call's own, which its class does not shorten. */
const TTL_BY = "tidegate-ttl-by";

const mediaType = ({ name }: Serializer): string => `application/vnd.tidegate.value; serializer=${name}`;

/** For how long, jitter applied: the same for everybody who holds what this lease brought. */
export function lifeOf(
  rules: ValueRules,
  { key, lease, ttl, isNothing }: { key: string; lease: string; ttl: Millis; isNothing: boolean },
): Life {
  const granted = isNothing ? millis(Math.min(ttl, rules.negativeTtl)) : ttl;
  const none = millis(0);
  return {
    fresh: jitteredLifetime(granted, rules.jitter, { key, lease }),
    staleWhileRevalidate: isNothing ? none : rules.staleWhileRevalidate,
    staleIfError: isNothing ? none : rules.staleIfError,
  };
}

export function storedValue(
  core: CacheCore,
  given: { readonly key: string; readonly class: string; readonly held: HeldValue; readonly lease: string },
): StoredAnswer {
  const { held, lease } = given;
  return {
    version: STORED_ANSWER_VERSION,
    id: held.id,
    key: cacheKeyOf(core.namespace, given.key),
    status: 200,
    headers: [
      ["content-type", mediaType(core.serializer)],
      ...(held.ttlBy === "call" ? [[TTL_BY, "call"] as const] : []),
    ],
    class: given.class,
    selectors: held.selectors,
    asOf: held.asOf,
    vary: [],
    part: { kind: "whole" },
    length: held.octets,
    dirty: false,
    ...held.life,
    ageWhenSent: millis(0),
    fetchedIn: held.tookMs,
    receivedAtWall: core.clock.wall(),
    lease,
  };
}

/** Null where it is another key's, or another serializer's. */
export function readStoredValue(
  { namespace, serializer }: CacheCore,
  key: string,
  { found, bornAt }: { readonly found: L2Answer; readonly bornAt: Instant },
): HeldValue | null {
  const { answer, body, verifiedTo } = found;
  if (answer.key !== cacheKeyOf(namespace, key)) return null;
  if (headerValue(answer.headers, "content-type") !== mediaType(serializer)) return null;
  const packed = unpack(serializer, body);
  if (packed === null) return null;
  const { fresh, staleWhileRevalidate, staleIfError } = answer;
  return {
    id: answer.id,
    value: packed.value,
    octets: body.length,
    selectors: answer.selectors,
    life: { fresh, staleWhileRevalidate, staleIfError },
    ttlBy: headerValue(answer.headers, TTL_BY) === "call" ? "call" : "rules",
    asOf: answer.asOf,
    verifiedTo,
    bornAt,
    loadedAt: null,
    tookMs: answer.fetchedIn ?? millis(0),
  };
}

export const keptFor = ({ fresh, staleWhileRevalidate, staleIfError }: Life): Millis =>
  millis(fresh + Math.max(staleWhileRevalidate, staleIfError));
