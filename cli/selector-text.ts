// Selectors as the command line names them: `tag product-42`, `prefix www.example.com/blog`.

import { parseSelector } from "../shared/core/selector.ts";
import { namedPlace } from "../shared/core/value-key.ts";
import { plain } from "./wording.ts";

/** From the canonical text; what is none is shown as it is. */
export function selectorText(text: string): string {
  const parsed = parseSelector(text);
  if (parsed === null) return plain(text);
  const { spec } = parsed;
  const { kind } = spec;
  switch (kind) {
    case "url":
      return plain(`url ${namedPlace(spec.host + spec.pathAndQuery)}`);
    case "prefix":
      return plain(`prefix ${namedPlace(spec.host + spec.path)}`);
    case "tag":
      return plain(`tag ${spec.tag}`);
    case "group":
      return plain(`group ${spec.group} of ${spec.host}`);
    case "host":
      return plain(`host ${spec.host}`);
    case "class":
      return plain(`class ${spec.class}`);
    case "everything":
      return `everything of the site ${plain(parsed.site)}`;
  }
}
