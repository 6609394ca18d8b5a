// Reads one document of a warm-up: what it names is listed, what it names wrongly is told, and what is left of it comes later.

import type { WarmupError } from "../../shared/mid-tier/warmup-record.ts";
import type { Extension } from "../../shared/mid-tier/warmups.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { LIMITS } from "../config.ts";
import { type Document, encodeDocument, type ManifestSource, namedDocument, sitemapAt } from "./document.ts";
import { changedFiles, type Files, locator, readManifest } from "./manifest.ts";
import { readOwnUrl } from "./own-url.ts";
import { type DocumentRead, type Reader, readThroughEdge } from "./read-through-edge.ts";

/** `later`: nobody could read it now, which says nothing of the document. */
export type Told =
  | { readonly kind: "told"; readonly told: Omit<Extension, "read"> }
  | { readonly kind: "later" };

export function readForWarmup(reader: Reader, document: Document): Promise<Told> {
  return document.kind === "sitemap" ? readSitemap(reader, document) : readManifests(reader, document);
}

/** What is left unread where there was too little time for all. */
export const leftUnread = (document: Document, reason: string): Omit<Extension, "read"> => ({
  ...NOTHING,
  ...withErrors([{ url: document.kind === "sitemap" ? document.url : "", edge: "", reason }]),
});

const NOTHING: Omit<Extension, "read"> = {
  ...{ next: null, again: null, documents: [], urls: [] },
  ...{ refused: 0, errors: [] },
};

/** All are counted, and as many told as are kept. */
const withErrors = (errors: readonly WarmupError[]): Pick<Extension, "refused" | "errors"> => ({
  refused: errors.length,
  errors: errors.slice(0, LIMITS.warmupErrors),
});

async function readSitemap(reader: Reader, document: Document & { kind: "sitemap" }): Promise<Told> {
  const { url, depth, from } = document;
  const read = await readThroughEdge(reader, { url, as: "sitemap", from });
  if (read.kind === "later") return read;
  if (read.kind !== "sitemap") return { kind: "told", told: unread(document, url, read) };
  const errors: WarmupError[] = [];
  const own: string[] = [];
  const error = (of: string, reason: string): void => void errors.push({ url: of, edge: "", reason });
  if (read.of === "sitemaps" && depth >= LIMITS.sitemapDepth)
    error(url, `is an index of sitemaps nested deeper than ${LIMITS.sitemapDepth}`);
  else
    for (const location of read.locations) {
      const target = readOwnUrl(location, reader.context);
      if (target.kind === "own") own.push(target.href);
      else error(location.slice(0, LIMITS.url), target.message);
    }
  if (read.fault !== null) error(url, read.fault);
  const documents = read.of === "sitemaps" ? own.map((at) => namedDocument(sitemapAt(at, depth + 1))) : [];
  const next = read.next === null ? null : encodeDocument({ ...document, from: read.next });
  const urls = read.of === "pages" ? own : [];
  return { kind: "told", told: { ...NOTHING, next, documents, urls, ...withErrors(errors) } };
}

/** Tried again behind all others, as often as makes sense. */
function unread(document: Document, url: string, read: DocumentRead): Omit<Extension, "read"> {
  const failure = read.kind === "failed" ? read : { edge: "", reason: "is of another kind", passing: false };
  const tries = document.tries + 1;
  if (failure.passing && tries < LIMITS.documentTries)
    return { ...NOTHING, again: encodeDocument({ ...document, tries }) };
  return { ...NOTHING, ...withErrors([{ url, edge: failure.edge, reason: failure.reason }]) };
}

type FilesRead =
  | { readonly kind: "files"; readonly files: Files }
  | { readonly kind: "later" }
  | { readonly kind: "told"; readonly told: Omit<Extension, "read"> };

async function readManifests(reader: Reader, document: Document & { kind: "manifest" }): Promise<Told> {
  const before = await filesOf(reader, document, document.before);
  if (before.kind !== "files") return before;
  const after = await filesOf(reader, document, document.after);
  if (after.kind !== "files") return after;
  const errors: WarmupError[] = [];
  const urls: string[] = [];
  const locate = locator(document.base, reader.context.parse);
  for (const path of changedFiles(before.files, after.files, locate)) {
    const target = readOwnUrl(locate(path), reader.context);
    if (target.kind === "own") urls.push(target.href);
    else errors.push({ url: path.slice(0, LIMITS.url), edge: "", reason: target.message });
  }
  return { kind: "told", told: { ...NOTHING, urls, ...withErrors(errors) } };
}

async function filesOf(
  reader: Reader,
  document: Document & { kind: "manifest" },
  source: ManifestSource,
): Promise<FilesRead> {
  if (source.kind === "files") return { kind: "files", files: new Map(source.files) };
  const { url } = source;
  const read = await readThroughEdge(reader, { url, as: "text", from: 0 });
  if (read.kind === "later") return read;
  if (read.kind !== "text") return { kind: "told", told: unread(document, url, read) };
  const manifest = readManifest(parseJson(read.text), "");
  if (manifest.kind === "files") return { kind: "files", files: manifest.files };
  const errors = manifest.faults.map(({ pointer, message }): WarmupError => {
    return { url, edge: "", reason: `${pointer || "the manifest"} ${message}` };
  });
  return { kind: "told", told: { ...NOTHING, ...withErrors(errors) } };
}
