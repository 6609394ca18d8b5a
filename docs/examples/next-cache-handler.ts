// Next.js: a cache handler (`cacheHandler` in next.config.js) over the mid-tier, so that all instances share and forget as one.

import { createCache } from "tidegate/client";

const cache = createCache({
  redis: { url: process.env.UPSTASH_REDIS_REST_URL ?? "", token: process.env.UPSTASH_REDIS_REST_TOKEN ?? "" },
  namespace: "next",
  classes: { next: { ttl: "365d", window: "5s", memory: 32 << 20 } },
  class: "next",
});

/** What Next.js keeps, and when it was made. */
interface Entry {
  readonly value: unknown;
  readonly lastModified: number;
  readonly tags: readonly string[];
}

interface Context {
  readonly tags?: readonly string[];
  readonly revalidate?: number | false;
}

/** Next's keys hold whatever a URL may: as one segment of ours they stay what they are. */
const keyOf = (key: string): string => key.replace(/^\//, "") || "index";

export default class TidegateCacheHandler {
  async get(key: string): Promise<Entry | null> {
    const found = await cache.get<Entry>(keyOf(key));
    return found.found ? found.value : null;
  }

  async set(key: string, value: unknown, { tags = [], revalidate = false }: Context): Promise<void> {
    const entry: Entry = { value, lastModified: Date.now(), tags };
    // Where it can't be stored it is rendered again: a page must not fail for that.
    await cache
      .set(keyOf(key), entry, { tags, ...(revalidate !== false && { ttl: `${revalidate}s` }) })
      .catch(() => undefined);
  }

  async revalidateTag(tags: string | readonly string[]): Promise<void> {
    await cache.invalidate({ tags: typeof tags === "string" ? [tags] : tags });
  }

  resetRequestCache(): void {}
}
