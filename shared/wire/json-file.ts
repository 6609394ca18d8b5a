// A JSON file as somebody has written it: its value, or what is wrong with its text.

import { repeatedField } from "./repeated-field.ts";

export type JsonFile =
  | { readonly kind: "value"; readonly value: unknown }
  /** To go on after the file's name. */
  | { readonly kind: "fault"; readonly message: string };

export function readJsonFile(text: string): JsonFile {
  // Some editors begin with a byte-order mark; whoever reads may pass over it (RFC 8259 §8.1).
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  const twice = repeatedField(json);
  if (twice !== null) return { kind: "fault", message: `gives ${twice} twice` };
  try {
    return { kind: "value", value: JSON.parse(json) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: "fault", message: `is not JSON: ${error.message}` };
  }
}
