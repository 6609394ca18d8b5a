// Warming from the dashboard: what it would fetch, then the job as it goes on, and its cancellation.

import { limitBody } from "../../api/body.ts";
import type { Api, ApiPorts } from "../../api/environment.ts";
import { LIMITS } from "../../config.ts";
import { fragmentsStream } from "../frame/fragments.ts";
import { granted } from "../frame/inside.ts";
import { respond } from "../frame/respond.ts";
import { secured } from "../frame/security.ts";
import { siteNames } from "../frame/sites.ts";
import { isOpen } from "../overview/questions/warmups.tsx";
import { sentForm } from "../session/guard.ts";
import { forVisitors, type Visitor } from "../session/visitor.tsx";
import { readWarmFields, warmupOf } from "./warm-fields.ts";
import { ConfirmWarmup, RefusedWarmup } from "./warm-form.tsx";
import { WarmupPage, warmupPageParts } from "./warmup-page.tsx";

export function warmRoutes(api: Api, ports: ApiPorts): void {
  api.post(
    "/warm",
    secured,
    limitBody(ports.plane),
    forVisitors(api, ports, (visitor) => warm(visitor, ports)),
  );
  api.post("/warm/:id/cancel", secured, limitBody(ports.plane), forVisitors(api, ports, cancel));
  api.get(
    "/warm/:id",
    secured,
    forVisitors(api, ports, async (visitor) => {
      const warmup = granted(await read(visitor));
      const page = { frame: visitor.frame, warmup, mayCancel: visitor.may("warm") };
      return respond(visitor.context, <WarmupPage {...page} />);
    }),
  );
  api.get(
    "/warm/:id/events",
    secured,
    forVisitors(api, ports, async (visitor) => {
      let warmup = granted(await read(visitor));
      return fragmentsStream(ports.plane, {
        every: LIMITS.warmupPoll,
        mayGoOn: visitor.mayGoOn,
        async next() {
          const turn = { shown: warmupPageParts(warmup), isOver: !isOpen(warmup) };
          const asked = turn.isOver ? null : await read(visitor);
          if (asked?.kind === "known") warmup = asked.value;
          return turn;
        },
      });
    }),
  );
}

/** Without an operation it is tried dry; with one it begins, once. */
async function warm(visitor: Visitor, { plane }: ApiPorts): Promise<Response> {
  const { context, frame, ask } = visitor;
  const sent = await sentForm(visitor);
  const fields = readWarmFields(sent);
  const body = warmupOf(fields);
  const operation = sent.get("operation");
  const asked =
    operation === undefined
      ? await ask("POST /warmup", { body: { ...body, dryRun: true } })
      : await ask("POST /warmup", { body, idempotencyKey: operation });
  if (asked.kind === "refused") {
    const page = { frame, fields, problem: asked.problem, sites: await siteNames(ask) };
    return respond(context, <RefusedWarmup {...page} />, asked.status);
  }
  const { value } = asked;
  if ("dryRun" in value) {
    const page = { frame, fields, rehearsal: value, operation: plane.random.token() };
    return respond(context, <ConfirmWarmup {...page} />);
  }
  return context.redirect(pathOf(value.id), 303);
}

async function cancel(visitor: Visitor): Promise<Response> {
  await sentForm(visitor);
  const { id } = granted(await visitor.ask("DELETE /warmups/{id}", { id: idOf(visitor) }));
  return visitor.context.redirect(pathOf(id), 303);
}

const pathOf = (id: string): string => `/warm/${encodeURIComponent(id)}`;

const read = (visitor: Visitor) => visitor.ask("GET /warmups/{id}", { id: idOf(visitor) });

const idOf = ({ context }: Visitor): string => context.req.param("id") ?? "";
