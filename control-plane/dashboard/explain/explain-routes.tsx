// `/explain?url=`: the same as the API's own route, as a page.

import type { Api, ApiPorts } from "../../api/environment.ts";
import { respond } from "../frame/respond.ts";
import { secured } from "../frame/security.ts";
import { forVisitors } from "../session/visitor.tsx";
import { ExplainPage } from "./explain-page.tsx";

export function explainRoutes(api: Api, ports: ApiPorts): void {
  api.get(
    "/explain",
    secured,
    forVisitors(api, ports, async ({ context, frame, ask }) => {
      const url = context.req.query("url") ?? "";
      if (url === "")
        return respond(context, <ExplainPage frame={frame} url="" explanation={null} problem={null} />);
      const asked = await ask("POST /policies/explain", { body: { url } });
      return asked.kind === "known"
        ? respond(context, <ExplainPage frame={frame} url={url} explanation={asked.value} problem={null} />)
        : respond(
            context,
            <ExplainPage frame={frame} url={url} explanation={null} problem={asked.problem} />,
            asked.status,
          );
    }),
  );
}
