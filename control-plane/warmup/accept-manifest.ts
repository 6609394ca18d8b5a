// The manifests of a request: compared at once where both came along, else read from the site first.

import type { ParseUrl } from "../../shared/ports/url.ts";
import { type Document, type ManifestSource, sourceOf } from "./document.ts";
import { changedFiles, locator, type ReadFiles, readManifest } from "./manifest.ts";
import type { OwnUrls } from "./own-url.ts";
import type { WarmupBody } from "./request.ts";

type Manifest = NonNullable<WarmupBody["manifest"]>;
type Read = (ManifestSource & { readonly kind: "at" }) | (ReadFiles & { readonly kind: "files" }) | "faulty";

/** Null where there is nothing left to be read. */
export function acceptManifest(manifest: Manifest, listed: OwnUrls, parse: ParseUrl): Document | null {
  const base = manifest.base === undefined ? null : listed.check(manifest.base, "/manifest/base");
  const before = manifest.before === undefined ? NONE : read(manifest.before, "/manifest/before", listed);
  const after = read(manifest.after, "/manifest/after", listed);
  if (before === "faulty" || after === "faulty") return null;
  if (after.kind === "at" || before.kind === "at")
    return {
      kind: "manifest",
      before: asSource(before),
      after: asSource(after),
      base: closed(base),
      tries: 0,
    };
  const locate = locator(closed(base), parse);
  for (const path of changedFiles(before.files, after.files, locate))
    listed.add(locate(path), after.places.get(path) ?? "/manifest/after");
  return null;
}

const closed = (base: string | null): string | null =>
  base === null || base.endsWith("/") ? base : `${base}/`;

const NONE: Read = { kind: "files", files: new Map(), places: new Map() };

function read(given: Manifest["after"], pointer: string, listed: OwnUrls): Read {
  if (typeof given === "string") {
    const url = listed.check(given, pointer);
    return url === null ? "faulty" : { kind: "at", url };
  }
  const manifest = readManifest(given, pointer);
  if (manifest.kind === "files") return manifest;
  listed.faults.push(...manifest.faults);
  return "faulty";
}

const asSource = (given: Exclude<Read, "faulty">): ManifestSource =>
  given.kind === "at" ? given : sourceOf(given.files);
