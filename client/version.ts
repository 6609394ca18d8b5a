// Versions, as entity tags: read off an answer, and named in `If-Match`.

import { TidegateError } from "./tidegate-error.ts";

/** Of what was asked for by the name `of`. */
export function versionIn(headers: Headers, of: string): string {
  const version = /^"(.*)"$/.exec(headers.get("etag") ?? "")?.[1];
  if (version !== undefined) return version;
  throw new TidegateError("unexpected-answer", `The answer names no version of ${of}.`, { status: 200 });
}

export const versionNamed = (version: string): Readonly<Record<string, string>> => ({
  "if-match": version === "*" ? "*" : `"${version}"`,
});
