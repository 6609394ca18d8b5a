// The model's command line (npm run model): enumerates every configuration, hunts every mutant, keeps docs/model.md true.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isGood, linesOf, namesOf, type Result, results, type Section } from "./check.ts";
import { tableOf, withTable } from "./tables.ts";

const usage = "usage: npm run model -- [--long | --mutants | --beyond] [--write] [NAME]…";
const DOCUMENT = join(import.meta.dirname, "..", "..", "docs", "model.md");

interface Request {
  readonly section: Section;
  readonly names: readonly string[];
  readonly write: boolean;
}

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  const request = parse(argv);
  if (typeof request === "string") {
    console.error(`model: ${request}; ${usage}`);
    return 2;
  }
  const { section, names, write } = request;
  const found: Result[] = [];
  for await (const result of results(section, names.length > 0 ? [...names] : undefined)) {
    for (const line of linesOf(result)) console.log(line);
    found.push(result);
  }
  const good = found.every((result) => isGood(section, result));
  return good && (names.length > 0 || documented(section, { found, write })) ? 0 : 1;
}

function parse(argv: string[]): Request | string {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        long: { type: "boolean" },
        mutants: { type: "boolean" },
        beyond: { type: "boolean" },
        write: { type: "boolean" },
      },
    });
    const sections = (["long", "mutants", "beyond"] as const).filter((name) => values[name] === true);
    if (sections.length > 1) return `--${sections.join(" and --")} exclude each other`;
    const [section = "bounded"] = sections;
    const known = namesOf(section);
    const unknown = positionals.find((name) => !known.includes(name));
    if (unknown !== undefined) return `there is no ${unknown}; there are ${known.join(", ")}`;
    if (values.write === true && positionals.length > 0) return "--write needs all of them";
    return { section, names: positionals, write: values.write ?? false };
  } catch (error) {
    return error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error);
  }
}

/** Whether the document says what was found, after writing it there where that was asked for. */
function documented(
  section: Section,
  { found, write }: { found: readonly Result[]; write: boolean },
): boolean {
  const document = readFileSync(DOCUMENT, "utf8");
  const after = withTable(document, section, tableOf(section, found));
  if (after === document) return true;
  if (write) writeFileSync(DOCUMENT, after);
  else console.error(`docs/model.md says otherwise: npm run model -- --${section} --write`);
  return write;
}
