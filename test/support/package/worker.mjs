// The package in a Worker: two requests may share a load, so what goes on behind one is kept alive beyond it.

import { waitUntil } from "cloudflare:workers";
import { createCache } from "tidegate/client";

let cache;

export default {
  async fetch(request, env) {
    cache ??= createCache({
      redis: { url: env.REDIS_URL, token: env.REDIS_TOKEN },
      ...{ namespace: "worker", class: "hot", waitUntil },
    });
    const key = new URL(request.url).pathname.slice(1);
    const value = await cache.getOrFetch(key, () => `${key} was loaded`);
    return Response.json({ value, loads: cache.stats().loads });
  },
};
