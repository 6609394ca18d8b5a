// Byte ranges (RFC 9110 §14): what a client asks for, what of a body that is, and what an origin says it sent.

/** Ranges of one request beyond which it is answered whole (RFC 9110 §14.2: many small ones are an attack). */
const MAX_RANGES = 16;

/** `bytes=2-5`, `bytes=2-`, `bytes=-3`: positions as asked, before the length is known. */
export type RangeSpec =
  | { readonly kind: "from"; readonly from: number; readonly to: number | null }
  | { readonly kind: "suffix"; readonly length: number };

/** Both inclusive. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** Null where the field is to be ignored: another unit, malformed, or too many ranges (RFC 9110 §14.2). */
export function parseRange(value: string | null): readonly RangeSpec[] | null {
  const set = /^bytes=(.*)$/is.exec(value?.trim() ?? "")?.[1];
  if (set === undefined) return null;
  const members = set.split(",").map((member) => member.trim());
  const asked = members.filter((member) => member !== "");
  if (asked.length === 0 || asked.length > MAX_RANGES) return null;
  const specs = asked.map(parseSpec);
  return specs.every((spec) => spec !== null) ? specs : null;
}

function parseSpec(text: string): RangeSpec | null {
  const match = /^(\d{0,15})-(\d{0,15})$/.exec(text);
  const [from = "", to = ""] = match?.slice(1) ?? [];
  if (match === null || (from === "" && to === "")) return null;
  if (from === "") return { kind: "suffix", length: Number(to) };
  if (to !== "" && Number(to) < Number(from)) return null;
  return { kind: "from", from: Number(from), to: to === "" ? null : Number(to) };
}

/** What of a body of this length is asked for, satisfiable ones only, in the order asked (RFC 9110 §14.1.2). */
export function resolveRanges(specs: readonly RangeSpec[], length: number): readonly ByteRange[] {
  return specs.map((spec) => resolve(spec, length)).filter((range) => range !== null);
}

function resolve(spec: RangeSpec, length: number): ByteRange | null {
  if (spec.kind === "suffix") {
    const from = Math.max(0, length - spec.length);
    return spec.length > 0 && length > 0 ? { from, to: length - 1 } : null;
  }
  if (spec.from >= length) return null;
  return { from: spec.from, to: Math.min(spec.to ?? length - 1, length - 1) };
}

export const lengthOf = ({ from, to }: ByteRange): number => to - from + 1;

/** Ranges that overlap, or come to more than the whole, are answered whole (RFC 9110 §14.2, §17.15). */
export function areModest(ranges: readonly ByteRange[]): boolean {
  const ordered = [...ranges].sort((a, b) => a.from - b.from);
  return ordered.every((range, i) => i === 0 || range.from > (ordered[i - 1]?.to ?? -1));
}

export interface ContentRange extends ByteRange {
  /** Of the whole representation; null where the origin doesn't say. */
  readonly complete: number | null;
}

/** `Content-Range` of a 206 (RFC 9110 §14.4); null where it is malformed or contradicts itself. */
export function parseContentRange(value: string | null): ContentRange | null {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value?.trim() ?? "");
  if (match === null) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  const complete = match[3] === "*" ? null : Number(match[3]);
  return to < from || (complete !== null && to >= complete) ? null : { from, to, complete };
}

export const formatContentRange = ({ from, to }: ByteRange, complete: number): string =>
  `bytes ${from}-${to}/${complete}`;
