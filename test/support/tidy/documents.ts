// Rules about what documents say: paths exist, the README's tables equal the code, nothing names a machine.

import { existsSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { pathToFileURL } from "node:url";
import { type Breach, isBelow, root, type SourceFile } from "./tree.ts";

/** A row of a worker's configuration, as `edge/config.ts` and `control-plane/config.ts` export them. */
type ConfigRow = {
  readonly name: string;
  readonly value: string | number | boolean;
  readonly why: string;
};

// In pieces, or this file would break its own rule.
const elsewhere = [
  new RegExp(`(?<![\\w./-])/${"work"}/`),
  new RegExp(`(?<![\\w./-])/${"farm"}/`),
  new RegExp(`(?<![\\w)\\]])\\.${"library"}\\b`),
];

export function elsewhereBreaches(files: readonly SourceFile[]): Breach[] {
  return files.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      const found = elsewhere.find((pattern) => pattern.test(line));
      return found === undefined ? [] : [`${path}:${index + 1} names a place on somebody's machine`];
    }),
  );
}

export function documentPathBreaches(files: readonly SourceFile[]): Breach[] {
  const paths = files.map(({ path }) => path);
  const tops = new Set(paths.filter((path) => path.includes("/")).map((path) => path.split("/")[0]));
  return files
    .filter(({ path }) => isDocument(path))
    .flatMap(({ path, text }) =>
      namedPaths(text)
        .flatMap(expand)
        .filter((name) => tops.has(name.split("/")[0]) && !exists(name, paths))
        .map((name) => `${path} names ${name}, which does not exist`),
    );
}

function isDocument(path: string): boolean {
  return (
    path === "README.md" || path === "ARCHITECTURE.md" || (isBelow(path, "docs") && path.endsWith(".md"))
  );
}

/** What stands in backticks and has a slash within: `edge/worker.ts`, `shared/{core,ports}`, `docs/adr/*.md`. */
function namedPaths(markdown: string): string[] {
  const prose = markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, "");
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? "");
  return spans
    .map((span) => span.replace(/^\.\//, "").replace(/(?:#[\w-]*|:\d+(?:-\d+)?)$/, ""))
    .filter((span) => /^[\w.@{][\w.@{},*-]*(?:\/[\w.@{},*-]+)*\/?$/.test(span) && span.includes("/"));
}

function expand(path: string): string[] {
  const braces = /\{([^{}]*)\}/.exec(path);
  if (braces === null) return [path];
  return (braces[1] ?? "").split(",").flatMap((part) => expand(path.replace(braces[0], part.trim())));
}

function exists(name: string, paths: readonly string[]): boolean {
  const bare = name.replace(/\/$/, "");
  return paths.some((path) => isBelow(path, bare) || (bare.includes("*") && matchesGlob(path, bare)));
}

/** Compares the table between `<!-- config:NAME -->` and `<!-- /config -->` with what the code exports. */
export function configTableBreaches(
  readme: string,
  name: string,
  rows: readonly ConfigRow[] | undefined,
): Breach[] {
  const section = new RegExp(`<!-- config:${name} -->([\\s\\S]*?)<!-- /config -->`).exec(readme)?.[1];
  if (section === undefined) {
    return rows === undefined || readme === "" ? [] : [`the README has no table config:${name}`];
  }
  if (rows === undefined) return [`the README has a table config:${name}, but the code exports none`];
  const written = tableRows(section);
  const meant = rows.map((row) => [row.name, String(row.value), row.why].join(" | "));
  const missing = meant.filter((row) => !written.includes(row)).map((row) => `config:${name} lacks: ${row}`);
  const extra = written
    .filter((row) => !meant.includes(row))
    .map((row) => `config:${name} has too much: ${row}`);
  return [...missing, ...extra];
}

/** The table that a worker's config file exports; undefined where the file, or the table, is not there. */
export async function configRows(path: string, exported: string): Promise<readonly ConfigRow[] | undefined> {
  const location = join(root, path);
  if (!existsSync(location)) return undefined;
  const module = (await import(/* @vite-ignore */ pathToFileURL(location).href)) as Record<string, unknown>;
  return module[exported] as readonly ConfigRow[] | undefined;
}

/** The body's rows with plain cells, joined by ` | `. */
function tableRows(section: string): string[] {
  const lines = section.split("\n").filter((line) => line.trim().startsWith("|"));
  return lines.slice(2).map((line) => {
    const cells = line
      .trim()
      .replace(/^\||\|$/g, "")
      .split(/(?<!\\)\|/);
    return cells
      .map((cell) =>
        cell
          .trim()
          .replace(/\\\|/g, "|")
          .replace(/^`(.*)`$/, "$1"),
      )
      .join(" | ");
  });
}
