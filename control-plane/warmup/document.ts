// What is still to be read for a warm-up, as one text in its queue.

import type { NamedDocument } from "../../shared/mid-tier/warmups.ts";
import { parseJson } from "../../shared/wire/json.ts";
import type { Files } from "./manifest.ts";

/** A manifest that is read from the site, or one that was sent along. */
export type ManifestSource =
  | { readonly kind: "at"; readonly url: string }
  | { readonly kind: "files"; readonly files: readonly (readonly [path: string, digest: string | null])[] };

export type Document =
  | {
      readonly kind: "sitemap";
      readonly url: string;
      /** 1 where the request names it. */
      readonly depth: number;
      /** Locations that were read of it before. */
      readonly from: number;
      /** How often it could not be read. */
      readonly tries: number;
    }
  | {
      readonly kind: "manifest";
      readonly before: ManifestSource;
      readonly after: ManifestSource;
      /** An absolute URL that ends with a slash; null below the root. */
      readonly base: string | null;
      readonly tries: number;
    };

export const sitemapAt = (url: string, depth: number): Document => ({
  ...{ kind: "sitemap", url, depth },
  ...{ from: 0, tries: 0 },
});

export const encodeDocument = (document: Document): string => JSON.stringify(document);

/** By which it is known not to be read twice. */
export const namedDocument = (document: Document): NamedDocument => ({
  name: document.kind === "sitemap" ? document.url : document.kind,
  text: encodeDocument(document),
});

/** Written by us alone; null where it was damaged since. */
export function decodeDocument(text: string): Document | null {
  const value = parseJson(text) as Document | null;
  return value?.kind === "sitemap" || value?.kind === "manifest" ? value : null;
}

export const sourceOf = (files: Files): ManifestSource => ({ kind: "files", files: [...files] });
