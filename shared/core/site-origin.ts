// Where a site's requests are answered: at a server of its own, where the network leads them by itself, or nowhere.

/**
 * `zone`: by the request's own host, as the edges' network leads it; on Cloudflare to the zone's own origin. `unknown`:
 * the same, for whoever knows no site yet; never stored.
 */
export type SiteOrigin = "zone" | "none" | "unknown" | OriginUrl;

/** Scheme, host and port, without a closing slash. */
export type OriginUrl = `http://${string}` | `https://${string}`;

const ORIGIN_URL = /^https?:\/\/[^\s/?#@\\]+$/;

export const isOriginUrl = (text: string): text is OriginUrl => ORIGIN_URL.test(text);

/** Null where the text is none. */
export const readSiteOrigin = (value: unknown): SiteOrigin | null =>
  value === "zone" || value === "none" || (typeof value === "string" && isOriginUrl(value)) ? value : null;

/** A site that says nothing is of a release that knew but one origin. */
export const originOf = (site: { readonly origin?: SiteOrigin }): SiteOrigin => site.origin ?? "zone";
