// Purging from the dashboard: what it would hit, then the purge itself, then its receipt as it fills.

import { limitBody } from "../../api/body.ts";
import type { Api, ApiPorts } from "../../api/environment.ts";
import { LIMITS } from "../../config.ts";
import { fragmentsStream } from "../frame/fragments.ts";
import { granted } from "../frame/inside.ts";
import { respond } from "../frame/respond.ts";
import { secured } from "../frame/security.ts";
import { siteNames } from "../frame/sites.ts";
import { sentForm } from "../session/guard.ts";
import { forVisitors, type Visitor } from "../session/visitor.tsx";
import { invalidationOf, readPurgeFields } from "./purge-fields.ts";
import { ConfirmPurge, RefusedPurge } from "./purge-form.tsx";
import { ReceiptPage, receiptParts } from "./receipt-page.tsx";

export function purgeRoutes(api: Api, ports: ApiPorts): void {
  api.post(
    "/purge",
    secured,
    limitBody(ports.plane),
    forVisitors(api, ports, (visitor) => purge(visitor, ports)),
  );
  api.get(
    "/receipts/:id",
    secured,
    forVisitors(api, ports, async (visitor) => {
      const receipt = granted(await read(visitor));
      return respond(visitor.context, <ReceiptPage frame={visitor.frame} receipt={receipt} />);
    }),
  );
  api.get(
    "/receipts/:id/events",
    secured,
    forVisitors(api, ports, async (visitor) => {
      let receipt = granted(await read(visitor));
      return fragmentsStream(ports.plane, {
        every: LIMITS.waitPoll,
        mayGoOn: visitor.mayGoOn,
        async next() {
          const shown = receiptParts(receipt);
          const isOver = receipt.state === "converged";
          const asked = isOver ? null : await read(visitor);
          if (asked?.kind === "known") receipt = asked.value;
          return { shown, isOver };
        },
      });
    }),
  );
}

/** Without an operation it is tried dry; with one it is made, once. */
async function purge(visitor: Visitor, { plane }: ApiPorts): Promise<Response> {
  const { context, frame, ask } = visitor;
  const sent = await sentForm(visitor);
  const fields = readPurgeFields(sent);
  const body = invalidationOf(fields);
  const operation = sent.get("operation");
  const asked =
    operation === undefined
      ? await ask("POST /invalidate", { body: { ...body, dryRun: true } })
      : await ask("POST /invalidate", { body, idempotencyKey: operation });
  if (asked.kind === "refused") {
    const page = { frame, fields, problem: asked.problem, sites: await siteNames(ask) };
    return respond(context, <RefusedPurge {...page} />, asked.status);
  }
  const { value } = asked;
  if ("dryRun" in value) {
    const page = { frame, fields, dry: value, operation: plane.random.token() };
    return respond(context, <ConfirmPurge {...page} />);
  }
  return context.redirect(`/receipts/${encodeURIComponent(value.id)}`, 303);
}

const read = (visitor: Visitor) => visitor.ask("GET /invalidations/{id}", { id: idOf(visitor) });

const idOf = ({ context }: Visitor): string => context.req.param("id") ?? "";
