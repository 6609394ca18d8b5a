// What a warm-up is asked to fetch, from flags and files to the body of the request.

import type { WarmupRequest } from "../client/schemas.ts";
import { readJsonFile } from "../shared/wire/json-file.ts";
import { given } from "./command.ts";
import { usageError } from "./exit.ts";
import type { Surroundings } from "./surroundings.ts";

export interface OrderFlags {
  readonly file?: string;
  readonly sitemap?: string;
  readonly hot?: number;
  readonly class?: string;
  readonly manifestOld?: string;
  readonly manifestNew?: string;
  readonly variant?: readonly string[];
  readonly edge?: readonly string[];
  readonly rate?: number;
  readonly concurrency?: number;
  readonly site?: string;
  readonly dryRun?: true;
}

/** The flags by the body's fields. */
export const ORDER_NAMES = {
  urls: "URL",
  sitemap: "--sitemap",
  hot: "--hot",
  "hot/class": "--class",
  manifest: "--manifest-old/--manifest-new",
  variants: "--variant",
  edges: "--edge",
  ratePerSecond: "--rate",
  concurrency: "--concurrency",
  site: "--site",
  dryRun: "--dry-run",
};

const ORDER_FLAGS: readonly (keyof OrderFlags)[] = [
  ...(["file", "sitemap", "hot", "class", "manifestOld", "manifestNew", "variant"] as const),
  ...(["edge", "rate", "concurrency", "site", "dryRun"] as const),
];

/** Whether any of the flags says what to fetch, or how. */
export const namesAnything = (flags: OrderFlags): boolean =>
  ORDER_FLAGS.some((flag) => flags[flag] !== undefined);

/** Nobody is kept waiting by it: whoever wants to see its end looks on. */
type WarmOrder = Omit<WarmupRequest, "wait" | "dryRun">;

type Manifests = NonNullable<WarmupRequest["manifest"]>;

type Files = Pick<Surroundings, "readText">;

export async function warmOrder(
  urls: readonly string[],
  flags: OrderFlags,
  files: Files,
): Promise<WarmOrder> {
  if (flags.class !== undefined && flags.hot === undefined) throw usageError("--class needs --hot beside it");
  if (flags.manifestOld !== undefined && flags.manifestNew === undefined)
    throw usageError("--manifest-old needs --manifest-new beside it");
  const listed = flags.file === undefined ? [] : await linesOf(flags.file, files);
  const { hot, class: ofClass, site, edge: edges, rate: ratePerSecond, concurrency, sitemap } = flags;
  const what = given({
    urls: [...urls, ...listed],
    sitemap,
    hot: hot === undefined ? undefined : { top: hot, ...given({ class: ofClass }) },
    manifest: await manifestsOf(flags, files),
  });
  if (Object.keys(what).length === 0)
    throw usageError("Nothing is named: give URLs, --file, --sitemap, --hot, or --manifest-new.");
  const variants = (flags.variant ?? []).map(variantOf);
  return { ...what, ...given({ site, edges, ratePerSecond, concurrency, variants }) };
}

/** One URL a line; empty lines, and those that begin with `#`, are passed over. */
async function linesOf(file: string, files: Files): Promise<readonly string[]> {
  const text = await read("--file", file, files);
  const lines = text.split("\n").map((line) => line.trim());
  const urls = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (urls.length === 0) throw usageError(`--file ${file} names no URL`);
  return urls;
}

async function manifestsOf(
  { manifestOld, manifestNew }: OrderFlags,
  files: Files,
): Promise<Manifests | undefined> {
  if (manifestNew === undefined) return undefined;
  const after = await manifestOf("--manifest-new", manifestNew, files);
  if (manifestOld === undefined) return { after };
  return { before: await manifestOf("--manifest-old", manifestOld, files), after };
}

/** A URL of the site is read by an edge; a file is sent along. */
async function manifestOf(flag: string, place: string, files: Files): Promise<Manifests["after"]> {
  if (/^https?:\/\//i.test(place)) return place;
  const file = readJsonFile(await read(flag, place, files));
  if (file.kind === "fault") throw usageError(`${flag} ${place} ${file.message}`);
  const { value } = file;
  if (typeof value !== "object" || value === null)
    throw usageError(`${flag} ${place} must hold a JSON object of names and paths, or a list of paths`);
  return value as Exclude<Manifests["after"], string>;
}

async function read(flag: string, file: string, files: Files): Promise<string> {
  return files.readText(file).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`${flag} ${file} can't be read: ${error.code ?? error.message}`);
  });
}

/** `accept: image/avif | accept-language: de`: one variant, of two headers. */
function variantOf(text: string): { readonly headers: Readonly<Record<string, string>> } {
  const fields = text.split(" | ").map((field) => headerOf("--variant", field));
  return { headers: Object.fromEntries(fields) };
}

/** `name: value`, as curl's -H has it. */
export function headerOf(flag: string, text: string): readonly [name: string, value: string] {
  const match = /^([^:\s]+)\s*:\s*(.*)$/.exec(text.trim());
  if (match === null) throw usageError(`${flag} must be 'name: value', not '${text}'`);
  return [(match[1] ?? "").toLowerCase(), match[2] ?? ""];
}
