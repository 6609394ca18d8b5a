// Rules about who imports whom: the floors, the one importer of the Redis client, and no cycles.

import { posix } from "node:path";
import ts from "typescript";
import { type Breach, isBelow, isScript, type SourceFile } from "./tree.ts";

type Import = { readonly from: string; readonly specifier: string };

/** A folder, and what files below it may import besides one another; the first that fits a path counts. */
type Floor = { readonly folder: string; readonly may: readonly string[]; readonly packages: boolean };

const shared = ["shared"];

const floors: readonly Floor[] = [
  { folder: "shared/core", may: [], packages: false },
  { folder: "shared/ports", may: ["shared/core"], packages: false },
  { folder: "shared/wire", may: ["shared/core", "shared/ports"], packages: true },
  { folder: "shared/runtime", may: ["shared/core", "shared/ports"], packages: false },
  { folder: "shared/origin", may: ["shared/core", "shared/ports"], packages: false },
  { folder: "shared/view", may: ["shared/core", "shared/ports", "shared/wire"], packages: false },
  {
    folder: "shared/mid-tier",
    may: ["shared/core", "shared/ports", "shared/wire", "shared/runtime"],
    packages: true,
  },
  { folder: "edge", may: shared, packages: true },
  { folder: "control-plane/dashboard", may: [...shared, "control-plane", "client"], packages: true },
  { folder: "control-plane", may: shared, packages: true },
  { folder: "client", may: shared, packages: false },
  { folder: "cli", may: [...shared, "client"], packages: true },
  { folder: "dev", may: [...shared, "scripts"], packages: true },
  { folder: "bench", may: [...shared, "client", "dev", "scripts"], packages: true },
  {
    folder: "chaos",
    may: [...shared, "client", "dev", "bench", "control-plane/chaos"],
    packages: true,
  },
  { folder: "scripts", may: [...shared, "dev", "control-plane/alerts", "bench/tables"], packages: true },
];

export function floorBreaches(files: readonly SourceFile[]): Breach[] {
  return files.filter(isScript).flatMap((file) => {
    const floor = floors.find(({ folder }) => isBelow(file.path, folder));
    return importsOf(file).flatMap((found) => {
      const target = resolve(found);
      if (isBelow(file.path, "test")) return [];
      if (target === undefined) {
        return floor?.packages === false ? [`${file.path} imports the package ${found.specifier}`] : [];
      }
      const allowed = floor === undefined ? !isBelow(target, "test") : mayImport(floor, target);
      return allowed ? [] : [`${file.path} imports ${target}`];
    });
  });
}

function mayImport({ folder, may }: Floor, target: string): boolean {
  return [folder, ...may].some((allowed) => isBelow(target, allowed));
}

export function redisClientBreaches(files: readonly SourceFile[]): Breach[] {
  const outside = files.filter(
    ({ path }) => !isBelow(path, "shared/mid-tier") && !isBelow(path, "test") && /\.(tsx?|mjs)$/.test(path),
  );
  return outside.flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => isBelow(specifier, "@upstash/redis"))
      .map(({ specifier }) => `${file.path} imports ${specifier}, which only shared/mid-tier may`),
  );
}

/** One cycle for each knot of files that import one another, type imports included. */
export function cycleBreaches(files: readonly SourceFile[]): Breach[] {
  const graph = new Map(
    files
      .filter(isScript)
      .map((file) => [file.path, importsOf(file).flatMap((found) => resolve(found) ?? [])]),
  );
  const done = new Set<string>();
  const breaches: Breach[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) breaches.push(`cycle: ${[...trail.slice(start), path].join(" → ")}`);
    if (start >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return breaches;
}

/** Every literal import, export-from, dynamic import and import type, without a bundler's `?query`. */
function importsOf(file: SourceFile): Import[] {
  const found = ts.preProcessFile(file.text, true, true).importedFiles;
  return found.map(({ fileName }) => ({ from: file.path, specifier: fileName.replace(/\?.*$/, "") }));
}

/** The imported file as a path in the repository; undefined for a package or a built-in module. */
function resolve({ from, specifier }: Import): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return posix.normalize(posix.join(posix.dirname(from), specifier));
}
