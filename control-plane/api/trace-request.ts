// A span for each request: its method, its route and its status, in the trace that it says it belongs to.

import { matchedRoutes } from "hono/route";
import { parseTraceparent } from "../../shared/core/trace-context.ts";
import type { Spans } from "../tracing/spans.ts";
import { backgroundOf, type Middleware } from "./environment.ts";

export function traceRequest(spans: Spans): Middleware {
  return (context, next) => {
    const asked = {
      method: context.req.method,
      parent: parseTraceparent(context.req.header("traceparent") ?? null),
      state: context.req.header("tracestate") ?? null,
    };
    return spans.serve(asked, backgroundOf(context), async () => {
      await next();
      // As it was written: what fills its places is the client's.
      const route = matchedRoutes(context).at(-1)?.path ?? "*";
      return { route: /\*$/.test(route) ? null : route, status: context.res.status };
    });
  };
}
