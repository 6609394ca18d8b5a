// The variants in which a warm-up asks for every URL: only what may choose one, and nobody's credentials.

import type { HeaderList } from "../../shared/core/headers.ts";
import type { Routing } from "../../shared/core/routing.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { escapePointer } from "../../shared/wire/json.ts";
import type { WarmupBody } from "./request.ts";

/** What origins negotiate by (RFC 9110 §12.5), and the edges with them. */
const NEGOTIATED: readonly string[] = ["accept", "accept-language", "accept-encoding"];

/** Whatever a policy says: they are somebody's, and would be kept in Redis. */
const CREDENTIALS: readonly string[] = ["authorization", "proxy-authorization"];

export interface ReadVariants {
  /** Of each, the fields by name. */
  readonly variants: readonly HeaderList[];
  readonly faults: readonly Fault[];
}

export function readVariants(
  given: WarmupBody["variants"],
  { routing, site }: { readonly routing: Routing; readonly site: string },
): ReadVariants {
  const faults: Fault[] = [];
  const seen = new Map<string, number>();
  const keys = (routing.policies.get(site) ?? []).map(({ rules }) => rules.key);
  const may = {
    headers: new Set([...NEGOTIATED, ...keys.flatMap(({ headers }) => headers)]),
    cookies: new Set(keys.flatMap(({ cookies }) => cookies)),
  };
  const variants = (given ?? []).map(({ headers }, index): HeaderList => {
    for (const [name, value] of Object.entries(headers)) {
      const message = faultOf(name.toLowerCase(), value, may);
      if (message !== null)
        faults.push({ pointer: `/variants/${index}/headers/${escapePointer(name)}`, message });
    }
    const pairs = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()] as const);
    const sorted = pairs.sort(([a], [b]) => (a < b ? -1 : 1));
    const before = seen.get(JSON.stringify(sorted));
    if (before !== undefined)
      faults.push({ pointer: `/variants/${index}`, message: `is the same as /variants/${before}` });
    seen.set(JSON.stringify(sorted), index);
    return sorted;
  });
  return { variants, faults };
}

interface Allowed {
  readonly headers: ReadonlySet<string>;
  readonly cookies: ReadonlySet<string>;
}

function faultOf(name: string, value: string, { headers, cookies }: Allowed): string | null {
  if (CREDENTIALS.includes(name)) return "is somebody's credentials: nothing is warmed with them";
  if (name === "cookie" && cookies.size > 0) {
    const foreign = namesIn(value).find((cookie) => !cookies.has(cookie));
    return foreign === undefined
      ? null
      : `holds the cookie ${JSON.stringify(foreign)}, which no policy's key names`;
  }
  return headers.has(name)
    ? null
    : `chooses no variant: only ${[...headers].join(", ")} may, as policies' keys and content negotiation have it`;
}

const namesIn = (cookies: string): string[] =>
  cookies.split(";").map((pair) => pair.split("=", 1)[0]?.trim() ?? "");
