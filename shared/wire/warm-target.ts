// What a warm-up asks for, as one text: the URL, and a line for each request header by which a variant is chosen.

export interface WarmTarget {
  readonly url: string;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]{1,64}$/;
/**
 * Neither line ends nor anything else that can't be sent; by what it must not hold, so that it says the same to those
 * who read characters beyond 16 bits as one, as JSON Schema does, and as two.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
export const FIELD_VALUE = /^[^\x00-\x08\x0a-\x1f\x7f]*$/;

export const encodeTarget = ({ url, headers }: WarmTarget): string =>
  [url, ...headers.map(([name, value]) => `${name}: ${value}`)].join("\n");

/** Null where a line is no header's. A text of one line is a URL alone. */
export function decodeTarget(text: string): WarmTarget | null {
  const [url = "", ...lines] = text.split("\n");
  const headers: [string, string][] = [];
  for (const line of lines) {
    const colon = line.indexOf(": ");
    const [name, value] = [line.slice(0, Math.max(0, colon)), line.slice(colon + 2)];
    if (!FIELD_NAME.test(name) || !FIELD_VALUE.test(value)) return null;
    headers.push([name, value]);
  }
  return { url, headers };
}
