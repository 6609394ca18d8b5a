// Signing in with a token, and out again.

import type { Context } from "hono";
import { audited } from "../../api/audited.ts";
import { whoBears } from "../../api/auth.ts";
import { limitBody } from "../../api/body.ts";
import type { Api, ApiEnvironment, ApiPorts } from "../../api/environment.ts";
import { Refusal } from "../../api/problem.ts";
import { recordStranger } from "../../api/refused.ts";
import type { Principal } from "../../tokens/scopes.ts";
import { localPath } from "../frame/local-path.ts";
import { respond } from "../frame/respond.ts";
import { secured } from "../frame/security.ts";
import { begin, end, formOf, type Visit, visitOf } from "./guard.ts";
import { SignInPage } from "./sign-in-page.tsx";
import { frameOf, whoIs } from "./visitor.tsx";

const NO_KEY = "This control plane has no CLUSTER_KEY: it can't tell its own sessions from forged ones.";
const EXPIRED = "That page was too old. Try again.";
const WRONG = "That is not a valid token.";

export function signInRoutes(api: Api, ports: ApiPorts): void {
  const { plane } = ports;
  api.get("/sign-in", secured, async (context) => {
    const visit = await visitOf(context, plane);
    const refused = visit === null ? NO_KEY : null;
    const page = { frame: frameOf(context, visit), refused, to: localPath(context.req.query("to")) };
    return respond(context, <SignInPage {...page} />, visit === null ? 503 : 200);
  });
  api.post("/sign-in", secured, limitBody(plane), async (context) => {
    const visit = await visitOf(context, plane);
    const fields = visit === null ? null : await formOf(context, visit);
    if (visit === null || fields === null) return refuse(context, visit, visit === null ? NO_KEY : EXPIRED);
    const to = localPath(fields.get("to"));
    const token = (fields.get("token") ?? "").trim();
    const outcome = await recognised(() => whoBears(context, plane, { token }));
    if (outcome === WRONG) recordStranger(context, plane, "sign-in");
    if (typeof outcome === "string") return refuse(context, visit, outcome, to);
    const unrecorded = await noted(context, plane, { principal: outcome, action: "session.sign-in" });
    if (unrecorded !== null) console.error(`a sign-in of ${outcome.name} was not recorded: ${unrecorded}`);
    await begin(context, plane, { key: visit.key, token: outcome.id });
    return context.redirect(to, 303);
  });
  api.post("/sign-out", secured, limitBody(plane), async (context) => {
    const visit = await visitOf(context, plane);
    if (visit !== null && (await formOf(context, visit)) !== null) {
      const principal = await whoIs(ports, visit).catch(() => null);
      if (principal !== null) await noted(context, plane, { principal, action: "session.sign-out" });
      end(context);
    }
    return context.redirect("/sign-in", 303);
  });
}

/**
 * Null once it is recorded, else why not. A session that can't be recorded begins all the same: what is done in it has to
 * be recorded, and who looks while Redis is away has to see that it is.
 */
async function noted(
  context: Context<ApiEnvironment>,
  plane: ApiPorts["plane"],
  {
    principal,
    action,
  }: { readonly principal: Principal; readonly action: "session.sign-in" | "session.sign-out" },
): Promise<string | null> {
  context.set("principal", principal);
  context.set("actor", principal.name);
  const failed = await recognised(async () => {
    await audited(context, plane, { action, site: null, detail: {}, result: "done" });
    return principal;
  });
  return typeof failed === "string" ? failed : null;
}

/** Or why nobody was. */
async function recognised(ask: () => Promise<Principal | null>): Promise<Principal | string> {
  try {
    return (await ask()) ?? WRONG;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const refuse = (
  context: Context<ApiEnvironment>,
  visit: Visit | null,
  refused: string,
  to = "/",
): Promise<Response> =>
  respond(
    context,
    <SignInPage frame={frameOf(context, visit)} refused={refused} to={to} />,
    visit === null ? 503 : 403,
  );
