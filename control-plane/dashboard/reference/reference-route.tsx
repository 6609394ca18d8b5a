// `/docs`: what anybody may read before he has a token.

import type { Api, ApiPorts } from "../../api/environment.ts";
import { respond } from "../frame/respond.ts";
import { secured } from "../frame/security.ts";
import { visitOf } from "../session/guard.ts";
import { frameFor, whoIs } from "../session/visitor.tsx";
import type { OpenApiDocument } from "./document.ts";
import { ReferencePage } from "./reference-page.tsx";

export function referenceRoute(api: Api, ports: ApiPorts): void {
  api.get("/docs", secured, async (context) => {
    const answer = await api.fetch(
      new Request(new URL("/openapi.json", context.req.url)),
      context.env,
      context.executionCtx,
    );
    const document = (await answer.json()) as OpenApiDocument;
    const visit = await visitOf(context, ports.plane);
    const principal = visit === null ? null : await whoIs(ports, visit).catch(() => null);
    return respond(
      context,
      <ReferencePage frame={frameFor(context, ports, { visit, principal })} document={document} />,
    );
  });
}
