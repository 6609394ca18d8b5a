// The URL standard's parser, as the runtime has it.

import type { UrlParts } from "../core/cache-key.ts";

export type ParsedUrl = { readonly href: string; readonly parts: UrlParts };

/** Null where the text is no http(s) URL, or one that no request can be made of. */
export type ParseUrl = (text: string, base?: string) => ParsedUrl | null;
