// One whole answer as it stands on the wire, and whether two are the same but for what tells the time.

import { type IncomingMessage, request } from "node:http";

export interface Answer {
  readonly status: number;
  /** As sent, in order. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** What differs from one answer to the next, or says who gave it; their lengths are about the same all the same. */
const OF_THE_MOMENT = new Set(["date", "age", "cache-status", "server-timing"]);
const ABOUT_THE_SAME = 24;

export async function answerOf(port: number, path = "/"): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ host: "127.0.0.1", port, path, headers: { host: "bench.test" } }, resolve)
    .on("error", reject)
    .end();
  const response = await promise;
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const raw = response.rawHeaders;
  const headers = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ""] as const] : []));
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(pieces) };
}

/**
 * What the two differ in; empty where they are the same. `besides`: fields that the other may have or lack, as a server
 * of another kind does.
 */
export function differences(ours: Answer, theirs: Answer, besides: readonly string[] = []): string[] {
  const found: string[] = [];
  if (ours.status !== theirs.status) found.push(`status ${ours.status} and ${theirs.status}`);
  if (!ours.body.equals(theirs.body)) found.push(`bodies of ${ours.body.length} and ${theirs.body.length}`);
  const [a, b] = [fieldsOf(ours), fieldsOf(theirs)];
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    if (besides.includes(name)) continue;
    const [one, other] = [a.get(name), b.get(name)];
    const same = OF_THE_MOMENT.has(name)
      ? one !== undefined && other !== undefined && Math.abs(one.length - other.length) <= ABOUT_THE_SAME
      : one === other;
    if (!same) found.push(`${name}: ${one ?? "none"} and ${other ?? "none"}`);
  }
  return found;
}

const fieldsOf = ({ headers }: Answer): Map<string, string> =>
  new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));

/** Throws where the two don't answer the same. */
export async function requireSame(
  ours: number,
  theirs: number,
  besides: readonly string[] = [],
): Promise<void> {
  const found = differences(await answerOf(ours), await answerOf(theirs), besides);
  if (found.length > 0) throw new Error(`the two sides don't answer the same: ${found.join("; ")}`);
}
