// Breaks one fragment of the system's source text while it is loaded, so that production holds no switch for tests.

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { type Fragment, MUTANTS } from "./mutants.ts";

/** From now on the named mutant is what gets loaded. Throws where its fragment is not found exactly once. */
export function mutate(name: string, mutants: Readonly<Record<string, Fragment>> = MUTANTS): void {
  const mutant = mutants[name];
  if (mutant === undefined) throw new Error(`no such mutant: ${name}`);
  const target = new URL(`../../${mutant.file}`, import.meta.url).href;
  const source = mutated(readFileSync(fileURLToPath(target), "utf8"), { name, mutant });
  registerHooks({
    load(url, context, nextLoad) {
      if (url !== target) return nextLoad(url, context);
      return url.endsWith(".lua")
        ? { format: "module", source: `export default ${JSON.stringify(source)};`, shortCircuit: true }
        : { format: "module-typescript", source, shortCircuit: true };
    },
  });
}

function mutated(
  text: string,
  { name, mutant }: { readonly name: string; readonly mutant: Fragment },
): string {
  const parts = text.split(mutant.find);
  if (parts.length !== 2)
    throw new Error(`${name}: its fragment is ${parts.length - 1} times in ${mutant.file}, not once`);
  return parts.join(mutant.put);
}
