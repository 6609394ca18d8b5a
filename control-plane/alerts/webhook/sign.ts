// How a message to the alerts' receiver is signed: HMAC-SHA-256 over the time and the body.

import type { Digest } from "../../../shared/ports/identity.ts";

export const WEBHOOK_SIGNATURE = "tidegate-webhook-signature";

/** `t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA-256 of "<t>.<body>">` */
export async function signWebhook(
  body: string,
  by: { readonly secret: string; readonly digest: Digest; readonly wall: number },
): Promise<string> {
  const time = Math.floor(by.wall / 1000);
  return `t=${time},v1=${await by.digest.hmacHex(by.secret, `${time}.${body}`)}`;
}
