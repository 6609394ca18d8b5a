// Tells what a command that Redis was sent is: the script that it runs, by its file, or its own name.

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../shared/mid-tier/scripts/", import.meta.url);

/** Every script opens with a comment of its own, and what they share is put before it. */
const OPENINGS = readdirSync(FOLDER)
  .filter((file) => !file.endsWith("-prelude.lua"))
  .map((file) => {
    const text = readFileSync(new URL(file, FOLDER), "utf8");
    return [file.replace(/\.lua$/, ""), text.slice(0, text.indexOf("\n"))] as const;
  });

/** `read-or-lease` of an EVAL of that script, `hgetall` of an HGETALL; `eval` of a script that is none of ours. */
export function nameOf([command = "", script = ""]: readonly string[]): string {
  const name = command.toLowerCase();
  if (name !== "eval") return name;
  return OPENINGS.find(([, line]) => script.includes(line))?.[0] ?? name;
}
