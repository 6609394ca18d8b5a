// What paths have in common: segments that name one thing among many become wildcards, until few enough patterns are left.

export interface PathShape {
  /** As `key_pattern` of a policy. */
  readonly pattern: string;
  /** Whether the file's name holds a digest of its content: it will never be another's. */
  readonly hashed: boolean;
}

export interface PathTreeLimits {
  /** Names below one directory: from there on they are one wildcard. */
  readonly children: number;
  /** Names remembered in all: beyond them a directory's names are one wildcard at once. */
  readonly nodes: number;
}

/** A pattern may have eight wildcards; what lies deeper is one. */
const DEEPEST = 7;

const MOST_REMEMBERED = 1024;
const LONGEST_REMEMBERED = 256;

interface Node {
  readonly children: Map<string, Node>;
  /** What names below it are told apart by: themselves, their extensions, or nothing. */
  by: "name" | "extension" | "nothing";
  /** How many are told apart so. */
  apart: number;
}

const newNode = (): Node => ({ children: new Map(), by: "name", apart: 0 });

/** Learns from the paths that it is shown; what has become a wildcard stays one. */
export class PathTree {
  private readonly limits: PathTreeLimits;
  private readonly root = newNode();
  private nodes = 0;
  /** Most requests are for few paths. */
  private readonly remembered = new Map<string, PathShape>();

  constructor(limits: PathTreeLimits) {
    this.limits = limits;
  }

  /** Of a path, or of a pattern that was made of paths. */
  shape(path: string): PathShape {
    const known = this.remembered.get(path);
    if (known !== undefined) return known;
    const shape = this.shapeAnew(path);
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    if (path.length <= LONGEST_REMEMBERED) this.remembered.set(path, shape);
    return shape;
  }

  private shapeAnew(path: string): PathShape {
    const segments = path.split("/").slice(1);
    // As a pattern it would name a host.
    if (path.startsWith("//")) return { pattern: "/*", hashed: false };
    const kept: string[] = [];
    let node = this.root;
    let hashed = false;
    for (const [depth, segment] of segments.entries()) {
      if (depth === DEEPEST || segment === "*") return { pattern: `/${[...kept, "*"].join("/")}`, hashed };
      const named = nameOf(segment);
      hashed = hashed || named.hashed;
      const [name, next] = this.below(node, named.name);
      kept.push(name);
      node = next;
    }
    return { pattern: `/${kept.join("/")}`, hashed };
  }

  private below(node: Node, name: string): readonly [string, Node] {
    const own = NAMED_BY[node.by](name);
    const known = node.children.get(own);
    if (known !== undefined) return [own, known];
    const apart = own !== "" && own !== ONE_OF_MANY;
    if (apart && (node.apart >= this.limits.children || this.nodes >= this.limits.nodes)) {
      node.by = node.by === "name" && this.nodes < this.limits.nodes ? "extension" : "nothing";
      node.apart = 0;
      this.remembered.clear();
      return this.below(node, name);
    }
    if (apart) node.apart += 1;
    const next = newNode();
    // Beyond all limits there are wildcards alone, which need not be remembered.
    if (this.nodes < 2 * this.limits.nodes) {
      node.children.set(own, next);
      this.nodes += 1;
    }
    return [own, next];
  }
}

const ONE_OF_MANY = ":id";

const NAMED_BY: Readonly<Record<Node["by"], (name: string) => string>> = {
  name: (name) => name,
  // What it is says more than which.
  extension: (name) => {
    if (name === "" || name.startsWith(":hashed")) return name;
    return ONE_OF_MANY + splitExtension(name)[1];
  },
  nothing: (name) => (name === "" ? "" : ONE_OF_MANY),
};

interface Named {
  readonly name: string;
  readonly hashed: boolean;
}

function nameOf(segment: string): Named {
  if (/^[\w.~-]*:(?:id|hashed)(?:\.[A-Za-z][A-Za-z0-9]{0,5})?$/.test(segment))
    return { name: segment, hashed: segment.includes(":hashed") };
  // Not to be written in a pattern as it is.
  if (!/^[\w.~%@!,;=&-]*$/.test(segment)) return { name: ":id", hashed: false };
  const [stem, extension] = splitExtension(segment);
  if (extension !== "" && hasDigest(stem)) return { name: `:hashed${extension}`, hashed: true };
  if (isOneOfMany(stem)) return { name: `:id${extension}`, hashed: false };
  const numbered = /^(.*[A-Za-z][-_.])\d+$/.exec(stem) ?? /^(.*[A-Za-z])\d{3,}$/.exec(stem);
  return { name: numbered === null ? segment : `${numbered[1]}:id${extension}`, hashed: false };
}

/** `app.min.js` → `app.min`, `.js`. A number is no extension, nor is a long word. */
function splitExtension(segment: string): readonly [string, string] {
  const match = /^(.+)(\.[A-Za-z][A-Za-z0-9]{0,5})$/.exec(segment);
  return [match?.[1] ?? segment, match?.[2] ?? ""];
}

/** A number, a date, a UUID, a digest, a token. */
const isOneOfMany = (text: string): boolean =>
  /^-?\d+$/.test(text) ||
  /^\d{4}-\d{2}(-\d{2})?([T_].*)?$/.test(text) ||
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ||
  isDigest(text) ||
  (/^[\w.~=-]{16,}$/.test(text) && (text.match(/\d/g)?.length ?? 0) >= 4 && /[A-Za-z]/.test(text));

/** As bundlers put them into names: `app.3f9a1c2b.js`, `index-BkT9xA3f.js`, `3f9a1c2b.css`. */
const hasDigest = (stem: string): boolean => {
  const last = /(?:^|[.~_-])([A-Za-z0-9]{8,})(?:\.(?:min|chunk|bundle))?$/.exec(stem)?.[1] ?? "";
  return isDigest(last);
};

/** Hexadecimal of both kinds, or letters of both cases and digits: no word looks so. */
const isDigest = (text: string): boolean =>
  text.length >= 8 &&
  ((/^[0-9a-f]+$/i.test(text) && /\d/.test(text) && /[a-f]/i.test(text)) ||
    (/^[A-Za-z0-9]+$/.test(text) && /\d/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text)));
