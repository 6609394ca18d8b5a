// Who may ask: bearer tokens, compared by their digests; and what of a request is read before that is known: nothing.

import { bodyLimit } from "hono/body-limit";
import { sameText } from "../../shared/wire/signature.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Middleware } from "./environment.ts";
import { Refusal } from "./problem.ts";

export function requireToken({ digest, settings }: Pick<ControlPlane, "digest" | "settings">): Middleware {
  return async (context, next) => {
    const token = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(context.req.header("authorization") ?? "")?.[1];
    const hash = token === undefined ? null : await digest.sha256Hex(token);
    const { adminTokenHash } = settings;
    if (hash === null || adminTokenHash === null || !sameText(hash, adminTokenHash))
      throw new Refusal("unauthorized", "A valid bearer token is required.", {
        headers: { "www-authenticate": 'Bearer realm="tidegate"' },
      });
    context.set("actor", "admin");
    context.set("tokenHash", hash);
    await next();
  };
}

/** Counts octets as they come, so that an announced length is not trusted and a missing one not needed. */
export const limitBody: Middleware = bodyLimit({
  maxSize: LIMITS.body,
  onError: () => {
    throw new Refusal("too-large", `The body must not be larger than ${LIMITS.body} octets.`);
  },
});
