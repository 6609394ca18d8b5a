// Reads the locations out of a sitemap or an index of sitemaps, piece by piece: each character is looked at once, and nothing is kept of what is no location.

export type SitemapKind = "pages" | "sitemaps";

/** Names below the root whose `loc` counts. Images and videos have locations of their own, further down. */
const ROOTS: ReadonlyMap<string, { readonly kind: SitemapKind; readonly item: string }> = new Map([
  ["urlset", { kind: "pages", item: "url" }],
  ["sitemapindex", { kind: "sitemaps", item: "sitemap" }],
]);

/** What ends with a run of one character and `>`. */
interface Closing {
  readonly mark: string;
  readonly run: number;
}

type Mode =
  | { readonly kind: "text" }
  /** Behind a `<`: what begins here is not known yet. */
  | { readonly kind: "markup"; held: string }
  | { readonly kind: "tag"; name: string; named: boolean; quote: string; last: string }
  | { readonly kind: "until"; readonly closing: Closing; readonly cdata: boolean; run: number };

const TEXT: Mode = { kind: "text" };
const COMMENT: Closing = { mark: "-", run: 2 };
const CDATA: Closing = { mark: "]", run: 2 };
const INSTRUCTION: Closing = { mark: "?", run: 1 };

interface Location {
  text: string;
  raw: string;
  long: boolean;
}

export interface ScannerLimits {
  /** Characters of a location: of a longer one as many are told, and an ellipsis that makes it too long. */
  readonly location: number;
  /** Characters of a name. */
  readonly name: number;
}

export class SitemapScanner {
  private readonly limits: ScannerLimits;
  private readonly found: (location: string) => void;
  private mode: Mode = TEXT;
  private readonly open: string[] = [];
  private root: { readonly kind: SitemapKind; readonly item: string; readonly prefix: string } | null = null;
  private begun = false;
  private ended = false;
  /** Null outside of a location. `raw` may still hold references. */
  private location: Location | null = null;
  private said: string | null = null;

  constructor(limits: ScannerLimits, found: (location: string) => void) {
    this.limits = limits;
    this.found = found;
  }

  /** Null until the root has been read. */
  get kind(): SitemapKind | null {
    return this.root?.kind ?? null;
  }

  /** What is wrong with it, in words. From then on nothing more is read. */
  get fault(): string | null {
    return this.said;
  }

  push(text: string): void {
    let at = !this.begun && text.startsWith("\ufeff") ? 1 : 0;
    while (at < text.length && this.said === null) at = this.step(text, at);
  }

  /** There is no more to come. */
  end(): void {
    if (this.said !== null || this.ended) return;
    this.said = this.root === null ? "is no sitemap" : "breaks off before its end";
  }

  private step(text: string, at: number): number {
    const { mode } = this;
    switch (mode.kind) {
      case "text":
        return this.readText(text, at);
      case "markup":
        return this.readMarkup(text, at, mode);
      case "tag":
        return this.readTag(text, at, mode);
      case "until":
        return this.readUntil(text, at, mode);
    }
  }

  private readText(text: string, at: number): number {
    const found = text.indexOf("<", at);
    const end = found === -1 ? text.length : found;
    if (this.location !== null) this.add(this.location, "raw", text.slice(at, end));
    else if (this.root === null && text.slice(at, end).trim() !== "")
      this.said = "is no sitemap: it is not XML";
    if (found === -1) return end;
    this.settleRaw();
    this.begun = true;
    this.mode = { kind: "markup", held: "" };
    return end + 1;
  }

  private add(location: Location, to: "text" | "raw", more: string): void {
    const room = this.limits.location - location.text.length - location.raw.length;
    if (more.length > room) location.long = true;
    location[to] += more.slice(0, Math.max(0, room));
  }

