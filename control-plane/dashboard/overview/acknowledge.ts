// That somebody looks after an alert, as a form says it.

import { limitBody } from "../../api/body.ts";
import type { Api, ApiPorts } from "../../api/environment.ts";
import { granted } from "../frame/inside.ts";
import { secured } from "../frame/security.ts";
import { sentForm } from "../session/guard.ts";
import { forVisitors } from "../session/visitor.tsx";

export function acknowledgeRoute(api: Api, ports: ApiPorts): void {
  api.post(
    "/alerts/:id/acknowledge",
    secured,
    limitBody(ports.plane),
    forVisitors(api, ports, async (visitor) => {
      await sentForm(visitor);
      const id = visitor.context.req.param("id") ?? "";
      granted(await visitor.ask("POST /alerts/{id}/ack", { id, body: {} }));
      return visitor.context.redirect("/#alerts", 303);
    }),
  );
}
