// Whether an invalidation names a path, worked out from its request and without the code under test.

export interface Subject {
  readonly path: string;
  readonly class: string;
  readonly tags: readonly string[];
}

/** The body of `POST /invalidate` as far as it names anything. */
export interface Named {
  readonly urls?: readonly string[];
  readonly tags?: readonly string[];
  /** `host/path`. */
  readonly prefixes?: readonly string[];
  readonly hosts?: readonly string[];
  readonly classes?: readonly string[];
  readonly everything?: boolean;
}

export function isNamed(named: Named, host: string, subject: Subject): boolean {
  const { urls = [], tags = [], prefixes = [], hosts = [], classes = [] } = named;
  return (
    named.everything === true ||
    hosts.includes(host) ||
    classes.includes(subject.class) ||
    subject.tags.some((tag) => tags.includes(tag)) ||
    urls.includes(`http://${host}${subject.path}`) ||
    prefixes.some((prefix) => isBelow(host + subject.path, prefix))
  );
}

/** At a segment's boundary: `/a` names `/a`, `/a/b` and `/a?x`, and not `/ab`. */
function isBelow(full: string, prefix: string): boolean {
  return full.startsWith(prefix) && (prefix.endsWith("/") || /^[/?]|^$/.test(full.slice(prefix.length)));
}
