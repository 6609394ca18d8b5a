// What every handler of the API finds in its context.

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import type { Background } from "../../shared/ports/clock.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Principal } from "../tokens/scopes.ts";

/** Under this the dashboard hands over whom it has let in: no request from outside can name a symbol. */
export const VOUCHED = Symbol("vouched");

export interface ApiEnvironment {
  Bindings: { readonly [VOUCHED]?: Principal };
  Variables: {
    requestId: string;
    /** Who asks, by the name under which the audit keeps it. */
    actor: string;
    /** The same with what it may do; the ids of its operations tell them from another's. */
    principal: Principal;
    /** The client's address, where the runtime vouches for it. */
    from: string | null;
  };
}

export type Api = OpenAPIHono<ApiEnvironment>;
export type Middleware = MiddlewareHandler<ApiEnvironment>;

/** What the routes are given beside the control plane itself. */
export interface ApiPorts {
  readonly plane: ControlPlane;
  /** Makes sure that the beat goes on; `now` asks for one at once. */
  readonly wake: (urgency: "soon" | "now") => Promise<void>;
}

/** Tasks that outlive their answer. */
export const backgroundOf = (context: {
  readonly executionCtx: Pick<ExecutionContext, "waitUntil">;
}): Background => ({
  keep: (task) => context.executionCtx.waitUntil(task),
});
