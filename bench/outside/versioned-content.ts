// Content whose every answer states which version it is and when its request reached the origin, by the origin's own clock.

/** What an answer's body says of itself. */
export interface Stated {
  readonly path: string;
  readonly version: number;
  /** Number of the request that it answered. */
  readonly ask: number;
  readonly askedAt: number;
}

/** One request that reached the origin. */
export interface OriginAsk extends Stated {
  /** `confirmed`: its validator named the version there is, and it was told so without the content (304). */
  readonly told: "content" | "confirmed";
}

export interface Write {
  readonly path: string;
  readonly version: number;
  readonly at: number;
}

export interface ContentAnswer {
  readonly status: 200 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class VersionedContent {
  readonly asks: OriginAsk[] = [];
  readonly writes: Write[] = [];
  private readonly versions = new Map<string, number>();
  private readonly headersOf: (path: string) => Readonly<Record<string, string>>;
  private readonly now: () => number;

  constructor(
    headersOf: (path: string) => Readonly<Record<string, string>>,
    now: () => number = () => performance.now(),
  ) {
    this.headersOf = headersOf;
    this.now = now;
  }

  /** From now on the path has another version. */
  write(path: string): Write {
    const version = this.versionOf(path) + 1;
    this.versions.set(path, version);
    const write = { path, version, at: this.now() };
    this.writes.push(write);
    return write;
  }

  versionOf(path: string): number {
    return this.versions.get(path) ?? 1;
  }

  answer(path: string, ifNoneMatch: string | undefined): ContentAnswer {
    const version = this.versionOf(path);
    const stated: Stated = { path, version, ask: this.asks.length + 1, askedAt: this.now() };
    const etag = `"v${version}"`;
    const confirms = ifNoneMatch === etag;
    this.asks.push({ ...stated, told: confirms ? "confirmed" : "content" });
    const headers = { ...this.headersOf(path), etag };
    return confirms
      ? { status: 304, headers, body: "" }
      : { status: 200, headers, body: JSON.stringify(stated) };
  }
}

/** Null where a body is none of this content, or not all of it. */
export function readStated(body: string): Stated | null {
  const match = /^\{"path":"([^"]*)","version":(\d+),"ask":(\d+),"askedAt":([\d.]+)\}$/.exec(body);
  if (match === null) return null;
  const [, path = "", version, ask, askedAt] = match;
  return { path, version: Number(version), ask: Number(ask), askedAt: Number(askedAt) };
}
