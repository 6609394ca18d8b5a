// A mix of requests that brings about every result, and the origin that they are for.

import type { OutgoingHttpHeaders, RequestListener } from "node:http";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly class: "hot" | "standard";
}

export const POLICIES = [{ key_pattern: "/hot/*", class: "hot", ttl: "1s", stale_while_revalidate: "5s" }];

/** What the request of this number asks for: the same for every run. */
export function asked(number: number): Asked {
  const of = (method: string, path: string, headers: OutgoingHttpHeaders = {}): Asked => ({
    ...{ method, path, headers },
    class: path.startsWith("/hot/") ? "hot" : "standard",
  });
  const key = (number * 7) % 40;
  switch (number % 20) {
    case 0:
      return of("GET", `/private/${key}`);
    case 1:
      return of("POST", `/written/${key}`);
    case 2:
      return of("HEAD", `/hot/${key}`);
    case 3:
      return of("GET", `/long/${key}`, { range: "bytes=0-9" });
    case 4:
      return of("GET", `/long/${key}`, { "if-none-match": '"v1"' });
    case 5:
      return of("GET", `/failing/${key % 4}`);
    case 6:
      return of("GET", `/never/${number}`, { "cache-control": "only-if-cached" });
    case 7:
      return of("GET", `/long/${key}`, { "tidegate-min-position": "nonsense" });
    case 8:
      return of("GET", `/long/${key}`, { "tidegate-min-position": "1-0" });
    case 9:
      return of("GET", `/long/${number}`);
    case 10:
      return of("GET", `/brief/${key}`);
    // Several at once of what nobody has.
    case 11:
    case 12:
    case 13:
      return of("GET", `/together/${Math.floor(number / 20)}`);
    default:
      return of("GET", `/hot/${(number * 3) % 25}`);
  }
}

/** Slow enough that requests meet in flights. */
export const origin: RequestListener = (request, response) => {
  const path = request.url ?? "/";
  const body = `of ${path}: ${"x".repeat(200)}`;
  const cacheControl = path.startsWith("/private/")
    ? "no-store"
    : path.startsWith("/brief/")
      ? "max-age=1, stale-while-revalidate=2"
      : "max-age=600";
  const status = path.startsWith("/failing/") ? 503 : 200;
  const headers = { "content-type": "text/plain", "cache-control": cacheControl, etag: '"v1"' };
  setTimeout(() => response.writeHead(status, headers).end(request.method === "HEAD" ? "" : body), 15);
};
