// Hono: caches what a handler renders, by path, and forgets it with its tag.

import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { createCache } from "tidegate/client";

const cache = createCache({
  redis: { url: process.env.UPSTASH_REDIS_REST_URL ?? "", token: process.env.UPSTASH_REDIS_REST_TOKEN ?? "" },
  ...{ namespace: "pages", class: "hot" },
});

interface Rendered {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const cached = (tag: string) =>
  createMiddleware(async (context, next) => {
    if (context.req.method !== "GET") return next();
    const page = await cache.getOrFetch<Rendered>(
      context.req.path.slice(1) || "index",
      async ({ noStore }) => {
        await next();
        const { status, headers } = context.res;
        if (status !== 200) noStore();
        return { status, type: headers.get("content-type") ?? "text/plain", body: await context.res.text() };
      },
      { tags: [tag] },
    );
    return new Response(page.body, { status: page.status, headers: { "content-type": page.type } });
  });

export const app = new Hono()
  .use("/products/*", cached("products"))
  .get("/products/:id", (context) => context.html(`<h1>${Number(context.req.param("id"))}</h1>`))
  .post("/products/:id", async (context) => {
    await cache.invalidate({ tags: ["products"] });
    return context.body(null, 204);
  });
