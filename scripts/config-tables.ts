// Writes the README's tables of limits from the files that hold them: `node scripts/config-tables.ts`.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface ConfigRow {
  readonly name: string;
  readonly value: string;
  readonly why: string;
}

/** Every property of its `…LIMITS`, with the comment before it; an empty `why` where it has none. */
export function configRows(source: string): ConfigRow[] {
  const body = /export const (?:\w+_)?LIMITS = \{\n([\s\S]*?)\n\} as const;/.exec(source)?.[1] ?? "";
  const property = /(?: {2}\/\*\*\s*([\s\S]*?)\s*\*\/\n)? {2}(\w+): (.+?),\n/g;
  return [...`${body}\n`.matchAll(property)].map(([, why = "", name = "", value = ""]) => ({
    name,
    value: value.replaceAll("_", " "),
    why: why.replace(/\s*\n\s*\*?\s*/g, " "),
  }));
}

export const configTable = (rows: readonly ConfigRow[]): string =>
  [
    "| limit | value | why |",
    "| --- | --- | --- |",
    ...rows.map(({ name, value, why }) => `| \`${name}\` | ${value} | ${escaped(why)} |`),
  ].join("\n");

const escaped = (text: string): string => text.replaceAll("|", "\\|");

/** The README with each `<!-- config:PATH -->` section made anew from that file. */
export function withConfigTables(readme: string, read: (path: string) => string): string {
  return readme.replace(
    /<!-- config:(\S+) -->[\s\S]*?<!-- \/config -->/g,
    (_section, path: string) =>
      `<!-- config:${path} -->\n${configTable(configRows(read(path)))}\n<!-- /config -->`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
  const readme = readFileSync(at("README.md"), "utf8");
  writeFileSync(
    at("README.md"),
    withConfigTables(readme, (path) => readFileSync(at(path), "utf8")),
  );
}
