// What a 206 brings: the part that was asked for, or the rest of one that is held.

import { DIGESTS_OF_CONTENT, withoutHeaders } from "../shared/core/headers.ts";
import { isComplete, type RangePart, receivedPart, tellsItsPart } from "../shared/core/part.ts";
import { LIMITS } from "./config.ts";
import { bothEnds } from "./count.ts";
import { countNotStored } from "./counters.ts";
import type { Edge } from "./edge.ts";
import { keepInChunks, type Stretch } from "./large/keep-in-chunks.ts";
import { type Exchange, judgeStorability, type Made } from "./make-answer.ts";
import { keepPart } from "./parts.ts";
import { bringShared, bringSoon } from "./patience.ts";
import { headOf, passOn, type Received, settleAnswer, storeLarge, withoutRoom } from "./settle.ts";
import { sourceOf } from "./share-body.ts";

/** What a 206 brought goes to whoever asked for it, and is kept as the part that it is. */
export async function receivePart(edge: Edge, exchange: Exchange, given: Received): Promise<void> {
  const { answered, controls } = given;
  const verdict = judgeStorability(edge, exchange, answered);
  if (verdict.kind === "refuse") return passOn(edge, exchange, { ...given, reason: verdict.reason });
  const ends = bothEnds(edge, exchange.job);
  const source = ends.ofOrigin(sourceOf(answered.body));
  const head = headOf(exchange, answered);
  const stretch = stretchOf(verdict, source.length);
  if (stretch !== null && stretch.complete > edge.chunking.from) {
    const given = { ...stretch, source, head, controls, parts: "sent" } as const;
    if (await keepInChunks(edge, exchange, given)) return;
  }
  const isLarge = source.length !== null && source.length > LIMITS.sharedBody;
  if (isLarge || !tellsItsPart(answered.headers)) {
    if (stretch !== null && isComplete(stretch.part))
      return storeLarge(edge, exchange, { made: stretch.made, source, head, controls, parts: "sent" });
    controls.settle({ kind: "unshared" });
    return controls.deliver({ kind: "stream", ...head, stored: "nowhere", body: { kind: "source", source } });
  }
  const bringing = bringShared(edge, exchange, { made: verdict, source, controls });
  if (bringing === null) return withoutRoom(edge, exchange, { source, head, controls });
  const { client, ended } = bringing;
  controls.deliver({ kind: "stream", ...head, body: { kind: "source", source: ends.toClient(client) } });
  const { result, exchange: now } = await ended;
  if (result.kind === "full") countNotStored(exchange.job.route.counters, "no-room");
  if (result.kind !== "whole") return controls.settle({ kind: "unshared" });
  // What is stored nowhere was counted when it was sent on.
  if (head.stored !== "nowhere") exchange.job.route.counters.bytesFromOrigin += source.length ?? 0;
  const announced = source.length !== null;
  const kept = keepPart(edge, now, { made: verdict, bytes: result.bytes, announced });
  if (kept === null) return controls.settle({ kind: "unshared" });
  const { held, bytes } = kept;
  const made = kept.kind === "whole" ? kept.made : null;
  await settleAnswer(edge, now, { controls, made, held, bytes });
}

const OF_ITS_MESSAGE = new Set([...DIGESTS_OF_CONTENT, "content-range"]);

/** Which octets are coming, and the whole answer that they are of; null where that is not told in full. */
function stretchOf(
  made: Made,
  octets: number | null,
): (Pick<Stretch, "made" | "range" | "complete"> & { readonly part: RangePart }) | null {
  const part = octets === null ? null : receivedPart(made.answer.headers, { octets, announced: true });
  if (part === null) return null;
  const headers = withoutHeaders(made.answer.headers, OF_ITS_MESSAGE);
  const { from, to, complete } = part;
  const whole = { ...made, answer: { ...made.answer, status: 200, headers } };
  return { made: whole, range: { from, to }, complete, part };
}

/** The rest of a part that is held; false where it doesn't fit, or come soon, and the whole has to be fetched. */
export async function completePart(
  edge: Edge,
  exchange: Exchange,
  { answered, controls }: Received,
): Promise<boolean> {
  const verdict = judgeStorability(edge, exchange, answered);
  if (verdict.kind === "refuse") return false;
  const source = sourceOf(answered.body);
  const bytes = await bringSoon(edge, exchange, { source, controls });
  if (bytes === null) return false;
  exchange.job.route.counters.bytesFromOrigin += bytes.length;
  const kept = keepPart(edge, exchange, { made: verdict, bytes, announced: source.length !== null });
  if (kept?.kind !== "whole") return false;
  await settleAnswer(edge, exchange, { controls, ...kept });
  return true;
}
