// The package in a Worker: two requests may share a load, so what goes on behind one is kept alive beyond it.

import { env, waitUntil } from "cloudflare:workers";
import { createCache } from "tidegate/client";

// While modules are evaluated a runtime allows nothing that is left to chance, no timers and no connections.
const cache = createCache({
  redis: { url: env.REDIS_URL, token: env.REDIS_TOKEN },
  ...{ namespace: "worker", class: "hot", waitUntil },
});

export default {
  async fetch(request) {
    const key = new URL(request.url).pathname.slice(1);
    if (request.method === "DELETE") return Response.json(await cache.delete(key));
    const value = await cache.getOrFetch(key, () => `${key} was loaded`);
    return Response.json({ value, loads: cache.stats().loads });
  },
};
