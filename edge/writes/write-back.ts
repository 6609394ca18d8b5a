// URLs whose writes are acknowledged when the journal has them: values are read from it, and above all from nowhere nearer.

import { listMembers } from "../../shared/core/headers.ts";
import { requestDirectives } from "../../shared/core/request-directives.ts";
import { millis } from "../../shared/core/units.ts";
import { type Body, NO_BODY } from "../../shared/ports/body.ts";
import type { JournalAccepted, Tags } from "../../shared/ports/journal.ts";
import { replicasAsked } from "../../shared/wire/configuration.ts";
import { LIMITS } from "../config.ts";
import { counted, failure, refusal } from "../count.ts";
import type { Edge } from "../edge.ts";
import { notCached } from "../less-than-a-get.ts";
import { shed } from "../origin/ask.ts";
import { overridesMethod, passedRequestHeaders } from "../origin-request.ts";
import { pass, unsent } from "../pass.ts";
import { shedReply } from "../reply.ts";
import type { EdgeRequest, Reply } from "../request.ts";
import type { Route } from "../router.ts";
import { uploadOf } from "../uploads.ts";
import { kickFlush } from "./flush.ts";
import { acknowledged, refusalReply, stillWaits, tooLarge, unreachable } from "./journal-replies.ts";
import { findValue, isVouchedFor, journalKey, valueReply } from "./journalled-value.ts";
import { CONDITIONS, DESCRIBING, isConditional, repeatableOf } from "./same-write.ts";
import { writeAround } from "./write-around.ts";

type Else = () => Reply | Promise<Reply>;

/** `otherwise`: as any other request, where the journal has nothing to say. */
export async function writeBack(
  edge: Edge,
  request: EdgeRequest,
  given: { readonly route: Route; readonly otherwise: Else },
): Promise<Reply> {
  const { otherwise } = given;
  // What answers have said of their queries not every edge has heard: a write is under the whole of its URL.
  const route =
    given.route.variance === null ? given.route : (edge.router.plainRoute(request) ?? given.route);
  switch (request.method) {
    case "GET":
    case "HEAD":
      if (request.body.kind !== "none") return passInOrder(edge, request, route);
      return readBack(edge, request, { route, otherwise });
    case "PUT":
    case "DELETE":
      return takeWrite(edge, request, route);
    case "OPTIONS":
    case "TRACE":
      return writeAround(edge, request, route);
    default:
      return passInOrder(edge, request, route);
  }
}

async function readBack(
  edge: Edge,
  request: EdgeRequest,
  { route, otherwise }: { readonly route: Route; readonly otherwise: Else },
): Promise<Reply> {
  const found = await findValue(edge, request, route);
  switch (found.kind) {
    case "unavailable":
      return failure(edge, request, { reply: unreachable(), route });
    case "absent":
      return otherwise();
    case "held":
      return pastTiers(edge, request, route);
    case "value": {
      if ((await isVouchedFor(edge, request, { route, value: found.value })) !== "yes") return otherwise();
      route.counters.tiers.l2.hits += 1;
      const reply = await valueReply(edge, request, { route, value: found.value });
      return counted(edge, request, { reply, route, result: "hit", by: "l2" });
    }
  }
}

/** What is stored may be from before a write that the origin has, and that the log was not told of. */
function pastTiers(edge: Edge, request: EdgeRequest, route: Route): Reply | Promise<Reply> {
  const { onlyIfCached } = requestDirectives(route.rules.requestDirectives, (name) => request.header(name));
  if (onlyIfCached) return refusal(edge, request, { reply: notCached(), route });
  return pass(edge, request, { route, reason: "bypass" });
}

/** What replaces the whole of a value, or takes it out. */
async function takeWrite(edge: Edge, request: EdgeRequest, route: Route): Promise<Reply> {
  const announced = request.header("content-length");
  const large = announced !== null && Number(announced) > route.rules.l2MaxBody;
  // A part of a value, one that is too large to keep, one whose condition the journal can't check, or what the origin may
  // take for another method.
  if (
    large ||
    overridesMethod(request) ||
    ["content-range", "if-unmodified-since", "if-modified-since"].some(
      (name) => request.header(name) !== null,
    )
  )
    return passInOrder(edge, request, route);
  const upload = await uploadOf(edge, request, { site: route.site, limit: route.rules.l2MaxBody });
  if (upload.kind === "full") {
    const turnedAway = shed(route.counters, "concurrency", LIMITS.originPatience.user);
    return failure(edge, request, { reply: shedReply(turnedAway), route });
  }
  if (upload.kind !== "here") return refusal(edge, request, { reply: unsent(upload.kind), route });
  const { body: content, giveBack } = upload;
  const taken = takeContent(edge, request, { route, content });
  // What it holds has to be given back, whether its client is still there or not.
  if (giveBack !== null) request.background.keep(taken.finally(giveBack));
  return taken;
}

