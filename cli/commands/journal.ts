// `tidegate journal`: writes that the origin does not have yet, and what somebody decides of those that it will not take.

import { type Command, Option } from "commander";
import type { Journal } from "../../client/schemas.ts";
import { agreed } from "../agree.ts";
import { given, listOf, runs, type Shell, type Tools, wholeNumber } from "../command.ts";
import { each, tellFailed } from "../each.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { showLosses, showOperations, showTotals } from "../journal-table.ts";
import type { Output } from "../output.ts";
import { count, plain } from "../wording.ts";

interface ListFlags {
  readonly state?: "all" | "dead-lettered";
  readonly limit?: number;
  readonly cursor?: string;
}

interface DropFlags {
  readonly yes?: true;
}

const LIST_NAMES = { state: "--state", limit: "--limit", cursor: "--cursor" };
const ID_NAMES = { id: "ID" };

export function addJournal(program: Command, shell: Shell): void {
  const journal = program
    .command("journal")
    .description("Writes that are acknowledged and that the origin does not have yet.")
    .addHelpText(
      "after",
      `
Examples:
  $ tidegate journal list --state dead-lettered
  $ tidegate journal retry 8c1f… 02ab…
  $ tidegate journal drop 8c1f… --yes`,
    );
  addList(journal, shell);
  addShow(journal, shell);
  addRetry(journal, shell);
  addDrop(journal, shell);
}

function addList(journal: Command, shell: Shell): void {
  const command = journal
    .command("list")
    .description("List what waits, database by database, oldest first, and account for all writes.")
    .addOption(new Option("--state <state>", "which (default: all)").choices(["all", "dead-lettered"]))
    .option("--limit <n>", "how many (default 20)", wholeNumber(1))
    .option("--cursor <cursor>", "go on behind the page that ended with it")
    .addHelpText(
      "after",
      `
Exit code 6 where a database does not answer: what waits there is missing.

Examples:
  $ tidegate journal list
  $ tidegate journal list --state dead-lettered --json | jq -r '.items[].id'`,
    );
  runs<ListFlags>(
    command,
    { shell, names: LIST_NAMES },
    async ({ client, out }, { state, limit, cursor }) => {
      const page = await client.journal.list(given({ state, limit, cursor }));
      out.result(page, () => showPage(out, page, state));
      showLosses(out, page.losses);
      if (page.silent.length === 0) return EXIT.done;
      out.warn(`No answer from ${page.silent.map(plain).join(", ")}: what waits there is not known.`);
      return EXIT.partial;
    },
  );
}

function showPage(out: Output, { items, nextCursor, shards }: Journal, state: ListFlags["state"]): void {
  if (items.length > 0) showOperations(out, items);
  else out.line(state === "dead-lettered" ? "Nothing is dead-lettered." : "Nothing waits.");
  out.line();
  showTotals(out, shards);
  if (nextCursor !== null) out.note(`more: --cursor ${nextCursor}`);
}

function addShow(journal: Command, shell: Shell): void {
  const command = journal
    .command("show")
    .argument("<id>", "as `Tidegate-Journal` said")
    .description("Show one operation; exit code 4 once the origin has it.")
    .addHelpText("after", "\nExample:\n  $ tidegate journal show 8c1f…");
  runs(command, { shell, names: ID_NAMES }, async ({ client, out }, _flags, [id]) => {
    const operation = await client.journal.get(String(id));
    out.result(operation, () => {
      showOperations(out, [operation]);
      out.note(
        `for ${count(operation.writes, "write")} of the site ${operation.site}, on ${operation.shard}`,
      );
    });
    return EXIT.done;
  });
}

function addRetry(journal: Command, shell: Shell): void {
  const command = journal
    .command("retry")
    .argument("<id...>", "as `journal list` shows them")
    .description(
      "Have operations tried again at once, the dead-lettered too; behind others of their URL, after these.",
    )
    .addHelpText("after", "\nExample:\n  $ tidegate journal retry 8c1f… 02ab…");
  runs(command, { shell, names: ID_NAMES }, async ({ client, out }, _flags, [ids]) => {
    const tried = await each(listOf(ids), (id) => client.journal.retry(id));
    const { done: retried, failed, untried, exit } = tried;
    out.result({ retried, failed, untried }, () => {
      for (const { id, method, url, state } of retried) {
        const when = state === "behind" ? " when what is before it of its URL is delivered or dropped" : "";
        out.line(`${plain(id)} is tried again${when}: ${plain(`${method} ${url}`)}`);
      }
    });
    tellFailed(out, tried);
    return exit;
  });
}

function addDrop(journal: Command, shell: Shell): void {
  const command = journal
    .command("drop")
    .argument("<id...>", "as `journal list` shows them")
    .description("Give operations up: they are not sent to the origin any more.")
    .option("--yes", "don't ask; needed where nobody can be asked")
    .addHelpText(
      "after",
      `
What was written before the last write of a URL counts again, unless the origin has refused that or may have had it.
So may it have had what is dropped: its URL is purged. The audit log keeps who dropped what.

Example:
  $ tidegate journal drop 8c1f… --yes`,
    );
  runs<DropFlags>(command, { shell, names: ID_NAMES }, (tools, flags, [ids]) =>
    drop(tools, flags, [...new Set(listOf(ids))]),
  );
}

async function drop(tools: Tools, flags: DropFlags, ids: readonly string[]): Promise<ExitCode> {
  const { client, out, surroundings } = tools;
  // Whoever is asked sees what it is about.
  if (flags.yes !== true && surroundings.ask !== null && !out.json)
    showOperations(out, await Promise.all(ids.map((id) => client.journal.get(id))));
  const question = `Drop ${count(ids.length, "operation")}? ${ids.length === 1 ? "It is" : "They are"} not sent to the origin any more.`;
  await agreed(tools, flags, { question, nothing: "Nothing was dropped" });
  const tried = await each(ids, (id) => client.journal.drop(id).then(() => id));
  const { done: dropped, failed, untried, exit } = tried;
  out.result({ dropped, failed, untried }, () => {
    for (const id of dropped) out.line(`${plain(id)} is dropped.`);
  });
  tellFailed(out, tried);
  return exit;
}
