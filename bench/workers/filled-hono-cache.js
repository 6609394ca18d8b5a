// Hono with its cache middleware, before an origin.

import { Hono } from "hono";
import { cache } from "hono/cache";

const app = new Hono();
app.use("*", cache({ cacheName: "bench" }));
app.all("*", ({ env, req }) => env.ORIGIN.fetch(req.raw));

export default app;
