// `/` and its events.

import type { Api, ApiPorts } from "../../api/environment.ts";
import { LIMITS } from "../../config.ts";
import { fragmentsStream } from "../frame/fragments.ts";
import { respond } from "../frame/respond.ts";
import { secured } from "../frame/security.ts";
import { forVisitors, type Visitor } from "../session/visitor.tsx";
import { chartsIn, OverviewPage, partsOf } from "./overview-page.tsx";
import { readOverview } from "./read-overview.ts";
import { readView, type View } from "./view.ts";

export function overviewRoutes(api: Api, ports: ApiPorts): void {
  api.get(
    "/",
    secured,
    forVisitors(api, ports, async (visitor) => {
      const overview = await readOverview(visitor.ask, viewOf(visitor));
      const { context, frame, may } = visitor;
      return respond(context, <OverviewPage frame={frame} overview={overview} may={may} />);
    }),
  );
  api.get(
    "/events",
    secured,
    forVisitors(api, ports, async (visitor) => {
      const view = viewOf(visitor);
      return fragmentsStream(ports.plane, {
        every: LIMITS.overviewEvery,
        mayGoOn: visitor.mayGoOn,
        async next() {
          const overview = await readOverview(visitor.ask, view);
          const { frame, may } = visitor;
          const charts = Object.values(chartsIn(overview) ?? {});
          return { shown: partsOf({ overview, frame, may }), isOver: false, data: charts };
        },
      });
    }),
  );
}

const viewOf = ({ context }: Visitor): View => readView((name) => context.req.query(name));
