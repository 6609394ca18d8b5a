// The HTTP conformance run (npm run conformance): the public cache test suite against one edge, judged by the list of expected failures.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { EXPECTED_FAILURES } from "./expected-failures.ts";
import { isSound, judge, report } from "./judge.ts";
import { runSuite } from "./suite.ts";

const usage = "usage: npm run conformance -- [--json FILE]";

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  const request = parse(argv);
  if (typeof request === "string") {
    console.error(`conformance: ${request}; ${usage}`);
    return 2;
  }
  const results = await runSuite();
  const verdict = judge(results, EXPECTED_FAILURES);
  if (request.json !== null)
    writeFileSync(request.json, `${JSON.stringify({ results, verdict }, null, 2)}\n`);
  console.log(report(verdict).join("\n"));
  return isSound(verdict) ? 0 : 1;
}

function parse(argv: string[]): { readonly json: string | null } | string {
  try {
    const { values } = parseArgs({ args: argv, options: { json: { type: "string" } } });
    return { json: values.json ?? null };
  } catch (error) {
    return error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error);
  }
}
