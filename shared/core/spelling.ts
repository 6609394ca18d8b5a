// The form in which URLs are read: spellings that mean the same have one, whatever keys and origins make of them (docs/adr/0080).

/** What, decoded, would divide a path anew, or begin its query; `%` stands for itself in no URL. */
const KEPT_IN_PATH = "%/\\?#";
/** The same of a query, which is divided into pairs. */
const KEPT_IN_QUERY = "%&=+#";

/**
 * Each escape of a visible ASCII character decoded, once, unless that would divide the URL otherwise; all else escaped in
 * capitals. A query's `+` is a space. Idempotent, and the same text where there is nothing to do.
 */
export function readAs(pathAndQuery: string): string {
  if (!/[^!-~]|[%+]/.test(pathAndQuery)) return pathAndQuery;
  const at = pathAndQuery.indexOf("?");
  if (at < 0) return read(pathAndQuery, KEPT_IN_PATH);
  const query = pathAndQuery.slice(at + 1).replaceAll("+", "%20");
  return `${read(pathAndQuery.slice(0, at), KEPT_IN_PATH)}?${read(query, KEPT_IN_QUERY)}`;
}

const read = (text: string, kept: string): string =>
  text.replace(/%([0-9A-Fa-f]{2})|%|[^!-~]+/g, (found: string, digits: string | undefined) => {
    // A `%` before no two digits can only mean itself: left alone it would make escapes with what is decoded behind it.
    if (digits === undefined) return encodeURIComponent(found.toWellFormed());
    const char = String.fromCharCode(Number.parseInt(digits, 16));
    return /[!-~]/.test(char) && !kept.includes(char) ? char : found.toUpperCase();
  });

/** `.` and `..` are resolved before anybody sees a URL's path. */
export const hasDotSegment = (path: string): boolean => /\/\.{1,2}(?:\/|$)/.test(path);

/** Behind it some origins see nothing of a path: a query, a fragment, or what follows the end of a text or of a line. */
const END = "%(?:3F|23|[01][0-9A-F]|7F)";
const ENDED = new RegExp(`${END}.*`);
const LOOSE = new RegExp(`${END}|%(?:25|2F|5C)|[;\\\\]|//`);

const withoutParameters = (path: string): string => path.replace(/;[^/]*/g, "");
const upToEnd = (path: string): string => path.replace(ENDED, "");

/** What some origins make of a path that they have decoded, or do before: each does some of it, in this order. */
const LIBERTIES: readonly ((path: string) => string)[] = [
  withoutParameters,
  upToEnd,
  (path) => (path.includes("%25") ? readAs(path.replaceAll("%25", "%")) : path),
  (path) => path.replaceAll("%2F", "/"),
  (path) => path.replace(/%5C|\\/g, "/"),
  withoutParameters,
  upToEnd,
  (path) => path.replace(/\/{2,}/g, "/"),
];

/** Ways to read one path that are looked at, and characters of a path that has several: each is compared with every policy. */
const MOST_READINGS = 16;
const LONGEST_READ = 2048;

/** All that origins may take a path for, from the form in which it is read, which comes first; null where that is too much. */
export function readingsOf(path: string): readonly string[] | null {
  if (!LOOSE.test(path)) return [path];
  if (path.length > LONGEST_READ) return null;
  const found = new Set([path]);
  for (const taken of LIBERTIES) {
    for (const one of [...found]) found.add(taken(one));
    if (found.size > MOST_READINGS) return null;
  }
  return [...found];
}

/** With the dots resolved that a reading may have come to hold (RFC 3986 §5.2.4). */
function resolved(path: string): string {
  if (!hasDotSegment(path)) return path;
  const kept: string[] = [];
  const segments = path.slice(1).split("/");
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
  }
  const isPlace = /^\.{1,2}$/.test(segments.at(-1) ?? "") && kept.length > 0;
  return `/${kept.join("/")}${isPlace ? "/" : ""}`;
}

/** By which a URL is purged: as it is read, and to the letter, as releases before this form have named it. */
export function spellingsOf(pathAndQuery: string): readonly [string, ...string[]] {
  const form = readAs(pathAndQuery);
  return form === pathAndQuery ? [form] : [form, pathAndQuery];
}

/** All by which what stands at a URL may be hit, and what a write to it may have changed: also as origins may have taken it. */
export function namesOf(pathAndQuery: string): readonly [string, ...string[]] {
  const spellings = spellingsOf(pathAndQuery);
  const [form] = spellings;
  const at = form.indexOf("?");
  const path = at < 0 ? form : form.slice(0, at);
  if (!LOOSE.test(path)) return spellings;
  const query = form.slice(path.length);
  const readings = readingsOf(path) ?? [LIBERTIES.reduce((read, taken) => taken(read), path)];
  const others = new Set([...spellings, ...readings.map((one) => resolved(one) + query)]);
  others.delete(form);
  return [form, ...others];
}
