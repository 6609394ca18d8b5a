// Reads the origin that a site asks for: a server by its URL, and none that edges must not be sent to.

import { isWithin, type Reach, realmOfAddress, realmOfName } from "../../shared/core/address.ts";
import { isOriginUrl, type SiteOrigin } from "../../shared/core/site-origin.ts";

export type OriginOutcome =
  | { readonly kind: "origin"; readonly origin: SiteOrigin }
  | { readonly kind: "invalid"; readonly message: string };

const invalid = (message: string): OriginOutcome => ({ kind: "invalid", message });

/** Null is a site without an origin. */
export function readOriginUrl(text: string | null, reach: Reach): OriginOutcome {
  if (text === null) return { kind: "origin", origin: "none" };
  if (text === "zone") return { kind: "origin", origin: "zone" };
  const url = /^https?:\/\//i.test(text) && !/\s/.test(text) ? URL.parse(text) : null;
  if (url === null) return invalid('must be an http(s) URL, "zone", or null');
  if (url.username !== "" || url.password !== "") return invalid("must not hold credentials");
  if (
    url.pathname !== "/" ||
    url.search !== "" ||
    url.hash !== "" ||
    text.includes("?") ||
    text.includes("#")
  )
    return invalid("must name a server only, without path, query or fragment");
  const realm = realmOfAddress(url.hostname) ?? realmOfName(url.hostname);
  if (!isWithin(reach, realm)) return invalid(REFUSED[realm]);
  return isOriginUrl(url.origin) ? { kind: "origin", origin: url.origin } : invalid("is no server's URL");
}

const REFUSED = {
  public: "",
  loopback: "leads back to the machine that asks it, which PRIVATE_ORIGINS does not allow",
  private: "leads into a private network, which PRIVATE_ORIGINS does not allow",
} as const;
