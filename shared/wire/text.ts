// Texts that people write, and what is wrong with them: where none is, null.

import * as z from "zod";

const ILL_FORMED = "must be well-formed Unicode";

/** A tag as purges name it: what they could not name would never be purged. */
export function tagFault(text: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(text)) return "must not hold control characters";
  return illFormed(text) ?? endsFault(text);
}

/** A lone surrogate, which no URL and no header has. */
export const illFormed = (text: string): string | null => (text.isWellFormed() ? null : ILL_FORMED);

function lineFault(text: string): string | null {
  if (/\p{Cc}/u.test(text)) return "must not hold control characters";
  return illFormed(text);
}

const endsFault = (text: string): string | null =>
  text.trim() === text ? null : "must not begin or end with white space";

const textBy = (most: number, faultOf: (text: string) => string | null) =>
  z
    .string()
    .max(most)
    .superRefine((text, context) => {
      const message = faultOf(text);
      if (message !== null) context.addIssue({ code: "custom", message });
    });

/** A remark, in one line. */
export const line = (most: number) => textBy(most, lineFault);

/** What something is called. */
export const nameLine = (most: number) => textBy(most, (text) => lineFault(text) ?? endsFault(text)).min(1);
