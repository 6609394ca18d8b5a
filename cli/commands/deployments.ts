// `tidegate deployments`: tells the charts that a version went out, and lists those that did.

import type { Command } from "commander";
import type { Deployments } from "../../client/schemas.ts";
import { given, runs, type Shell, wholeNumber } from "../command.ts";
import { EXIT } from "../exit.ts";
import { firstFound, tellMore, tellNoneFound } from "../first-found.ts";
import type { Output } from "../output.ts";
import { moment, plain } from "../wording.ts";

interface NoteFlags {
  readonly note?: string;
  readonly link?: string;
  readonly site?: string;
}

interface ListFlags {
  readonly limit?: number;
  readonly cursor?: string;
}

export function addDeployments(program: Command, shell: Shell): void {
  const deployments = program
    .command("deployments")
    .description("Mark on the charts when which version went out.")
    .addHelpText("after", "\nExamples:\n  $ tidegate deployments note v1.42\n  $ tidegate deployments list");
  const note = deployments
    .command("note")
    .argument("<version>", "as you call it")
    .description("Say that a version went out just now.")
    .option("--note <text>", "what is new")
    .option("--link <url>", "where more is said")
    .option("--site <site>", "of this site")
    .addHelpText(
      "after",
      '\nExample:\n  $ tidegate deployments note "$(git describe)" --link https://ci.example.com/42',
    );
  const names = { version: "VERSION", note: "--note", url: "--link", site: "--site" };
  runs<NoteFlags>(
    note,
    { shell, names },
    async ({ client, out }, { note: text, link: url, site }, [version]) => {
      const noted = await client.deployments.create({
        version: String(version),
        ...given({ note: text, url, site }),
      });
      out.result(noted, () => out.line(plain(`${noted.version} is noted at ${moment(noted.at)}.`)));
      return EXIT.done;
    },
  );
  addList(deployments, shell);
}

function addList(deployments: Command, shell: Shell): void {
  const command = deployments
    .command("list")
    .description("List them, newest first.")
    .option("--limit <n>", "how many (default 20)", wholeNumber(1))
    .option("--cursor <cursor>", "go on behind the page that ended with it")
    .addHelpText("after", "\nExample:\n  $ tidegate deployments list --limit 5");
  const names = { limit: "--limit", cursor: "--cursor" };
  runs<ListFlags>(command, { shell, names }, async ({ client, out }, { limit, cursor }) => {
    const page = await firstFound((from) => client.deployments.list(given({ limit, cursor: from })), cursor);
    out.result(page, () => showDeployments(out, page));
    return EXIT.done;
  });
}

function showDeployments(out: Output, page: Deployments): void {
  if (page.items.length === 0) {
    tellNoneFound(out, page, "No deployment is recorded.");
    return;
  }
  out.table(
    ["AT", "VERSION", "SITE", "WHO", "NOTE", "LINK"].map((title) => ({ title })),
    page.items.map(({ at, version, site, actor, note, url }) => [
      ...[moment(at), version, site ?? "all", actor, note ?? "–", url ?? "–"],
    ]),
  );
  tellMore(out, page);
}
