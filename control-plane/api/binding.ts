// What a token that is bound to sites can reach: of any other site it learns nothing, not even whether there is one.

import type { Context } from "hono";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { maySee } from "../tokens/scopes.ts";
import type { ApiEnvironment, Middleware } from "./environment.ts";
import { Refusal, unavailable } from "./problem.ts";

type Asked = Context<ApiEnvironment>;

/** Whether whoever asks may see what is of that site; null for what is of none. */
export const sees = (context: Asked, site: string | null): boolean => maySee(context.get("principal"), site);

/** Before anything is looked up: whether the site exists makes no difference to the answer. */
export function requireSite(context: Asked, site: string): void {
  const { name, sites } = context.get("principal");
  if (!sees(context, site))
    throw new Refusal("forbidden", `The token ${name} is bound to other sites: ${(sites ?? []).join(", ")}.`);
}

/** Of a query; only for whoever may see that site. */
export function unknownSite(site: string): Refusal {
  const what = `here is no site ${JSON.stringify(site)}`;
  const faults = [{ pointer: "/site", message: `t${what}` }];
  return new Refusal("invalid-query", `T${what}.`, { faults });
}

/** For what is of no site, or of all. */
export const requireUnbound: Middleware = async (context, next) => {
  const { name, sites, patterns } = context.get("principal");
  if (sites !== null)
    throw new Refusal("forbidden", `This is not of one site: the token ${name} is bound to some.`);
  if (patterns !== null) throw withinPatterns(name);
  await next();
};

/** For what patterns say nothing about: they are of what is invalidated. */
export const requirePatternless: Middleware = async (context, next) => {
  const { name, patterns } = context.get("principal");
  if (patterns !== null) throw withinPatterns(name);
  await next();
};

const withinPatterns = (name: string): Refusal =>
  new Refusal("forbidden", `The token ${name} may only invalidate what lies within its patterns.`);

/** For figures that are counted over all sites: only whoever may see each of them may see their sum. */
export function requireAllSites(plane: ControlPlane): Middleware {
  return async (context, next) => {
    const { name, sites } = context.get("principal");
    if (sites !== null) {
      const known = await readRouting(plane);
      if (known.kind === "unavailable") throw unavailable(known.reason);
      if (!known.routing.sites.every((site) => sites.includes(site.name)))
        throw new Refusal("forbidden", `This is of all sites, and the token ${name} is bound to some.`);
    }
    await next();
  };
}
