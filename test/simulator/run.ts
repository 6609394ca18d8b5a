// The simulator's command line (npm run sim): so many seeds, all of which must pass, or a mutant that must be caught.

import { mutate } from "./mutate.ts";
import { parse, USAGE } from "./request.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  const request = parse(argv);
  if (typeof request === "string") {
    console.error(`sim: ${request}; ${USAGE}`);
    return 2;
  }
  if (request.mutant !== null) mutate(request.mutant);
  // Loaded only now, so that a mutant's text is what gets loaded.
  if (request.mutant === null) return (await import("./run-seeds.ts")).runSeeds(request);
  return (await import("./hunt.ts")).hunt(request, request.mutant);
}
