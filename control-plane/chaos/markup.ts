// Markup in which every value is escaped, in plain TypeScript: Node runs it from a file, which it does not do with JSX.

import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

export type Markup = HtmlEscapedString;
type Value = string | number | null | Markup | readonly Markup[];

/** Only what was made by this is taken as it is. */
export function markup(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const made = html(strings, ...values);
  if (made instanceof Promise) throw new Error("markup holds nothing that has to be waited for");
  return made;
}

/** For text of our own that no escaping may touch, a style sheet say. */
export const asItIs = (text: string): Markup => raw(text) as Markup;
