// The warm-up form's fields, and the warm-up that they stand for.

import type { WarmupRequest } from "../../../client/schemas.ts";
import { linesOf } from "../purge/purge-fields.ts";

export interface WarmFields {
  readonly site: string;
  /** One a line. */
  readonly urls: string;
  readonly sitemap: string;
  /** How many of those asked for most; empty for none. */
  readonly top: string;
  /** Requests a second; empty for the site's budget. */
  readonly rate: string;
}

export const readWarmFields = (sent: ReadonlyMap<string, string>): WarmFields => ({
  site: sent.get("site") ?? "default",
  urls: sent.get("urls") ?? "",
  sitemap: (sent.get("sitemap") ?? "").trim(),
  top: (sent.get("top") ?? "").trim(),
  rate: (sent.get("rate") ?? "").trim(),
});

/** What is no number is sent as it is, and refused by the route that takes it. */
export function warmupOf({ site, urls, sitemap, top, rate }: WarmFields): WarmupRequest {
  const lines = linesOf(urls);
  return {
    site,
    ...(lines.length === 0 ? {} : { urls: lines }),
    ...(sitemap === "" ? {} : { sitemap }),
    ...(top === "" ? {} : { hot: { top: Number(top) } }),
    ...(rate === "" ? {} : { ratePerSecond: Number(rate) }),
  };
}