async function takeContent(
  edge: Edge,
  request: EdgeRequest,
  { route, content }: { readonly route: Route; readonly content: Body },
): Promise<Reply> {
  const body = octetsOf(content, route.rules.l2MaxBody);
  if (body === "large") return refusal(edge, request, { reply: tooLarge(), route });
  const announced = request.header("content-length");
  if (announced !== null && Number(announced) !== body.length)
    return refusal(edge, request, { reply: unsent("broken"), route });
  const whole = withBody(request, body);
  const compared = isConditional(request) ? await comparable(edge, whole, route) : "here";
  if (compared === "there") return passInOrder(edge, whole, route);
  if (compared === "unknown") return failure(edge, request, { reply: unreachable(), route });
  const key = await journalKey(edge, request, route);
  const accepted = await accept(edge, whole, { route, key, body });
  switch (accepted.kind) {
    case "accepted":
      kickFlush(edge, edge.journal.placeOf(key), request.background);
      return counted(edge, request, { route, reply: acknowledged(route, accepted), ...JOURNALLED });
    case "unknown":
      return passInOrder(edge, whole, route);
    case "through":
      // The origin knows nothing of the tags that conditions name.
      if (!isConditional(request)) return passInOrder(edge, whole, route);
      return failure(edge, request, { reply: refusalReply({ kind: "full" }), route });
    default:
      kickFlush(edge, edge.journal.placeOf(key), request.background);
      return accepted.kind === "failed" || accepted.kind === "conflict"
        ? refusal(edge, request, { reply: refusalReply(accepted), route })
        : failure(edge, request, { reply: refusalReply(accepted), route });
  }
}

async function accept(
  edge: Edge,
  request: EdgeRequest,
  {
    route,
    key,
    body,
  }: { readonly route: Route; readonly key: string; readonly body: Uint8Array<ArrayBuffer> },
): Promise<JournalAccepted> {
  const { rules } = route;
  // An edge that has just begun may know of the log's configuration only what was last known here.
  const fields = edge.view.current()?.configuration ?? (await edge.lastConfiguration.recall());
  const token = edge.random.token();
  return edge.journal.accept({
    ...{ key, id: token, site: route.site.name, method: request.method, href: route.href },
    kind: request.method === "DELETE" ? "delete" : "put",
    // Asked of us, and answered here: the origin has another value to compare with.
    originHeaders: passedRequestHeaders(request, route).filter(([name]) => !ANSWERED_HERE.has(name)),
    etag: `"${token}"`,
    valueHeaders: DESCRIBING.flatMap((name) => {
      const value = request.header(name);
      return value === null ? [] : [[name, value] as const];
    }),
    ...{ body, ttl: rules.ttl ?? LIMITS.journalValueLife, merges: rules.journal.merges },
    ...{ ifMatch: tagsOf(request, "if-match"), ifNoneMatch: tagsOf(request, "if-none-match") },
    repeatable: await repeatableOf(edge, request, { key, href: route.href, body }),
    replicas: replicasAsked(fields ?? new Map()),
  });
}

const ANSWERED_HERE = new Set<string>([...CONDITIONS, "idempotency-key", "content-length"]);

function tagsOf(request: EdgeRequest, name: "if-match" | "if-none-match"): Tags | null {
  const text = request.header(name);
  if (text === null) return null;
  if (text.trim() === "*") return "any";
  const tags = listMembers(text);
  // Writes compare strongly; whether one has it yet may be compared weakly (RFC 9110 §13.1.1, §13.1.2).
  return name === "if-match" ? tags : tags.map((tag) => tag.replace(/^W\//, ""));
}

/** Whether what is held is what the origin would compare with: not once somebody has invalidated it. */
async function comparable(
  edge: Edge,
  request: EdgeRequest,
  route: Route,
): Promise<"here" | "there" | "unknown"> {
  const found = await findValue(edge, request, route);
  if (found.kind === "unavailable") return "unknown";
  if (found.kind !== "value") return "there";
  const vouched = await isVouchedFor(edge, request, { route, value: found.value });
  return vouched === "yes" ? "here" : vouched === "no" ? "there" : "unknown";
}

function octetsOf(content: Body, limit: number): Uint8Array<ArrayBuffer> | "large" {
  if (content.kind === "none") return new Uint8Array(0);
  if (content.kind === "bytes") return content.bytes.length > limit ? "large" : content.bytes;
  content.source.cancel("too large");
  return "large";
}

/** The same request, whose content has been read. */
const withBody = (request: EdgeRequest, bytes: Uint8Array<ArrayBuffer>): EdgeRequest => ({
  ...{ method: request.method, url: request.url, purpose: request.purpose },
  ...{ arrivedAt: request.arrivedAt, background: request.background },
  header: (name) => request.header(name),
  headers: () => request.headers(),
  body: bytes.length === 0 && request.body.kind === "none" ? NO_BODY : { kind: "bytes", bytes },
});

/** What the journal can't hold goes to the origin, but not past what waits for it there. */
async function passInOrder(edge: Edge, request: EdgeRequest, route: Route): Promise<Reply> {
  const key = await journalKey(edge, request, route);
  const place = edge.journal.placeOf(key);
  const giveUpAt = edge.clock.now() + LIMITS.journalPatience;
  // What the log may not hear of in time must not go on to be vouched for.
  const and = request.method === "GET" || request.method === "HEAD" ? "keep" : "forget";
  while (true) {
    switch (await edge.journal.yields(key, and)) {
      case "yes":
        return writeAround(edge, request, route);
      case "unavailable":
        return failure(edge, request, { reply: unreachable(), route });
      case "waits":
        break;
    }
    if (edge.clock.now() >= giveUpAt) return failure(edge, request, { reply: stillWaits(), route });
    kickFlush(edge, place, request.background);
    await edge.timers.sleep(millis(LIMITS.journalPoll));
  }
}

const JOURNALLED = { result: "pass", by: "l2" } as const;
