// JSON from outside: read without throwing, and what a schema finds wrong with it, by place.

import type { z } from "zod";

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

export const faultsIn = (error: z.ZodError): Fault[] => error.issues.flatMap(faultsOf);

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const at = issue.path.map((part) => `/${escapePointer(String(part))}`).join("");
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      pointer: `${at}/${escapePointer(key)}`,
      message: "is not a known field",
    }));
  return [{ pointer: at, message: messageOf(issue) }];
}

export const escapePointer = (part: string): string => part.replaceAll("~", "~0").replaceAll("/", "~1");

function messageOf({ code, message }: z.core.$ZodIssue): string {
  // What is not there at all has no type that could be wrong.
  if (code === "invalid_type" && message.endsWith("received undefined")) return "must be given";
  return message.charAt(0).toLowerCase() + message.slice(1);
}
