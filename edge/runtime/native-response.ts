// A reply as the runtime's response: what many answers have in common is put in the runtime's terms once.

import type { Body } from "../../shared/ports/body.ts";
import type { Background } from "../../shared/ports/clock.ts";
import { LIMITS } from "../config.ts";
import type { Reply } from "../request.ts";
import { changeFields } from "./change-fields.ts";
import { bodyInit } from "./streams.ts";

/** Kept with an entry in memory, or with what a crowd is shown. */
interface Prepared {
  /** Has no body. The runtime copies a response at once, where it asks a plain object for each of its fields. */
  readonly pattern: Response;
  /** Its own: what changes from one second to the next is set here, and not in each answer. */
  readonly fields: Headers;
  /** Of an entry; whoever is not answered from one brings his own. */
  readonly body: BodyInit | null;
  cacheStatus: string;
  age: number | null;
}

export function nativeResponse(reply: Reply, background: Background): Response {
  const kept = reply.memory ?? reply.shown ?? null;
  if (kept === null || isFirstShown(reply)) return responseOf(reply, background);
  if (kept.prepared === null || kept.prepared === SHOWN_ONCE) kept.prepared = prepare(reply);
  const prepared = kept.prepared as Prepared;
  restate(prepared, reply);
  const body = reply.memory === null ? contentOf(reply, background) : prepared.body;
  return new Response(body, prepared.pattern);
}

/** Most of what comes from beyond memory is shown to one client alone: nothing is prepared for him. */
const SHOWN_ONCE = "shown once";

function isFirstShown({ memory, shown }: Reply): boolean {
  if (memory !== null || !shown || shown.prepared !== null) return false;
  shown.prepared = SHOWN_ONCE;
  return true;
}

function responseOf(reply: Reply, background: Background): Response {
  const body = contentOf(reply, background);
  const { passed } = reply;
  if (passed?.of instanceof Response && passed.of.status === reply.status) {
    const like = new Response(body, passed.of);
    state(changeFields(like.headers, passed.change), reply);
    return like;
  }
  const init = initOf(reply);
  state(init.headers, reply);
  return new Response(body, init);
}

function state(fields: Headers, { cacheStatus, age }: Reply): void {
  fields.set("cache-status", cacheStatus);
  if (age !== null) fields.set("age", String(age));
}

function prepare(reply: Reply): Prepared {
  const pattern = new Response(null, initOf(reply));
  const body = reply.memory === null ? null : heldBody(reply);
  return { pattern, fields: pattern.headers, body, cacheStatus: "", age: null };
}

/** To the whole second: most answers find it stated by the one before them. */
function restate(prepared: Prepared, { cacheStatus, age }: Reply): void {
  if (cacheStatus !== prepared.cacheStatus) {
    prepared.fields.set("cache-status", cacheStatus);
    prepared.cacheStatus = cacheStatus;
  }
  if (age === prepared.age) return;
  if (age === null) prepared.fields.delete("age");
  else prepared.fields.set("age", String(age));
  prepared.age = age;
}

/** A buffer is copied for each answer, a blob once: that is what a large one is charged for twice. */
function heldBody({ status, body }: Reply): BodyInit | null {
  if (BODILESS.has(status) || body.kind !== "bytes") return null;
  return body.bytes.length < LIMITS.blobFrom ? body.bytes : new Blob([body.bytes]);
}

const contentOf = (
  { status, body }: { readonly status: number; readonly body: Body },
  background: Background,
) => (BODILESS.has(status) ? null : bodyInit(body, (task) => background.keep(task)));

/** Statuses whose answers have no content (RFC 9110 §6.4.1). */
const BODILESS = new Set([101, 204, 205, 304]);

function initOf(reply: Reply): ResponseInit & { readonly headers: Headers } {
  const headers = new Headers();
  for (const [name, value] of reply.headers) headers.append(name, value);
  // A coded body is kept and sent in the octets that it came in; for others the runtime needn't be told.
  return headers.has("content-encoding")
    ? { status: reply.status, headers, encodeBody: "manual" }
    : { status: reply.status, headers };
}
