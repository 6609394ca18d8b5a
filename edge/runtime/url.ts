// URLs by the runtime's parser, in the one form from which both the cache key and the origin request are made.

import type { ParsedUrl } from "../router.ts";

export function parseUrl(text: string, base?: string): ParsedUrl | null {
  const url = base === undefined ? URL.parse(text) : URL.parse(text, base);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
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
