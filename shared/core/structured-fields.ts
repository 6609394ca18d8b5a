// Structured Fields (RFC 9651): dictionaries and lists as received, strictly: one fault and the whole field counts for nothing.

export type BareItem =
  | { readonly kind: "integer" | "decimal" | "date"; readonly value: number }
  | { readonly kind: "string" | "token" | "binary" | "display"; readonly value: string }
  | { readonly kind: "boolean"; readonly value: boolean };

export type Parameters = ReadonlyMap<string, BareItem>;

export type Item = { readonly bare: BareItem; readonly parameters: Parameters };

export type Member =
  | ({ readonly kind: "item" } & Item)
  | { readonly kind: "inner-list"; readonly items: readonly Item[]; readonly parameters: Parameters };

/** RFC 9651 §4.2.2; null where the text is no dictionary. The last of a repeated key counts. */
export function parseDictionary(text: string): ReadonlyMap<string, Member> | null {
  const members = dictionaryMembers(text);
  return members === null ? null : new Map(members);
}

/** The same with every repetition, in the order received. */
export function dictionaryMembers(text: string): readonly (readonly [key: string, member: Member])[] | null {
  return parsed(text, (scanner) => {
    const members: [string, Member][] = [];
    scanner.members(() => {
      const key = scanner.key();
      members.push([key, scanner.take("=") ? scanner.member() : flag(scanner)]);
    });
    return members;
  });
}

/** RFC 9651 §4.2.1; null where the text is no list. */
export function parseList(text: string): readonly Member[] | null {
  return parsed(text, (scanner) => {
    const members: Member[] = [];
    scanner.members(() => members.push(scanner.member()));
    return members;
  });
}

const flag = (scanner: Scanner): Member => ({
  kind: "item",
  bare: { kind: "boolean", value: true },
  parameters: scanner.parameters(),
});

/** What the scanner throws at the first fault; it never leaves this file. */
class Fault extends Error {}

function parsed<T>(text: string, read: (scanner: Scanner) => T): T | null {
  try {
    return read(new Scanner(text));
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

/** RFC 9651 §3.3.1, §3.3.2. */
const DIGITS = { integer: 15, whole: 12, fraction: 3 } as const;

/** Base64, with or without its padding (RFC 9651 §4.2.7). */
const BINARY = /:(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?:/y;

class Scanner {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Everything up to the end, separated by commas; a comma at the end is a fault. */
  members(one: () => void): void {
    this.skip(" ");
    while (this.at < this.text.length) {
      one();
      this.skip(" \t");
      if (this.at === this.text.length) return;
      this.need(",");
      this.skip(" \t");
      if (this.at === this.text.length) throw new Fault();
    }
  }

  member(): Member {
    if (!this.take("(")) return { kind: "item", ...this.item() };
    const items: Item[] = [];
    while (true) {
      this.skip(" ");
      if (this.take(")")) return { kind: "inner-list", items, parameters: this.parameters() };
      items.push(this.item());
      if (!" )".includes(this.peek())) throw new Fault();
    }
  }

  key(): string {
    return this.match(/[a-z*][a-z0-9_\-.*]*/y);
  }

  parameters(): Parameters {
    const parameters = new Map<string, BareItem>();
    while (this.take(";")) {
      this.skip(" ");
      const key = this.key();
      const value: BareItem = this.take("=") ? this.bareItem() : { kind: "boolean", value: true };
      parameters.set(key, value);
    }
    return parameters;
  }

  take(char: string): boolean {
    if (this.text[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  private item(): Item {
    return { bare: this.bareItem(), parameters: this.parameters() };
  }

  private bareItem(): BareItem {
    const char = this.peek();
    if (char === '"') return { kind: "string", value: this.string() };
    if (char === "?") return { kind: "boolean", value: this.match(/\?[01]/y) === "?1" };
    if (char === ":") return { kind: "binary", value: this.match(BINARY).slice(1, -1) };
    if (char === "@") return this.date();
    if (char === "%") return { kind: "display", value: this.display() };
    if (char !== "" && "-0123456789".includes(char)) return this.number();
    return { kind: "token", value: this.match(/[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y) };
  }

  private number(): BareItem {
    const text = this.match(/-?\d+(?:\.\d+)?/y);
    const [whole = "", fraction] = text.replace("-", "").split(".");
    if (fraction === undefined) {
      if (whole.length > DIGITS.integer) throw new Fault();
      return { kind: "integer", value: Number(text) };
    }
    if (whole.length > DIGITS.whole || fraction.length > DIGITS.fraction) throw new Fault();
    return { kind: "decimal", value: Number(text) };
  }

  private date(): BareItem {
    this.need("@");
    const number = this.number();
    if (number.kind !== "integer") throw new Fault();
    return { kind: "date", value: number.value };
  }

  private display(): string {
    const text = this.match(/%"(?:[ !#$&-~]|%[0-9a-f]{2})*"/y).slice(2, -1);
    try {
      return decodeURIComponent(text);
    } catch (error) {
      if (error instanceof URIError) throw new Fault();
      throw error;
    }
  }

  private string(): string {
    return this.match(/"(?:[ !#-[\]-~]|\\["\\])*"/y)
      .slice(1, -1)
      .replace(/\\(.)/g, "$1");
  }

  private peek(): string {
    return this.text[this.at] ?? "";
  }

  private skip(chars: string): void {
    while (this.at < this.text.length && chars.includes(this.peek())) this.at += 1;
  }

  private need(char: string): void {
    if (!this.take(char)) throw new Fault();
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) throw new Fault();
    this.at += found.length;
    return found;
  }
}
