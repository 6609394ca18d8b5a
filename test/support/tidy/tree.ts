// The project's own files as the tidy rules see them: tracked, or new and not ignored.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export type SourceFile = { readonly path: string; readonly text: string };

/** One breach of a rule, as a line to read: `path:line what is wrong`. */
export type Breach = string;

export const root = join(import.meta.dirname, "..", "..", "..");

/** Every text file below the root; deleted ones that git still lists, and binary ones, are left out. */
export function projectFiles(): SourceFile[] {
  const list = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = [...new Set(list.split("\0"))].filter((path) => path !== "" && existsSync(join(root, path)));
  const files = paths.sort().map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  return files.filter((file) => !file.text.includes("\0"));
}

export function isSource({ path }: SourceFile): boolean {
  return /\.(tsx?|mjs|lua)$/.test(path);
}

export function isScript({ path }: SourceFile): boolean {
  return /\.(tsx?|mjs)$/.test(path);
}

export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

const parsed = new WeakMap<SourceFile, ts.SourceFile>();

export function parse(file: SourceFile): ts.SourceFile {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  parsed.set(file, tree);
  return tree;
}

/** What `look` says about each node of the file, with the place in front. */
export function breachesIn(file: SourceFile, look: (node: ts.Node) => string | undefined): Breach[] {
  const tree = parse(file);
  const breaches: Breach[] = [];
  const visit = (node: ts.Node): void => {
    const said = look(node);
    if (said !== undefined) breaches.push(`${file.path}:${lineOf(tree, node)} ${said}`);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return breaches;
}

export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
}
