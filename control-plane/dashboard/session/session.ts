// A session is a signed cookie: it names a token, never holds one, and ends by itself.

import type { Digest, Random } from "../../../shared/ports/identity.ts";
import { sameText } from "../../../shared/wire/signature.ts";
import { LIMITS } from "../../config.ts";

export interface Session {
  /** What its forms are signed for. */
  readonly id: string;
  /** The token's id; null before somebody has signed in. */
  readonly token: string | null;
  /** Milliseconds since 1970, as the wall clock had it. */
  readonly begunAt: number;
  readonly seenAt: number;
}

/** What signs sessions and their forms. */
export interface SessionKey {
  readonly digest: Digest;
  readonly key: string;
}

const SHAPE = /^([\w-]{8,64})\.([\w-]{1,64})\.(\d{1,16})\.(\d{1,16})\.([0-9a-f]{64})$/;
const NOBODY = "-";

/**
 * Derived, so that no signature made inside the cluster can be taken for a session's; and of the admin token too: whoever
 * replaces that one ends all sessions. Null where there is no key: then nobody could tell a session from a forgery.
 */
export async function sessionKey(
  digest: Digest,
  given: { readonly clusterKey: string; readonly adminTokenHash: string | null },
): Promise<SessionKey | null> {
  if (given.clusterKey === "") return null;
  const key = await digest.hmacHex(given.clusterKey, ["dashboard", given.adminTokenHash ?? ""].join("\n"));
  return { digest, key };
}

/** A new id each time: nobody signs in to a session that somebody else has begun. */
export const beginSession = (random: Random, token: string | null, now: number): Session => ({
  ...{ id: random.token(), token, begunAt: now, seenAt: now },
});

export async function sealSession({ digest, key }: SessionKey, session: Session): Promise<string> {
  const text = [session.id, session.token ?? NOBODY, session.begunAt, session.seenAt].join(".");
  return `${text}.${await digest.hmacHex(key, `session\n${text}`)}`;
}

/** Null for what is forged, damaged, or over. */
export async function openSession(
  { digest, key }: SessionKey,
  cookie: string,
  now: number,
): Promise<Session | null> {
  const parts = SHAPE.exec(cookie);
  if (parts === null) return null;
  const [, id = "", token = NOBODY, begun, seen, signature = ""] = parts;
  const text = cookie.slice(0, -signature.length - 1);
  if (!sameText(await digest.hmacHex(key, `session\n${text}`), signature)) return null;
  const session = {
    ...{ id, token: token === NOBODY ? null : token, begunAt: Number(begun), seenAt: Number(seen) },
  };
  return isOver(session, now) ? null : session;
}

/** A clock that was set back must not lengthen anything: what lies in the future is over too. */
export const isOver = ({ begunAt, seenAt }: Session, now: number): boolean =>
  now - begunAt >= LIMITS.sessionAtMost ||
  now - seenAt >= LIMITS.sessionIdle ||
  seenAt - now > LIMITS.signatureAge;

/** Seen again, if it was not a moment ago. */
export const renewed = (session: Session, now: number): Session | null =>
  now - session.seenAt < LIMITS.sessionRenewed ? null : { ...session, seenAt: now };

/** What every form of the session carries, so that no other site can send one in its name. */
export const formToken = ({ digest, key }: SessionKey, { id }: Pick<Session, "id">): Promise<string> =>
  digest.hmacHex(key, `form\n${id}`);

export async function isOwnForm(key: SessionKey, session: Session, sent: string): Promise<boolean> {
  return sameText(await formToken(key, session), sent);
}
