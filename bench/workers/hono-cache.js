// Hono's own cache middleware before the same origin.

import { Hono } from "hono";
import { cache } from "hono/cache";

const app = new Hono();
app.get("*", cache({ cacheName: "bench", cacheControl: "max-age=3600" }));
app.get("*", (c) => c.env.ORIGIN.fetch(c.req.raw));

export default app;
