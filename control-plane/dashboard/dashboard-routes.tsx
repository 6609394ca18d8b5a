// The dashboard's routes: pages for people, rendered here from what the API's own routes answer.

import type { Api, ApiPorts } from "../api/environment.ts";
import { assetRoutes } from "./frame/assets.ts";
import { respond } from "./frame/respond.ts";
import { secured } from "./frame/security.ts";
import { themeRoute } from "./frame/theme.ts";
import { OverviewPage } from "./overview/overview-page.tsx";
import { readOverview } from "./overview/read-overview.ts";
import { readView } from "./overview/view.ts";
import { signInRoutes } from "./session/sign-in.tsx";
import { forVisitors } from "./session/visitor.tsx";

export function dashboardRoutes(api: Api, ports: ApiPorts): void {
  assetRoutes(api);
  signInRoutes(api, ports);
  themeRoute(api, ports);
  api.get(
    "/",
    secured,
    forVisitors(api, ports, async ({ context, frame, ask }) => {
      const view = readView((name) => context.req.query(name));
      return respond(context, <OverviewPage frame={frame} overview={await readOverview(ask, view)} />);
    }),
  );
}
