// `tidegate audit`: who did what, when, from where, and whether the records are still as they were written.

import { type Command, Option } from "commander";
import type { AuditQuery } from "../../client/audit.ts";
import type { AuditRecord, AuditRecords, AuditVerdict } from "../../client/schemas.ts";
import { given, runs, type Shell, type Tools, wholeNumber } from "../command.ts";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import { firstFound, tellMore, tellNoneFound } from "../first-found.ts";
import type { Colour, Output } from "../output.ts";
import { count, grouped, moment, plain } from "../wording.ts";

interface Flags {
  readonly actor?: string;
  readonly action?: AuditQuery["action"];
  readonly site?: string;
  readonly result?: AuditRecord["result"];
  readonly since?: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly csv?: true;
  readonly verify?: true;
}

const COLOURS: Readonly<Record<AuditRecord["result"], Colour>> = {
  ...{ accepted: "green", done: "green", refused: "yellow", failed: "red" },
};

const NAMES = {
  ...{ actor: "--actor", action: "--action", site: "--site", result: "--result", since: "--since" },
  ...{ limit: "--limit", cursor: "--cursor" },
};

export function addAudit(program: Command, shell: Shell): void {
  const command = program
    .command("audit")
    .description("Say who did what, newest first, and whether the records still hold.")
    .option("--actor <name>", "of this one")
    .option("--action <action>", "policy.put, or policy for all that is done to policies")
    .option("--site <site>", "of this site")
    .addOption(
      new Option("--result <result>", "what came of it").choices(["accepted", "done", "refused", "failed"]),
    )
    .option("--since <when>", "24h, or 2026-01-02T03:04:05Z")
    .option("--limit <n>", "how many (default 20)", wholeNumber(1))
    .option("--cursor <cursor>", "go on behind the page that ended with it")
    .option("--csv", "as CSV, for a spreadsheet")
    .option("--verify", "whether no record was changed, taken out or moved; exit code 6 where one was")
    .addHelpText(
      "after",
      `
Examples:
  $ tidegate audit --since 24h --action policy
  $ tidegate audit --actor cms --result refused
  $ tidegate audit --csv --since 30d > audit.csv
  $ tidegate audit --verify`,
    );
  runs<Flags>(command, { shell, names: NAMES, ofAllSites: true }, (tools, flags) =>
    flags.verify === true ? verify(tools, flags) : list(tools, flags),
  );
}

async function list({ client, out, surroundings }: Tools, flags: Flags): Promise<ExitCode> {
  const { csv, verify: _, ...query } = flags;
  const { actor, action, site, result, since, limit, cursor } = query;
  const asked = given({ actor, action, site, result, since, limit, cursor });
  if (csv === true) {
    if (out.json) throw usageError("--csv and --json exclude each other");
    for await (const page of client.audit.csv(asked)) surroundings.stdout.write(page);
    return EXIT.done;
  }
  const page = await firstFound(
    (from) => client.audit.list({ ...asked, ...given({ cursor: from }) }),
    cursor,
  );
  out.result(page, () => showRecords(out, page));
  return EXIT.done;
}

function showRecords(out: Output, page: AuditRecords): void {
  const { items } = page;
  if (items.length === 0) {
    tellNoneFound(out, page, "Nothing is recorded that fits.");
    return;
  }
  const result = {
    title: "RESULT",
    paint: (padded: string, text: string) =>
      out.paint(COLOURS[text as AuditRecord["result"]] ?? "grey", padded),
  };
  out.table(
    [
      ...["AT", "WHO", "FROM", "ACTION"].map((title) => ({ title })),
      result,
      ...["SITE", "DETAIL"].map((title) => ({ title })),
    ],
    items.map(({ at, actor, from, action, result: came, site, detail }) => [
      ...[moment(at), actor, from ?? "–", action, came, site ?? "–", detailText(detail)],
    ]),
  );
  tellMore(out, page);
}

const detailText = (detail: AuditRecord["detail"]): string =>
  Object.entries(detail)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(",") : String(value)}`)
    .join(" ");

async function verify({ client, out }: Tools, { verify: _, ...others }: Flags): Promise<ExitCode> {
  const narrowing = ["actor", "action", "site", "result", "since", "limit", "cursor", "csv"] as const;
  if (narrowing.some((name) => others[name] !== undefined))
    throw usageError("--verify is of the whole chain: it goes with no other flag");
  const verdict = await client.audit.verify();
  out.result(verdict, () => showVerdict(out, verdict));
  return verdict.holds ? EXIT.done : EXIT.partial;
}

function showVerdict(out: Output, { holds, from, to, records, firstBad, breaches }: AuditVerdict): void {
  const span = from === null || to === null ? "" : `, ${grouped(from)} to ${grouped(to)}`;
  if (holds) out.line(out.paint("green", `The chain holds: ${count(records, "record")}${span}.`));
  else
    out.line(
      out.paint(
        "red",
        `The chain does not hold${firstBad === undefined ? "" : `: record ${firstBad.seq}, ${plain(firstBad.reason)}`}.`,
      ),
    );
  for (const { foundAt, from: first, to: last } of breaches)
    out.line(`  found at ${moment(foundAt)}: records ${grouped(first)} to ${grouped(last)} were lost before`);
}
