// Who may ask: bearer tokens, compared by their digests.

import { sameText } from "../../shared/wire/signature.ts";
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
