// Header lists as plain data: lower-case names, values as received, order kept, repeats allowed.

import { Remembered } from "./remembered.ts";

/** `[lower-case name, value]` */
export type HeaderPair = readonly [name: string, value: string];
export type HeaderList = readonly HeaderPair[];

/** How one list of fields differs from another that a runtime holds in its own form: it need not make each anew. */
export interface FieldsChange {
  readonly without: readonly string[];
  /** In place of what there was of their names. */
  readonly replaced: HeaderList;
}

/** Fields that a runtime holds in its own form, but for a change. */
export interface Changed {
  readonly of: object;
  readonly change: FieldsChange;
}

export function changedFields(headers: HeaderList, { without, replaced }: FieldsChange): HeaderPair[] {
  const isGone = oneOf([...without, ...replaced.map(([name]) => name)]);
  const changed = headers.filter(([name]) => !isGone(name));
  changed.push(...replaced);
  return changed;
}

/**
 * A name as origins read it that hand fields on as variables, as CGI does: `X_Forwarded_Host`, and with some servers
 * `X.Forwarded.Host` too, is `X-Forwarded-Host` to them.
 */
export const hyphenated = (name: string): string =>
  PLAIN_NAME.test(name) ? name : name.replaceAll(/[^a-z0-9-]/g, "-");

const PLAIN_NAME = /^[a-z0-9-]*$/;

/** Whether one of these names, and not the field's own, is what such an origin would read as the field's. */
export const hasTwin = (name: string, names: readonly string[]): boolean =>
  !names.includes(name) && names.some((other) => hyphenated(other) === hyphenated(name));

/** What is kept, with the fields of an update in place of those of their names. */
export const updatedFields = (kept: HeaderList, update: HeaderList): HeaderPair[] =>
  changedFields(kept, { without: [], replaced: update });

/** Up to so many texts are compared one by one in less time than a set of them is made. */
const FEW = 8;

function oneOf(names: readonly string[]): (name: string) => boolean {
  if (names.length <= FEW) return (name) => names.includes(name);
  const set = new Set(names);
  return (name) => set.has(name);
}

/** One after the other; no field may be changed by both. */
export const bothChanges = (first: FieldsChange, then: FieldsChange): FieldsChange => ({
  without: [...first.without, ...then.without],
  replaced: [...first.replaced, ...then.replaced],
});

/** All values of a field joined as one list (RFC 9110 §5.3), or null if it is absent. */
export function headerValue(headers: HeaderList, name: string): string | null {
  let joined: string | null = null;
  for (const [key, value] of headers) {
    if (key === name) joined = joined === null ? value : `${joined}, ${value}`;
  }
  return joined;
}

export const hasHeader = (headers: HeaderList, name: string): boolean =>
  headers.some(([key]) => key === name);

export const withoutHeaders = (headers: HeaderList, names: ReadonlySet<string>): HeaderPair[] =>
  headers.filter(([key]) => !names.has(key));

export const withHeader = (headers: HeaderList, name: string, value: string): HeaderPair[] => [
  ...headers.filter(([key]) => key !== name),
  [name, value],
];

/**
 * Members of a comma-separated list, trimmed, empty ones dropped; commas in quoted strings don't split.
 * A quote that is never closed, or closed in the middle of a member, quotes nothing: it must not swallow a `no-store`
 * behind it.
 */
export function listMembers(value: string | null): string[] {
  if (value === null) return [];
  const members = value.includes('"') ? (quotedMembers(value) ?? value.split(",")) : value.split(",");
  return members.map((member) => member.trim()).filter((member) => member !== "");
}

/** Null where the quotes don't make sense. */
function quotedMembers(value: string): string[] | null {
  const members: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const char = value[i];
    if (char === "\\" && quoted) i += 1;
    else if (char === '"') {
      if (quoted && !endsQuote(value, i + 1)) return null;
      quoted = !quoted;
    } else if (char === "," && !quoted) {
      members.push(value.slice(start, i));
      start = i + 1;
    }
  }
  return quoted ? null : [...members, value.slice(start)];
}

/** Behind a quoted string comes the end of its member, or a parameter. */
function endsQuote(value: string, from: number): boolean {
  let at = from;
  while (value[at] === " " || value[at] === "\t") at += 1;
  return at >= value.length || value[at] === "," || value[at] === ";";
}

/** Digests of the octets of one message (RFC 9530 §2, RFC 1864): those of no other, and of no part of it. */
export const DIGESTS_OF_CONTENT: ReadonlySet<string> = new Set(["content-digest", "content-md5"]);

/** Fields that belong to one connection and are never forwarded or stored (RFC 9110 §7.6.1). */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

const ALWAYS: ReadonlySet<string> = new Set(HOP_BY_HOP);

/** By what `Connection` says: nearly all clients and origins say the same. */
const named = new Remembered<ReadonlySet<string>>({ characters: 4096, longest: 64 });

/** The names of a message's hop-by-hop fields, those its `Connection` lists included. */
export const hopByHopNames = (headers: HeaderList): ReadonlySet<string> =>
  hopByHopNamesBy(headerValue(headers, "connection"));

/** The same by the value of its `Connection`; null where it has none. */
export const hopByHopNamesBy = (connection: string | null): ReadonlySet<string> =>
  connection === null ? ALWAYS : named.of(connection, namesWith);

const namesWith = (connection: string): ReadonlySet<string> => {
  const told = listMembers(connection).map((name) => name.toLowerCase());
  return new Set([...HOP_BY_HOP, ...told, ...told.map(hyphenated)]);
};

/** However it spells it: what one origin reads as another field must not go on in its place. */
export const isOneOf = (names: ReadonlySet<string>, name: string): boolean =>
  names.has(name) || names.has(hyphenated(name));
