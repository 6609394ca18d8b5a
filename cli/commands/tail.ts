// `tidegate tail`: requests as they happen, sampled, until Ctrl-C.

import { type Command, Option } from "commander";
import type { TailEvent } from "../../client/tail.ts";
import { TidegateError } from "../../client/tidegate-error.ts";
import { millis } from "../../shared/core/units.ts";
import { systemTimers } from "../../shared/runtime/system.ts";
import { collect, duration, given, runs, type Shell, someOf, type Tools, wholeNumber } from "../command.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { LeftOut } from "../tail/left-out.ts";
import { lineText, titleText } from "../tail/line.ts";

interface Flags {
  readonly result?: readonly string[];
  readonly class?: readonly string[];
  readonly site?: readonly string[];
  readonly status?: readonly string[];
  readonly path?: string;
  readonly rate?: number;
  readonly count?: number;
  readonly for?: number;
}

const RESULTS = ["hit", "stale", "miss", "pass", "coalesced", "error", "refused"];

const NAMES = {
  ...{ result: "--result", class: "--class", site: "--site", status: "--status" },
  ...{ path: "--path", rate: "--rate" },
};

const EXAMPLES = `
Flags that may be repeated take several by commas too. Of a query only the names of its parameters are shown,
and neither headers nor cookies. Where more comes than --rate, a fair sample is shown, and how many were not.
With --json each request is one line of JSON. Ctrl-C ends it with 0.

Examples:
  $ tidegate tail
  $ tidegate tail --result miss,stale --class hot
  $ tidegate tail --status 5xx --path '/api/*' --rate 200
  $ tidegate tail --json --for 10s | jq -r .path | sort | uniq -c | sort -rn | head`;

export function addTail(program: Command, shell: Shell): void {
  const command = program
    .command("tail")
    .description("Watch requests as they happen: what each got, from where, and why.")
    .addOption(new Option("--result <result>", "may be repeated").choices(RESULTS).argParser(someOf(RESULTS)))
    .option("--class <class>", "only of this class; may be repeated", collect)
    .option("--site <site>", "only of this site; may be repeated", collect)
    .option("--status <status>", "404, or 5xx for all of a hundred; may be repeated", collect)
    .option("--path <pattern>", "only paths such as /api/*, or *.example.com/api/:id")
    .option("--rate <n>", "requests shown in a second at most (default 50)", wholeNumber(1))
    .option("-n, --count <n>", "end after so many", wholeNumber(1))
    .option("--for <duration>", "end after so long", duration)
    .addHelpText("after", EXAMPLES);
  runs<Flags>(command, { shell, names: NAMES, ofAllSites: true }, tail);
}

async function tail(tools: Tools, flags: Flags): Promise<ExitCode> {
  const { client, surroundings } = tools;
  const { result, class: classes, site, status, path, rate } = flags;
  const query = given({
    ...{ result: joined(result), class: joined(classes), site: joined(site), status: joined(status) },
    ...{ path, rate },
  });
  const leaving = new AbortController();
  const stay = surroundings.onInterrupt(() => leaving.abort());
  const cancel =
    flags.for === undefined ? null : systemTimers.after(millis(flags.for), () => leaving.abort());
  try {
    return await follow(tools, client.tail(query, { signal: leaving.signal }), flags.count ?? null);
  } catch (error) {
    if (error instanceof TidegateError && leaving.signal.aborted) return EXIT.done;
    throw error;
  } finally {
    stay();
    cancel?.();
  }
}

const joined = (list: readonly string[] | undefined): string | undefined => list?.join(",");

async function follow(
  { out }: Tools,
  events: AsyncIterable<TailEvent>,
  most: number | null,
): Promise<ExitCode> {
  const left = new LeftOut(out);
  let shown = 0;
  if (!out.json) out.note(titleText());
  try {
    for await (const event of events) {
      if (event.kind === "dropped") left.add(event.dropped);
      if (event.kind === "interrupted")
        out.note("The stream has broken off, and is begun anew: what happens meanwhile is not shown.");
      if (event.kind !== "request") continue;
      if (out.json) out.line(JSON.stringify(event.request));
      else out.line(lineText(out, event.request));
      left.showAgain();
      shown += 1;
      if (shown === most) break;
    }
  } finally {
    left.close();
  }
  return EXIT.done;
}
