// The control plane's HTTP interface: every route, and what all of them have in common.

import { OpenAPIHono } from "@hono/zod-openapi";
import { methodNotAllowed } from "hono/method-not-allowed";
import { dashboardRoutes } from "../dashboard/dashboard-routes.tsx";
import { alertRoutes } from "./alerts.ts";
import { auditRoutes } from "./audit.ts";
import { chaosRoutes } from "./chaos.ts";
import { chaosReportRoute } from "./chaos-report.ts";
import { deploymentRoutes } from "./deployments.ts";
import { doctorRoute } from "./doctor.ts";
import { edgeRoutes } from "./edges.ts";
import type { Api, ApiEnvironment, ApiPorts, Middleware } from "./environment.ts";
import { explainRoute } from "./explain.ts";
import { healthRoutes } from "./health.ts";
import { invalidationRoutes } from "./invalidations.ts";
import { journalRoutes } from "./journal.ts";
import { metricsRoutes } from "./metrics.ts";
import { policyRoutes } from "./policies.ts";
import { problemResponse, Refusal } from "./problem.ts";
import { prometheusRoute } from "./prometheus.ts";
import { recordRefusal } from "./refused.ts";
import { withScopes } from "./scopes-told.ts";
import { seriesRoute } from "./series.ts";
import { shardRoutes } from "./shards.ts";
import { siteRoutes } from "./sites.ts";
import { suggestionsRoute } from "./suggestions.ts";
import { tailRoute } from "./tail.ts";
import { tokenRoutes } from "./tokens.ts";
import { traceRequest } from "./trace-request.ts";
import { refuseInvalid } from "./validation.ts";
import { warmupRoute } from "./warmups.ts";
import { warmupProgressRoutes } from "./warmups-progress.ts";

const VERSION = "0.1.0";

export function createApi(ports: ApiPorts): Api {
  const api: Api = new OpenAPIHono<ApiEnvironment>({ defaultHook: refuseInvalid });
  api.onError((error, context) => {
    if (error instanceof Refusal && error.code === "forbidden") recordRefusal(context, ports, error);
    return problemResponse(context, error);
  });
  api.notFound((context) => problemResponse(context, new Refusal("not-found", "There is nothing here.")));
  if (ports.plane.spans !== null) api.use(traceRequest(ports.plane.spans));
  api.use(nameRequest(ports));
  api.use(requireHost);
  api.use(keepBeating(ports));
  api.use(
    methodNotAllowed({
      app: api,
      onMethodNotAllowed: (context, methods) => {
        const detail = `Only ${methods.join(", ")} may be used here.`;
        const headers = { allow: methods.join(", ") };
        return problemResponse(context, new Refusal("method-not-allowed", detail, { headers }));
      },
    }),
  );
  healthRoutes(api, ports);
  invalidationRoutes(api, ports);
  edgeRoutes(api, ports);
  shardRoutes(api, ports);
  explainRoute(api, ports);
  // Before the rows: its path looks like one.
  suggestionsRoute(api, ports);
  policyRoutes(api, ports);
  siteRoutes(api, ports);
  warmupRoute(api, ports);
  warmupProgressRoutes(api, ports);
  journalRoutes(api, ports);
  metricsRoutes(api, ports);
  tokenRoutes(api, ports);
  auditRoutes(api, ports);
  deploymentRoutes(api, ports);
  alertRoutes(api, ports);
  chaosRoutes(api, ports);
  chaosReportRoute(api, ports);
  seriesRoute(api, ports);
  tailRoute(api, ports);
  doctorRoute(api, ports, VERSION);
  prometheusRoute(api, ports);
  document(api);
  dashboardRoutes(api, ports);
  return api;
}

/** The client's own id where it is one, so that both sides' logs meet. */
function nameRequest({ plane }: ApiPorts): Middleware {
  return async (context, next) => {
    const given = context.req.header("x-request-id") ?? "";
    const requestId = /^[\w-]{1,64}$/.test(given) ? given : plane.random.token();
    context.set("requestId", requestId);
    await next();
    context.res.headers.set("x-request-id", requestId);
  };
}

/** The runtime hands on hosts of which no URL can be made: `x:99999`, `[::1`. */
const requireHost: Middleware = async (context, next) => {
  if (!URL.canParse(context.req.url))
    throw new Refusal(
      "invalid-header",
      "Host must be a host name or an address, with a port up to 65535 or none.",
    );
  await next();
};

/** Whoever asks for anything also makes sure that the beat goes on. */
function keepBeating({ wake }: ApiPorts): Middleware {
  return async (context, next) => {
    context.executionCtx.waitUntil(wake("soon"));
    await next();
  };
}

function document(api: Api): void {
  api.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  api.get("/openapi.json", (context) =>
    context.json(
      withScopes(
        api.getOpenAPI31Document({
          openapi: "3.1.0",
          info: { title: "Tidegate control plane", version: VERSION },
          security: [{ token: [] }],
        }),
        api,
      ),
    ),
  );
}
