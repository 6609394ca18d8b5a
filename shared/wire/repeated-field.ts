// Finds a field that a JSON text gives twice: a parser drops all but the last of them without a word.

import { escapePointer } from "./json.ts";

/** No body or file that is read here is as deep: what stands deeper is refused as a field that nobody knows. */
const DEEPEST = 64;

interface Level {
  /** By which its fields are told from others'; null for a list. */
  readonly object: number | null;
  /** The field or place that is being read. */
  at: string | number;
  /** Whether a name comes next, and no value. */
  named: boolean;
}

/** Its JSON pointer; null where there is none, or the text is no JSON. One pass, whatever the text is. */
export function repeatedField(text: string): string | null {
  const levels: Level[] = [];
  const seen = new Set<string>();
  let objects = 0;
  for (let at = 0; at < text.length; at += 1) {
    const level = levels.at(-1);
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (end === null) return null;
        if (level?.named) {
          const name = nameIn(text.slice(at, end + 1));
          if (name === null) return null;
          level.at = name;
          level.named = false;
          const field = `${level.object} ${name}`;
          if (seen.has(field)) return pointerOf(levels);
          seen.add(field);
        }
        at = end;
        break;
      }
      case "{":
        levels.push({ object: objects++, at: "", named: true });
        break;
      case "[":
        levels.push({ object: null, at: 0, named: false });
        break;
      case "}":
      case "]":
        levels.pop();
        break;
      case ",":
        if (typeof level?.at === "number") level.at += 1;
        else if (level !== undefined) level.named = true;
        break;
    }
    if (levels.length > DEEPEST) return null;
  }
  return null;
}

/** Where the string that begins there ends. */
function endOfString(text: string, from: number): number | null {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return null;
}

/** `"a"` and `"\u0061"` are one name. */
function nameIn(quoted: string): string | null {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const pointerOf = (levels: readonly Level[]): string =>
  levels.map(({ at }) => `/${escapePointer(String(at))}`).join("");
