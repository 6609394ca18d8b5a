// Where a request comes from.

import type { Context } from "hono";
import type { ControlPlane } from "../control-plane.ts";

/** The client's address where the runtime vouches for it: what a client may write itself is no address. */
export function addressOf(
  context: Pick<Context, "req">,
  { settings: { addressHeader } }: Pick<ControlPlane, "settings">,
): string | null {
  const text = addressHeader === null ? undefined : context.req.header(addressHeader);
  return text !== undefined && /^[0-9a-f:.]{2,45}$/i.test(text) ? text : null;
}
