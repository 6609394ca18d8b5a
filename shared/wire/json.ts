// JSON from outside: read without throwing, and what is wrong with it, by place.

/** Null, too, where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A JSON pointer (RFC 6901), and what is wrong there. */
export interface Fault {
  readonly pointer: string;
  readonly message: string;
}

export const escapePointer = (part: string): string => part.replaceAll("~", "~0").replaceAll("/", "~1");