  private readMarkup(text: string, at: number, mode: Mode & { kind: "markup" }): number {
    mode.held += text.charAt(at);
    const { held } = mode;
    if (held === "!--") this.mode = { kind: "until", closing: COMMENT, cdata: false, run: 0 };
    else if (held === "![CDATA[") this.mode = { kind: "until", closing: CDATA, cdata: true, run: 0 };
    else if (held === "?") this.mode = { kind: "until", closing: INSTRUCTION, cdata: false, run: 0 };
    else if (held.startsWith("!")) {
      // Declarations could define entities that grow without bound, and no sitemap has any.
      if (!"!--".startsWith(held) && !"![CDATA[".startsWith(held)) this.said = "holds a document type";
    } else {
      this.mode = { kind: "tag", name: "", named: false, quote: "", last: "" };
      return at;
    }
    return at + 1;
  }

  private readUntil(text: string, at: number, mode: Mode & { kind: "until" }): number {
    const char = text.charAt(at);
    const { mark, run } = mode.closing;
    const isOver = char === ">" && mode.run >= run;
    if (isOver) this.mode = TEXT;
    // Marks are text of theirs until it shows that they close it: all but as many as do.
    if (mode.cdata && this.location !== null && !isOver) {
      if (char !== mark) this.add(this.location, "text", mark.repeat(Math.min(mode.run, run)) + char);
      else if (mode.run >= run) this.add(this.location, "text", mark);
    }
    mode.run = char === mark ? mode.run + 1 : 0;
    return at + 1;
  }

  private readTag(text: string, at: number, mode: Mode & { kind: "tag" }): number {
    const char = text.charAt(at);
    if (mode.quote !== "") {
      if (char === mode.quote) mode.quote = "";
    } else if (char === ">") {
      this.mode = TEXT;
      this.took(mode.name, mode.last === "/");
    } else if (isSpace(char)) {
      mode.named = true;
    } else {
      if (char === '"' || char === "'") mode.quote = char;
      if (char === "/" && mode.name !== "") mode.named = true;
      if (!mode.named) mode.name += char;
      mode.last = char;
      if (mode.name.length > this.limits.name) this.said = "holds a name that is too long";
    }
    return at + 1;
  }

  private took(name: string, empty: boolean): void {
    if (name === "" || name === "/") this.said = "is not well-formed: a tag has no name";
    else if (name.startsWith("/")) this.close(name.slice(1));
    else {
      this.opened(name);
      if (empty && this.said === null) this.close(name);
    }
  }

  private opened(name: string): void {
    if (this.ended) this.said = "is not well-formed: more follows its end";
    else if (this.open.length >= MOST_NESTED) this.said = "is nested too deeply";
    else {
      this.open.push(name);
      if (this.open.length === 1) this.begin(name);
      else if (this.isLocation()) this.location = { text: "", raw: "", long: false };
    }
  }

  private begin(name: string): void {
    const colon = name.indexOf(":");
    const root = ROOTS.get(name.slice(colon + 1));
    if (root === undefined) this.said = `is no sitemap: it begins with <${name}>`;
    else this.root = { ...root, prefix: name.slice(0, colon + 1) };
  }

  private isLocation(): boolean {
    const { root, open } = this;
    if (root === null || open.length !== 3) return false;
    return open[1] === root.prefix + root.item && open[2] === `${root.prefix}loc`;
  }

  private close(name: string): void {
    if (this.open.at(-1) !== name) {
      this.said = `is not well-formed: </${name}> closes nothing that is open`;
      return;
    }
    if (this.location !== null && this.isLocation()) {
      const { text, long } = this.location;
      this.found(long ? text.padEnd(this.limits.location + 1, "\u2026") : text.trim());
      this.location = null;
    }
    this.open.pop();
    this.ended = this.open.length === 0;
  }

  private settleRaw(): void {
    if (this.location === null) return;
    this.location.text += decodeReferences(this.location.raw);
    this.location.raw = "";
  }
}

/** A sitemap's own names are three deep; what others add to an entry, a few more. */
const MOST_NESTED = 32;

const isSpace = (char: string): boolean => char === " " || char === "\n" || char === "\t" || char === "\r";

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** What is no reference stays as it is: a bare `&` in a URL is a common slip, and means itself. */
function decodeReferences(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));/g,
    (whole, hex, decimal, name) => {
      if (name !== undefined) return NAMED[name] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      const isCharacter = code > 0 && code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff);
      return isCharacter ? String.fromCodePoint(code) : whole;
    },
  );
}
