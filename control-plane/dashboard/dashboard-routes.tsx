// The dashboard's routes: pages for people, rendered here from what the API's own routes answer.

import type { Api, ApiPorts } from "../api/environment.ts";
import { reportRoutes } from "./chaos/report-routes.tsx";
import { explainRoutes } from "./explain/explain-routes.tsx";
import { assetRoutes } from "./frame/assets.ts";
import { themeRoute } from "./frame/theme.ts";
import { acknowledgeRoute } from "./overview/acknowledge.ts";
import { auditChainRoute } from "./overview/audit-chain.tsx";
import { overviewRoutes } from "./overview/overview-routes.tsx";
import { purgeRoutes } from "./purge/purge-routes.tsx";
import { referenceRoute } from "./reference/reference-route.tsx";
import { signInRoutes } from "./session/sign-in.tsx";
import { warmRoutes } from "./warm/warm-routes.tsx";

export function dashboardRoutes(api: Api, ports: ApiPorts): void {
  assetRoutes(api);
  signInRoutes(api, ports);
  themeRoute(api, ports);
  purgeRoutes(api, ports);
  warmRoutes(api, ports);
  explainRoutes(api, ports);
  reportRoutes(api, ports);
  referenceRoute(api, ports);
  overviewRoutes(api, ports);
  acknowledgeRoute(api, ports);
  auditChainRoute(api, ports);
}
