// `tidegate tokens`: who may ask for what; made, listed and revoked with an admin's token.

import { type Command, Option } from "commander";
import type { NewToken, Token } from "../../client/schemas.ts";
import { agreed } from "../agree.ts";
import { collect, duration, given, listOf, runs, type Shell, someOf, type Tools } from "../command.ts";
import { each, tellFailed } from "../each.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Output } from "../output.ts";
import { count, moment, plain } from "../wording.ts";

type Scope = NewToken["scopes"][number];

interface CreateFlags {
  readonly scope: readonly Scope[];
  readonly site?: readonly string[];
  readonly pattern?: readonly string[];
  readonly expires?: number;
}

interface RevokeFlags {
  readonly yes?: true;
}

const SCOPES: readonly Scope[] = ["read", "purge", "warm", "policy", "chaos", "admin"];

export function addTokens(program: Command, shell: Shell): void {
  const tokens = program
    .command("tokens")
    .description("Make, list and revoke tokens: who may ask for what.")
    .addHelpText(
      "after",
      `
Examples:
  $ tidegate tokens create deploys --scope purge --scope warm --site shop --expires 365d
  $ tidegate tokens list
  $ tidegate tokens revoke 4c1f…`,
    );
  addCreate(tokens, shell);
  addList(tokens, shell);
  addRevoke(tokens, shell);
}

function addCreate(tokens: Command, shell: Shell): void {
  const command = tokens
    .command("create")
    .argument("<name>", "as the audit log names whoever uses it")
    .description("Make a token. Its text is on stdout, this once and never again.")
    .addOption(
      new Option("--scope <scope>", "what it may do; may be repeated")
        .choices(SCOPES)
        .argParser(someOf(SCOPES))
        .makeOptionMandatory(),
    )
    .option("--site <site>", "only of this site; may be repeated", collect)
    .option("--pattern <pattern>", "only purge within it: tag:news-*, prefix:/news; may be repeated", collect)
    .option("--expires <duration>", "ends after so long, such as 90d (default: never)", duration)
    .addHelpText(
      "after",
      `
Give each program a token of its own, with no more than it needs: admin includes all other scopes.

Examples:
  $ tidegate tokens create cms --scope purge --pattern 'tag:article-*' > cms.token
  $ tidegate tokens create grafana --scope read --json | jq -r .token`,
    );
  const names = {
    name: "NAME",
    scopes: "--scope",
    sites: "--site",
    patterns: "--pattern",
    expiresAt: "--expires",
  };
  runs<CreateFlags>(command, { shell, names, ofAllSites: true }, async ({ client, out }, flags, [name]) => {
    const { scope: scopes, site: sites, pattern: patterns, expires } = flags;
    const expiresAt = expires === undefined ? undefined : new Date(Date.now() + expires).toISOString();
    const made = await client.tokens.create({
      ...{ name: String(name), scopes },
      ...given({ sites, patterns, expiresAt }),
    });
    out.result(made, () => {
      out.note(
        `${plain(made.name)} (${made.id}) may ${made.scopes.join(", ")}${endOf(made)}. It is shown this once:`,
      );
      out.line(made.token);
    });
    return EXIT.done;
  });
}

const endOf = ({ expiresAt }: Pick<Token, "expiresAt">): string =>
  expiresAt === null ? "" : `, until ${moment(expiresAt)}`;

function addList(tokens: Command, shell: Shell): void {
  const command = tokens
    .command("list")
    .description("List the tokens, without their texts.")
    .addHelpText(
      "after",
      "\nExample:\n  $ tidegate tokens list --json | jq '.items[] | select(.scopes[] == \"admin\")'",
    );
  runs(command, { shell }, async ({ client, out }) => {
    const list = await client.tokens.list();
    out.result(list, () => showList(out, list.items));
    return EXIT.done;
  });
}

function showList(out: Output, items: readonly Token[]): void {
  if (items.length === 0) {
    out.line("There are no tokens beside the environment's own.");
    return;
  }
  out.table(
    ["NAME", "SCOPES", "SITES", "PATTERNS", "CREATED", "USED", "EXPIRES", "ID"].map((title) => ({ title })),
    items.map(({ name, scopes, sites, patterns, createdAt, lastUsedAt, expiresAt, id }) => [
      ...[name, scopes.join(" "), sites?.join(" ") ?? "all", patterns?.join(" ") ?? "all"],
      ...[moment(createdAt), lastUsedAt === null ? "never" : moment(lastUsedAt)],
      ...[expiresAt === null ? "never" : moment(expiresAt), id],
    ]),
  );
}

function addRevoke(tokens: Command, shell: Shell): void {
  const command = tokens
    .command("revoke")
    .argument("<id...>", "as `tokens list` shows them")
    .description("Revoke tokens: within seconds nobody takes them any more.")
    .option("--yes", "don't ask; needed where nobody can be asked")
    .addHelpText("after", "\nExample:\n  $ tidegate tokens revoke 4c1f… --yes");
  runs<RevokeFlags>(command, { shell, names: { id: "ID" } }, (tools, flags, [ids]) =>
    revoke(tools, flags, [...new Set(listOf(ids))]),
  );
}

async function revoke(tools: Tools, flags: RevokeFlags, ids: readonly string[]): Promise<ExitCode> {
  const { client, out, surroundings } = tools;
  // Whoever is asked sees whose they are.
  if (flags.yes !== true && surroundings.ask !== null && !out.json)
    showList(out, await Promise.all(ids.map((id) => client.tokens.get(id))));
  const question = `Revoke ${count(ids.length, "token")}? Whoever uses ${ids.length === 1 ? "it" : "them"} is refused.`;
  await agreed(tools, flags, { question, nothing: "Nothing was revoked" });
  const tried = await each(ids, (id) => client.tokens.revoke(id).then(() => id));
  const { done: revoked, failed, untried, exit } = tried;
  out.result({ revoked, failed, untried }, () => {
    for (const id of revoked) out.line(`${plain(id)} is revoked.`);
  });
  tellFailed(out, tried);
  return exit;
}
