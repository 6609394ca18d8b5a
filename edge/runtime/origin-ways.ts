// The ways from an edge to origins: which fetch takes a request to the origin of its site, by what URL, and what it is told.

import type { HeaderPair } from "../../shared/core/headers.ts";
import type { OriginRequest } from "../../shared/ports/origin.ts";
import { ORIGIN_HEADER, ORIGIN_KEY_HEADER } from "../../shared/wire/origin-gateway.ts";

export interface Fetches {
  fetch(target: RequestInfo, init?: RequestInit): Promise<Response>;
}

export interface OriginWays {
  /** Where the network leads requests by themselves: the zone's own fetch, or a service binding. Both keep Host. */
  readonly zone: Fetches;
  /** Beyond the zone: makes the URL's host the Host. */
  readonly world: Fetches;
  /** Where the binding leads to any origin that it is told of, the key by which it believes that; null where it does not. */
  readonly gatewayKey: string | null;
}

export interface Way {
  readonly fetches: Fetches;
  readonly url: string;
  readonly headers: readonly HeaderPair[];
}

/** What cache keys are made of is what the origin is asked for: the path and query are the request's own, to the letter. */
export function wayTo(
  { zone, world, gatewayKey }: OriginWays,
  of: Pick<OriginRequest, "url" | "origin">,
): Way {
  const { url, origin } = of;
  if (gatewayKey !== null && origin !== "unknown") {
    const named: HeaderPair[] = [
      [ORIGIN_HEADER, origin],
      [ORIGIN_KEY_HEADER, gatewayKey],
    ];
    return { fetches: zone, url, headers: named };
  }
  if (origin === "zone" || origin === "unknown") return { fetches: zone, url, headers: [] };
  const [, host = "", pathAndQuery = ""] = /^https?:\/\/([^/?#]+)(.*)$/s.exec(url) ?? [];
  // No fetch keeps Host beyond the zone: the host that the key is made of is told beside it.
  return { fetches: world, url: origin + pathAndQuery, headers: [["x-forwarded-host", host]] };
}
