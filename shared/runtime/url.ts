// URLs in the one form from which cache keys, origin requests and selectors are made: made otherwise, a purge would miss.

import type { ParsedUrl } from "../ports/url.ts";

export function parseUrl(text: string, base?: string): ParsedUrl | null {
  const url = base === undefined ? URL.parse(text) : URL.parse(text, base);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  // No edge is ever asked for such a URL, and no request can be made of it.
  if (url.username !== "" || url.password !== "") return null;
  url.hash = "";
  // Serialised and parsed once more: some forms (`/%2e%2e/`) only settle when a request is made of them.
  const settled = URL.parse(new Request(url.href).url) ?? url;
  return {
    href: settled.href,
    parts: {
      scheme: settled.protocol.slice(0, -1),
      host: settled.host,
      path: settled.pathname,
      query: settled.search.slice(1),
      hasQuery: settled.href.includes("?"),
    },
  };
}
