// Rules about what documents say: paths exist, the README's tables equal the code, nothing names a machine.

import { matchesGlob } from "node:path";
import { type Breach, isBelow, type SourceFile } from "./tree.ts";

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

const adrIndex = "docs/adr/README.md";

/** Every decision stands in the index by its number and its title, with a line on what it is. */
export function decisionBreaches(files: readonly SourceFile[]): Breach[] {
  const index = files.find(({ path }) => path === adrIndex)?.text.split("\n") ?? [];
  return files.flatMap(({ path, text }) => {
    const [, name] = /^docs\/adr\/(\d{4}-[\w-]+\.md)$/.exec(path) ?? [];
    if (name === undefined) return [];
    const [, number, title] = /^# (\d+)\. (.+)/.exec(text) ?? [];
    const row = `| ${number} | [${title}](${name}) | `;
    const told = index.some((line) => line.startsWith(row) && line.length > `${row} |`.length);
    return told
      ? []
      : [`${adrIndex} has no row that begins with "${row}" and says in a line what was decided`];
  });
}
