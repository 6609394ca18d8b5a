// What the demo origin answers, and how validators and byte ranges change it (RFC 9110 §13, §14).

import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export type Reply = {
  readonly status: number;
  /** Lower-case names; `content-length` is added when the reply is sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of a 304 the body that is not sent: its length is (RFC 9110 §8.6). */
  readonly body: Uint8Array;
};

/** The parts of a request that decide between a whole answer, a part and none. */
type Asked = { readonly method: string; readonly headers: IncomingHttpHeaders };

export function reply(
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Reply {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { status, headers: { "content-type": type, ...headers }, body: bytes };
}

export function html(body: string, headers: Record<string, string> = {}, status = 200): Reply {
  return reply(status, "text/html; charset=utf-8", body, headers);
}

export function json(value: unknown, headers: Record<string, string> = {}, status = 200): Reply {
  return reply(status, "application/json", `${JSON.stringify(value)}\n`, headers);
}

/** An answer that says what was wrong and must not be kept. */
export function refusal(status: number, message: string, headers: Record<string, string> = {}): Reply {
  return json({ error: message }, { "cache-control": "no-store", ...headers }, status);
}

/** Gives an answer a strong validator made from its bytes. */
export function validated(answer: Reply): Reply {
  const digest = createHash("sha256").update(answer.body).digest("base64url").slice(0, 22);
  return { ...answer, headers: { ...answer.headers, etag: `"${digest}"` } };
}

/** The answer that the request's conditions leave of a whole 200. */
export function negotiate(asked: Asked, whole: Reply): Reply {
  const reads = asked.method === "GET" || asked.method === "HEAD";
  if (!reads || whole.status !== 200) return whole;
  if (!matches(asked.headers["if-match"], whole, "strong"))
    return refusal(412, "the answer is another by now");
  if (isUnchanged(asked.headers, whole)) return { ...whole, status: 304 };
  const ranged = asked.method === "GET" && whole.headers["accept-ranges"] === "bytes";
  return ranged ? partOf(asked.headers, whole) : whole;
}

function isUnchanged(headers: IncomingHttpHeaders, whole: Reply): boolean {
  const tags = headers["if-none-match"];
  // If-Modified-Since counts only where there is no If-None-Match (RFC 9110 §13.1.3).
  if (tags !== undefined) return matches(tags, whole, "weak");
  const since = Date.parse(headers["if-modified-since"] ?? "");
  return Date.parse(whole.headers["last-modified"] ?? "") <= since;
}

/** True where the condition is absent. */
function matches(condition: string | undefined, { headers }: Reply, kind: "weak" | "strong"): boolean {
  if (condition === undefined || condition.trim() === "*") return true;
  const listed = condition.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return listed.some((tag) => (kind === "weak" ? tag.replace(/^W\//, "") : tag) === headers.etag);
}

function partOf(headers: IncomingHttpHeaders, whole: Reply): Reply {
  const condition = headers["if-range"];
  const current = condition === undefined || condition === whole.headers.etag;
  const range = current ? parseRange(headers.range, whole.body.byteLength) : undefined;
  if (range === undefined) return whole;
  const size = whole.body.byteLength;
  if (range === "unsatisfiable") return refusal(416, "no such bytes", { "content-range": `bytes */${size}` });
  return {
    status: 206,
    headers: { ...whole.headers, "content-range": `bytes ${range.first}-${range.last}/${size}` },
    body: whole.body.subarray(range.first, range.last + 1),
  };
}

/** Undefined for what a server may ignore: no range, several, another unit, nonsense. */
function parseRange(
  header: string | undefined,
  size: number,
): { first: number; last: number } | "unsatisfiable" | undefined {
  const found = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? "");
  const [from = "", to = ""] = found?.slice(1) ?? [];
  if (from === "" && to === "") return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "unsatisfiable" : { first: size - length, last: size - 1 };
  }
  if (to !== "" && Number(to) < Number(from)) return undefined;
  if (Number(from) >= size) return "unsatisfiable";
  return { first: Number(from), last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}
