// What is asked of the scripts: the queries that readers and writers send, as production builds them.

import { LIMITS } from "../../edge/config.ts";
import type { Position } from "../../shared/core/position.ts";
import type { StoredAnswer } from "../../shared/core/stored-answer.ts";
import { millis, minutes, type Selector } from "../../shared/core/units.ts";
import { NOTHING_VARIES, parseMark } from "../../shared/core/vary.ts";
import type {
  AppendOutcome,
  AppendQuery,
  CheckOutcome,
  FillOutcome,
  LogHead,
  ReadOutcome,
  ReadQuery,
  ReleaseQuery,
  SinceOutcome,
  SnapshotOutcome,
} from "../../shared/ports/mid-tier.ts";
import { alone, GRANTED, ROOMY } from "../support/one-shard.ts";
import type { Fetched } from "./copy.ts";
import type { Call } from "./database.ts";
import { OF_ANSWER, type ReaderSpec, type WriterSpec } from "./scenario.ts";
import type { Right } from "./state.ts";

/** The one resource that all readers want; variants are keys below it. */
export const RESOURCE = "page";
/** Where a reader is sent to once it is known that answers vary. */
export const variantOf = ({ variant }: ReaderSpec): string => `${RESOURCE}-${variant ?? "none"}`;

/** Longer than all that a schedule may last. */
const KEPT = minutes(10);
const PAGE = 100;

export const readCall = (query: ReadQuery): Call<ReadOutcome> => ({
  name: `read-or-lease ${query.key} ${positionName(query.need)} ${positionName(query.asOf)} ${query.lease?.token} ${query.not}`,
  send: ({ midTier }) => midTier.read(query),
});

export const releaseCall = (query: ReleaseQuery): Call<"released" | "unavailable"> => ({
  name: `release ${query.key} ${query.token} ${query.marker?.kind}`,
  send: ({ midTier }) => midTier.release(query),
});

export const verifiedCall = (query: { key: string; id: string; position: Position }): Call<void> => ({
  name: `verified ${query.key} ${query.id} ${positionName(query.position)}`,
  send: ({ midTier }) => midTier.verified({ ...query, shard: GRANTED.shard }),
});

export const sinceCall = (known: LogHead): Call<SinceOutcome> => ({
  name: `since ${positionName(known)} ${known.hash}`,
  send: ({ log }) => log.since(known, PAGE),
});

export const snapshotCall = (highest: number): Call<SnapshotOutcome> => ({
  name: `snapshot ${highest}`,
  send: ({ log }) => log.snapshot(highest),
});

export const checkCall = (selectors: readonly Selector[], position: Position): Call<CheckOutcome> => ({
  name: `check ${positionName(position)} ${selectors.join(",")}`,
  send: ({ log }) => log.check(selectors, position),
});

const positionName = ({ epoch, seq }: Position): string => `${epoch}-${seq}`;

export const answerId = ({ token }: Right): string => `answer-of-${token}`;
/** Of a variant its own, whatever the lease is of. */
export const filledKey = ({ variant }: ReaderSpec, { leaseKey }: Right): string =>
  variant === null ? leaseKey : `${RESOURCE}-${variant}`;

export function fillCall(
  spec: ReaderSpec,
  given: { right: Right; fetched: Fetched; of: keyof typeof OF_ANSWER },
): Call<FillOutcome> {
  const { right, fetched, of } = given;
  const { token, leaseKey, asOf } = right;
  const key = filledKey(spec, right);
  const content = JSON.stringify(fetched);
  return {
    name: `fill ${key} ${leaseKey} ${token} ${positionName(asOf)} ${of} ${content}`,
    send({ midTier }) {
      const body = new TextEncoder().encode(content);
      const answer = answerOf(right, { key, length: body.length, selectors: OF_ANSWER[of] });
      const mark = spec.variant === null ? NOTHING_VARIES : parseMark("accept-language");
      const place = { key, primary: RESOURCE, leaseKey, mark, granted: GRANTED, budget: ROOMY };
      return midTier.fill({ ...place, token, answer, body, keepFor: KEPT });
    },
  };
}

function answerOf(right: Right, more: Pick<StoredAnswer, "key" | "length" | "selectors">): StoredAnswer {
  return {
    version: 2,
    id: answerId(right),
    ...more,
    status: 200,
    headers: [],
    class: "standard",
    asOf: right.asOf,
    vary: [],
    part: { kind: "whole" },
    dirty: false,
    fresh: KEPT,
    staleWhileRevalidate: KEPT,
    staleIfError: millis(0),
    ageWhenSent: millis(0),
    receivedAtWall: 0,
    lease: right.token,
  };
}

export function readQuery(given: {
  key: string;
  token: string;
  need: Position;
  asOf: Position;
  not: string | null;
}): ReadQuery {
  const { key, token, need, asOf, not } = given;
  return {
    ...alone(key),
    home: RESOURCE,
    need,
    asOf,
    not,
    lease: { token, duration: LIMITS.leaseDuration, patience: LIMITS.overtakerPatience },
  };
}

export const appendCall = ({ mode, selector }: WriterSpec, operationId: string): Call<AppendOutcome> => ({
  name: `append ${operationId} ${mode} ${selector}`,
  send({ log }) {
    const query: AppendQuery = {
      operationId,
      requestDigest: operationId,
      actor: "writer",
      action: "invalidate",
      payload: { kind: "invalidate", mode, selectors: [selector] },
      detail: "",
      replicas: 0,
    };
    return log.append(query);
  },
});
