// Content whose every answer states which version it is and when its request reached the origin, under the origin's own seal.

import { createHmac, randomBytes } from "node:crypto";

/** What an answer's body says of itself. */
export interface Stated {
  readonly path: string;
  readonly version: number;
  /** Number of the request that it answered. */
  readonly ask: number;
  readonly askedAt: number;
  /** Of the rest, by a key that the origin keeps: what bears it was said by the origin. */
  readonly seal: string;
}

/** One request that reached the origin. */
export interface OriginAsk extends Omit<Stated, "seal"> {
  /** `confirmed`: its validator named the version there is, and it was told so without the content (304). */
  readonly told: "content" | "confirmed";
  /** Of the body. */
  readonly octets: number;
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

/** What the judge has to know of what the origin said. */
export interface Truth {
  /** When the origin last said, so far, that this version was the one there is; null where it never said this. */
  lastSaid(stated: Stated): number | null;
}

export interface ContentOptions {
  readonly headersOf: (path: string) => Readonly<Record<string, string>>;
  /** Octets of a path's body; what it states of itself is the least. */
  readonly octetsOf?: (path: string) => number;
  readonly now?: () => number;
  readonly onAsk?: (ask: OriginAsk) => void;
}

/**
 * Keeps a number for each path that was written or confirmed, and no more for each request: a body that was not said is
 * known by its seal.
 */
export class VersionedContent implements Truth {
  /** Requests so far. */
  asked = 0;
  private readonly versions = new Map<string, number>();
  /** By version and path. */
  private readonly confirmed = new Map<string, number>();
  private readonly key = randomBytes(32);
  private readonly options: ContentOptions;
  private readonly now: () => number;

  constructor(options: ContentOptions) {
    this.options = options;
    this.now = options.now ?? (() => performance.now());
  }

  /** From now on the path has another version. */
  write(path: string): Write {
    const version = this.versionOf(path) + 1;
    this.versions.set(path, version);
    return { path, version, at: this.now() };
  }

  versionOf(path: string): number {
    return this.versions.get(path) ?? 1;
  }

  answer(path: string, ifNoneMatch: string | undefined): ContentAnswer {
    const version = this.versionOf(path);
    this.asked += 1;
    const said = { path, version, ask: this.asked, askedAt: this.now() };
    const etag = `"v${version}"`;
    const headers = { ...this.options.headersOf(path), etag };
    if (ifNoneMatch === etag) {
      this.confirmed.set(versionName(said), said.askedAt);
      this.options.onAsk?.({ ...said, told: "confirmed", octets: 0 });
      return { status: 304, headers, body: "" };
    }
    const body = filled({ ...said, seal: this.sealOf(said) }, this.options.octetsOf?.(path) ?? 0);
    this.options.onAsk?.({ ...said, told: "content", octets: body.length });
    return { status: 200, headers, body };
  }

  lastSaid(stated: Stated): number | null {
    if (stated.seal !== this.sealOf(stated)) return null;
    // Content that was confirmed later is as good as content that was given later.
    return Math.max(stated.askedAt, this.confirmed.get(versionName(stated)) ?? 0);
  }

  private sealOf({ path, version, ask, askedAt }: Omit<Stated, "seal">): string {
    const text = `${path} ${version} ${ask} ${askedAt}`;
    return createHmac("sha256", this.key).update(text).digest("base64url").slice(0, 22);
  }
}

const versionName = ({ version, path }: Pick<Stated, "version" | "path">): string => `${version} ${path}`;

const FILLER = ".";

/** Its length stands in front, so that what is not whole shows. */
function filled(stated: Stated, octets: number): string {
  const text = JSON.stringify(stated);
  const length = Math.max(octets, text.length + 9);
  const head = `${String(length).padStart(8, "0")} ${text}`;
  return head + FILLER.repeat(length - head.length);
}

const BODY =
  /^(\d{8}) \{"path":"([^"]*)","version":(\d+),"ask":(\d+),"askedAt":([\d.]+),"seal":"([\w-]{22})"\}(\.*)$/;

/** Null where a body is none of this content, or not all of it. */
export function readStated(body: string): Stated | null {
  const match = BODY.exec(body);
  if (match === null) return null;
  const [, length, path = "", version, ask, askedAt, seal = ""] = match;
  if (Number(length) !== body.length) return null;
  return { path, version: Number(version), ask: Number(ask), askedAt: Number(askedAt), seal };
}
