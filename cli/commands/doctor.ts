// `tidegate doctor`: whether everything is as it should be, and what to do where it is not.

import type { Command } from "commander";
import { runsAlone, type Shell } from "../command.ts";
import { type Finding, lookAround } from "../doctor/look.ts";
import { EXIT } from "../exit.ts";
import type { Colour, Output } from "../output.ts";
import { count, plain } from "../wording.ts";

interface Flags {
  readonly problems?: true;
}

const MARKS: Readonly<Record<Finding["state"], readonly [mark: string, colour: Colour]>> = {
  ok: ["✓", "green"],
  warn: ["!", "yellow"],
  fail: ["✗", "red"],
  unknown: ["?", "grey"],
};

export function addDoctor(program: Command, shell: Shell): void {
  const command = program
    .command("doctor")
    .description(
      "Look at configuration, connections, clocks, Redis, edges, policies and tokens; say what to do.",
    )
    .option("--problems", "only what is not well")
    .addHelpText(
      "after",
      `
Nothing is changed. "?" is what nobody tells, as some of Redis' settings on Upstash: that is no fault.
Exit code 6 where something fails; warnings alone are 0.

Examples:
  $ tidegate doctor
  $ tidegate doctor --problems
  $ tidegate doctor --json | jq '.checks[] | select(.state == "fail")'`,
    );
  runsAlone<Flags>(command, { shell }, async ({ out, surroundings, settings }, flags) => {
    out.progress(() => "Looking around …");
    const checks = await lookAround(flags, settings, surroundings);
    out.clear();
    const sums = { ok: 0, warn: 0, fail: 0, unknown: 0 };
    for (const { state } of checks) sums[state] += 1;
    out.result({ ...sums, checks }, () => {
      show(out, flags.problems === true ? checks.filter(({ state }) => state !== "ok") : checks);
      out.line(
        `${count(sums.fail, "failure")}, ${count(sums.warn, "warning")}, ${sums.ok} well, ${sums.unknown} not known`,
      );
    });
    return sums.fail > 0 ? EXIT.partial : EXIT.done;
  });
}

/** Area by area, in the order in which they came up. */
function show(out: Output, checks: readonly Finding[]): void {
  for (const area of new Set(checks.map((check) => check.area))) {
    out.line(out.paint("bold", area));
    for (const { state, what, advice } of checks.filter((check) => check.area === area)) {
      const [mark, colour] = MARKS[state];
      out.line(`  ${out.paint(colour, mark)} ${plain(what)}`);
      if (advice !== null) out.line(out.paint("grey", `      ${plain(advice)}`));
    }
    out.line();
  }
}
