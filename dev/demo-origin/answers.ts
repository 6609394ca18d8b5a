// What the demo site answers on each route: content, lifetime and tags.

import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { articles, type Catalogue, type Product, parseChange } from "./catalogue.ts";
import { script, scriptPath, stylesheet, stylesheetPath } from "./look.ts";
import { imageCount, largeFile, pngImage, svgImage } from "./media.ts";
import * as pages from "./pages.ts";
import { html, json, type Reply, refusal, reply, validated } from "./reply.ts";
import type { Sessions } from "./sessions.ts";

export type Site = {
  readonly catalogue: Catalogue;
  readonly sessions: Sessions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

export type Visit = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** How many requests reached the origin, this one included. */
  readonly number: number;
  /** `http://host` as the client named it. */
  readonly base: string;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
};

const slowestMs = 10_000;
const year = "public, max-age=31536000, immutable";
const uncached = { "cache-control": "no-store" };

export function home({ catalogue }: Site): Reply {
  return overview(html(pages.homePage(catalogue.list())), "home,products");
}

export function news(): Reply {
  return overview(html(pages.newsPage()), "news");
}

export function productList({ catalogue }: Site): Reply {
  return overview(json({ items: catalogue.list().map(shown) }), "products");
}

export function robots(_: Site, { base }: Visit): Reply {
  return validated(reply(200, "text/plain; charset=utf-8", pages.robots(base), kept(300, "robots")));
}

export function product({ catalogue }: Site, _: Visit, id: string): Reply | undefined {
  const found = catalogue.get(Number(id));
  return found && validated(html(pages.productPage(found), productHeaders(found)));
}

export function productJson({ catalogue }: Site, _: Visit, id: string): Reply | undefined {
  const found = catalogue.get(Number(id));
  return found && validated(json(shown(found), productHeaders(found)));
}

export function article(_: Site, __: Visit, id: string): Reply | undefined {
  const found = articles.find((one) => one.id === Number(id));
  return found && validated(html(pages.articlePage(found), kept(120, `news,news-${id}`)));
}

export function changeProduct({ catalogue }: Site, { body }: Visit, id: string): Reply | undefined {
  if (catalogue.get(Number(id)) === undefined) return undefined;
  const parsed = parseJson(body);
  const change = parsed === undefined ? "the body is not JSON" : parseChange(parsed.value);
  if (typeof change === "string") return refusal(400, change);
  const changed = catalogue.change(Number(id), change);
  return changed && json(shown(changed), uncached);
}

export function asset(_: Site, __: Visit, path: string): Reply | undefined {
  const headers = { "cache-control": year, "cache-tag": "assets" };
  if (path === scriptPath) return validated(reply(200, "text/javascript; charset=utf-8", script, headers));
  if (path === stylesheetPath) return validated(reply(200, "text/css; charset=utf-8", stylesheet, headers));
  return undefined;
}

export function image(_: Site, __: Visit, name: string): Reply | undefined {
  const [digits, format] = name.split(".");
  const number = Number(digits);
  if (number < 1 || number > imageCount || String(number) !== digits) return undefined;
  const headers = { ...kept(86_400, `images,image-${number}`), "accept-ranges": "bytes" };
  if (format === "svg") return validated(reply(200, "image/svg+xml", svgImage(number), headers));
  return validated(reply(200, "image/png", pngImage(number), headers));
}

export function blob(): Reply {
  const headers = { "cache-control": year, "cache-tag": "blobs", "accept-ranges": "bytes" };
  return validated(reply(200, "application/octet-stream", largeFile(), headers));
}

export async function slow(_: Site, { query, signal }: Visit): Promise<Reply> {
  const asked = query.get("ms") ?? "800";
  if (!/^\d{1,6}$/.test(asked)) return refusal(400, "ms is a number of milliseconds");
  const milliseconds = Math.min(Number(asked), slowestMs);
  await delay(milliseconds, undefined, { signal });
  return html(pages.slowPage(milliseconds), kept(5, "slow"));
}

export function clock({ now }: Site): Reply {
  const headers = { "cache-control": "public, max-age=1, stale-while-revalidate=5", "cache-tag": "clock" };
  return validated(html(pages.clockPage(now()), headers));
}

/** Another score every second, cacheable for sixty: only a purge keeps it right. */
export function scores({ now }: Site, _: Visit, board: string): Reply {
  const second = Math.floor(now() / 1_000);
  const score = { board, second, home: second % 7, away: (second >> 3) % 5 };
  return validated(json(score, kept(60, `hot,hot-${board}`)));
}

export function readSession({ sessions }: Site, _: Visit, id: string): Reply {
  return json(sessions.get(id), uncached);
}

export function writeSession({ sessions }: Site, { body }: Visit, id: string): Reply {
  const parsed = parseJson(body);
  return parsed === undefined
    ? refusal(400, "the body is not JSON")
    : json(sessions.put(id, parsed.value), uncached);
}

export function account(_: Site, { number }: Visit): Reply {
  const cookie = `harbour=visit-${number}; Path=/; HttpOnly; SameSite=Lax`;
  return html(pages.accountPage(number), { "cache-control": "private, no-store", "set-cookie": cookie });
}

export function failing(_: Site, { query }: Visit): Reply {
  const asked = query.get("status") ?? "503";
  if (!/^[45]\d\d$/.test(asked)) return refusal(400, "status is a number from 400 to 599");
  return refusal(Number(asked), "as asked");
}

export function siteMap({ catalogue }: Site, { base }: Visit): Reply {
  return validated(
    reply(200, "application/xml", pages.sitemap(base, catalogue.list()), kept(300, "sitemap,products")),
  );
}

export function notFound(): Reply {
  return html(pages.notFoundPage(), { "cache-control": "public, max-age=10" }, 404);
}

/** Shows several things, so it carries the tag of each kind. */
function overview(whole: Reply, tags: string): Reply {
  return validated({ ...whole, headers: { ...whole.headers, ...kept(60, tags) } });
}

function kept(seconds: number, tags: string): Record<string, string> {
  return { "cache-control": `public, max-age=${seconds}`, "cache-tag": tags };
}

function productHeaders({ id, changedAt }: Product): Record<string, string> {
  return {
    ...kept(60, `products,product-${id}`),
    "cache-control": "public, max-age=60, stale-while-revalidate=30",
    "last-modified": new Date(changedAt).toUTCString(),
  };
}

function shown({ changedAt, ...rest }: Product): object {
  return { ...rest, changedAt: new Date(changedAt).toISOString() };
}

function parseJson(body: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) };
  } catch {
    return undefined; // Said to the client as a 400.
  }
}
