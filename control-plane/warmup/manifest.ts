// Two releases' manifests of assets: what the later one has that the earlier one had not, or had otherwise.

import type { ParseUrl } from "../../shared/ports/url.ts";
import { escapePointer, type Fault } from "../../shared/wire/json.ts";
import { LIMITS } from "../config.ts";
import { textFault } from "../invalidate/reference.ts";

/** Paths or URLs as the manifest has them, each with its digest where one is told. */
export type Files = ReadonlyMap<string, string | null>;

export type ReadFiles =
  | {
      readonly kind: "files";
      readonly files: Files;
      /** Where each is named, as a JSON pointer. */
      readonly places: ReadonlyMap<string, string>;
    }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] };

/** `name → path`, `name → {file, css, assets}` as Vite writes it, `name → {url, digest}`, or a list of paths or `{url, digest}`. */
export function readManifest(value: unknown, pointer: string): ReadFiles {
  const reading = new Reading();
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) reading.item(item, `${pointer}/${index}`);
  else if (isRecord(value))
    for (const [name, item] of Object.entries(value)) reading.item(item, `${pointer}/${escapePointer(name)}`);
  else reading.fault(pointer, "must be a list of paths, or an object of names and paths");
  const { files, faults, places } = reading;
  if (files.size > LIMITS.manifestFiles)
    reading.fault(pointer, `must not name more than ${LIMITS.manifestFiles} files`);
  return faults.length > 0 ? { kind: "faults", faults } : { kind: "files", files, places };
}

/** Without a digest a file is the same as long as its place is: that changes with the content in most builds. */
export function changedFiles(before: Files, after: Files, locate: (path: string) => string): string[] {
  const had = new Map([...before].map(([path, digest]) => [locate(path), digest]));
  const isNew = ([path, digest]: readonly [string, string | null]): boolean =>
    had.get(locate(path)) !== digest;
  return [...after].filter(isNew).map(([path]) => path);
}

/** Below the base as a browser would find it; without one, below the root. What makes no URL is left to be refused. */
export function locator(base: string | null, parse: ParseUrl): (path: string) => string {
  return (path) => {
    if (base === null) return /^(?:https?:\/)?\//i.test(path) ? path : `/${path.replace(/^\.\//, "")}`;
    return textFault(path, LIMITS.url) === null ? (parse(path, base)?.href ?? path) : path;
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

class Reading {
  readonly files = new Map<string, string | null>();
  readonly places = new Map<string, string>();
  readonly faults: Fault[] = [];

  fault(pointer: string, message: string): void {
    // As many as are told of a request.
    if (this.faults.length < LIMITS.faults) this.faults.push({ pointer, message });
  }

  item(item: unknown, pointer: string): void {
    if (typeof item === "string") this.file(item, pointer);
    else if (!isRecord(item)) this.fault(pointer, "must be a path, or an object that names one");
    else if (item.file !== undefined) this.chunk(item, pointer);
    else if (item.url !== undefined) this.withDigest(item, pointer);
    else this.fault(pointer, "must have `file`, or `url`");
  }

  private chunk(chunk: Readonly<Record<string, unknown>>, pointer: string): void {
    this.file(chunk.file, `${pointer}/file`);
    for (const field of ["css", "assets"] as const) {
      const list = chunk[field] ?? [];
      if (Array.isArray(list))
        for (const [index, path] of list.entries()) this.file(path, `${pointer}/${field}/${index}`);
      else this.fault(`${pointer}/${field}`, "must be a list of paths");
    }
  }

  private withDigest({ url, digest }: Readonly<Record<string, unknown>>, pointer: string): void {
    if (digest === undefined || (typeof digest === "string" && digest.length <= LIMITS.manifestDigest))
      this.file(url, `${pointer}/url`, digest);
    else this.fault(`${pointer}/digest`, `must be a text of at most ${LIMITS.manifestDigest} characters`);
  }

  private file(path: unknown, pointer: string, digest: string | undefined = undefined): void {
    if (typeof path !== "string" || path === "") {
      this.fault(pointer, "must be a path or a URL");
      return;
    }
    this.files.set(path, digest ?? null);
    this.places.set(path, pointer);
  }
}
