// Whom a request of the dashboard comes from: the session of its cookie, the token behind it, and that its forms are ours.

import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { ApiEnvironment } from "../../api/environment.ts";
import { Refusal } from "../../api/problem.ts";
import { LIMITS } from "../../config.ts";
import type { ControlPlane } from "../../control-plane.ts";
import {
  beginSession,
  formToken,
  isOwnForm,
  openSession,
  renewed,
  type Session,
  type SessionKey,
  sealSession,
  sessionKey,
} from "./session.ts";

type Ports = Pick<ControlPlane, "digest" | "clock" | "random" | "settings" | "clusterKey">;

export interface Visit {
  readonly key: SessionKey;
  readonly session: Session;
  /** What its forms carry. */
  readonly form: string;
}

/** The session that the cookie names, or a new one in which nobody has signed in yet; null where there is no cluster key. */
export async function visitOf(context: Context<ApiEnvironment>, plane: Ports): Promise<Visit | null> {
  const key = await keyOf(plane);
  if (key === null) return null;
  const now = plane.clock.wall();
  const cookie = getCookie(context, nameFor(context));
  const found = cookie === undefined ? null : await openSession(key, cookie, now);
  const session = found ?? beginSession(plane.random, null, now);
  const toSend = found === null ? session : renewed(found, now);
  if (toSend !== null) await send(context, key, toSend);
  return { key, session, form: await formToken(key, session) };
}

/** Another session begins; whatever the old one's forms were signed for is void. */
export async function begin(
  context: Context<ApiEnvironment>,
  plane: Ports,
  { key, token }: { readonly key: SessionKey; readonly token: string },
): Promise<void> {
  await send(context, key, beginSession(plane.random, token, plane.clock.wall()));
}

export function end(context: Context<ApiEnvironment>): void {
  deleteCookie(context, nameFor(context), attributes(context));
}

/** Fields of a form that the visit's own page has sent; null for any other. */
export async function formOf(
  context: Context<ApiEnvironment>,
  visit: Visit,
): Promise<ReadonlyMap<string, string> | null> {
  if (!isSameOrigin(context)) return null;
  const fields = new Map<string, string>();
  const sent = new URLSearchParams(await context.req.text());
  for (const [name, value] of sent) if (!fields.has(name)) fields.set(name, value);
  return (await isOwnForm(visit.key, visit.session, fields.get("form") ?? "")) ? fields : null;
}

/** The same, thrown where it is none. */
export async function sentForm({
  context,
  visit,
}: {
  readonly context: Context<ApiEnvironment>;
  readonly visit: Visit;
}): Promise<ReadonlyMap<string, string>> {
  const fields = await formOf(context, visit);
  if (fields === null)
    throw new Refusal(
      "forbidden",
      "This form was not sent from a page of this session: go back and try again.",
    );
  return fields;
}

/**
 * What browsers say of where a form comes from. Either header may be missing, and under `no-referrer` an Origin is
 * `null` even from our own pages: the form's token decides then.
 */
function isSameOrigin({ req }: Context<ApiEnvironment>): boolean {
  const site = req.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = req.header("origin");
  if (origin === undefined || origin === "null") return true;
  // A proxy that ends TLS has another scheme than the browser, not another host.
  return URL.canParse(origin) && new URL(origin).host === new URL(req.url).host;
}

const keyOf = ({ digest, clusterKey, settings }: Ports): Promise<SessionKey | null> =>
  sessionKey(digest, { clusterKey, adminTokenHash: settings.adminTokenHash });

async function send(context: Context<ApiEnvironment>, key: SessionKey, session: Session): Promise<void> {
  setCookie(context, nameFor(context), await sealSession(key, session), {
    ...attributes(context),
    maxAge: LIMITS.sessionIdle / 1000,
  });
}

const isSecure = ({ req }: Context<ApiEnvironment>): boolean => req.url.startsWith("https:");

/** The prefix keeps other hosts of the domain from setting it; browsers take it over TLS alone. */
const nameFor = (context: Context<ApiEnvironment>): string =>
  isSecure(context) ? "__Host-tidegate" : "tidegate";

const attributes = (context: Context<ApiEnvironment>) =>
  ({ path: "/", httpOnly: true, sameSite: "Strict", secure: isSecure(context) }) as const;
