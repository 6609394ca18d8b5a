// Whoever has signed in, and the pages that he may ask for: the others are led to the sign-in.

import type { Context } from "hono";
import { type Millis, millis } from "../../../shared/core/units.ts";
import { passGate } from "../../api/auth.ts";
import type { Api, ApiEnvironment, ApiPorts } from "../../api/environment.ts";
import { Refusal, statusOf, unavailable } from "../../api/problem.ts";
import { mayAct, type Principal, type Scope } from "../../tokens/scopes.ts";
import { type Ask, askInside } from "../frame/inside.ts";
import { localPath } from "../frame/local-path.ts";
import { Notice } from "../frame/notice.tsx";
import type { Frame } from "../frame/page.tsx";
import { respond } from "../frame/respond.ts";
import { themeOf } from "../frame/theme.ts";
import { type Visit, visitOf } from "./guard.ts";
import { AskAgain } from "./sign-in-page.tsx";

export interface Visitor {
  readonly context: Context<ApiEnvironment>;
  readonly frame: Frame;
  readonly visit: Visit;
  readonly principal: Principal;
  readonly ask: Ask;
  may(scope: Scope): boolean;
  /** Whether its session still is anybody's; where nobody can find out, it goes on. */
  readonly mayGoOn: () => Promise<boolean>;
}

interface Page {
  readonly show: (visitor: Visitor) => Promise<Response>;
  /** Also for whose token was recognised so lately, where nobody can be asked now. */
  readonly rememberedFor: Millis;
}

/** A handler for whoever has signed in. What it refuses by throwing becomes a page. */
export const forVisitors = (api: Api, ports: ApiPorts, show: Page["show"]) =>
  forRemembered(api, ports, { show, rememberedFor: millis(0) });

export const forRemembered =
  (api: Api, ports: ApiPorts, { show, rememberedFor }: Page) =>
  async (context: Context<ApiEnvironment>): Promise<Response> => {
    const visit = await visitOf(context, ports.plane);
    if (visit === null) return context.redirect("/sign-in", 303);
    const frame = frameOf(context, visit);
    try {
      const principal = await whoIs(ports, visit, rememberedFor);
      if (principal === null) return await toSignIn(context);
      passGate(context, ports.plane, principal);
      return await show(visitorOf(api, ports, { context, visit, principal }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, title } = statusOf(error);
      return respond(context, <Notice frame={frame} title={title} text={error.message} />, status);
    }
  };

function visitorOf(
  api: Api,
  ports: ApiPorts,
  { context, visit, principal }: Pick<Visitor, "context" | "visit" | "principal">,
): Visitor {
  const { addressHeader } = ports.plane.settings;
  return {
    ...{ context, visit, principal },
    frame: frameFor(context, ports, { visit, principal }),
    ask: askInside(api, context, { principal, addressHeader }),
    may: (scope) => mayAct(principal, scope),
    mayGoOn: () => whoIs(ports, visit).then((found) => found !== null, isUnavailable),
  };
}

/** Anything else that is thrown is nobody's leave to go on. */
const isUnavailable = (error: unknown): boolean => error instanceof Refusal && error.code === "unavailable";

/** Null for whose token is not valid any more. Throws where nobody could find out. */
export async function whoIs(
  { plane }: ApiPorts,
  { session }: Visit,
  rememberedFor?: Millis,
): Promise<Principal | null> {
  if (session.token === null) return null;
  const recognition = await plane.principals.named(session.token, rememberedFor);
  if (recognition.kind === "unavailable") throw unavailable(recognition.reason);
  return recognition.kind === "known" ? recognition.principal : null;
}

export const frameOf = (context: Context<ApiEnvironment>, visit: Visit | null): Frame => ({
  theme: themeOf(context),
  principal: null,
  form: visit?.form ?? "",
  here: hereOf(context),
  breaks: false,
});

/** Of whoever has signed in. */
export const frameFor = (
  context: Context<ApiEnvironment>,
  { plane }: ApiPorts,
  { visit, principal }: { readonly visit: Visit | null; readonly principal: Principal | null },
): Frame => ({ ...frameOf(context, visit), principal, breaks: plane.settings.chaosAgent !== null });

/** Of a cookie that other sites' links come without: asked for again from here, it is sent. */
async function toSignIn(context: Context<ApiEnvironment>): Promise<Response> {
  const here = hereOf(context);
  if (context.req.header("sec-fetch-site") === "cross-site" && context.req.method === "GET")
    return respond(context, <AskAgain to={here} />);
  return context.redirect(here === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(here)}`, 303);
}

function hereOf({ req }: Context<ApiEnvironment>): string {
  const { pathname, search } = new URL(req.url);
  return localPath(req.method === "GET" ? `${pathname}${search}` : "/");
}
