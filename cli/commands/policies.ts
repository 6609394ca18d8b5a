// `tidegate policies`: the metadata table, listed, shown, checked and changed by version.

import type { Command } from "commander";
import type { Policies, Policy } from "../../client/schemas.ts";
import { agreed } from "../agree.ts";
import { duration, runs, type Shell } from "../command.ts";
import { EXIT } from "../exit.ts";
import type { Output } from "../output.ts";
import { type ApplyFlags, applyPolicies, faultLine } from "../policies/apply.ts";
import { readPolicyFile } from "../policies/file.ts";
import { type SuggestFlags, suggestPolicies } from "../policies/suggest.ts";
import { plain } from "../wording.ts";

interface SiteFlag {
  readonly site?: string;
}

const NAMES = { site: "--site", id: "ID" };

export function addPolicies(program: Command, shell: Shell): void {
  const policies = program
    .command("policies")
    .description("Read and change the metadata table: which URLs are cached how.")
    .addHelpText(
      "after",
      `
Examples:
  $ tidegate policies list
  $ tidegate policies apply -f policies.json --dry-run
  $ tidegate policies apply -f policies.json --prune --yes
  $ tidegate policies suggest --site shop`,
    );
  addList(policies, shell);
  addGet(policies, shell);
  addValidate(policies, shell);
  addApply(policies, shell);
  addDelete(policies, shell);
  addSuggest(policies, shell);
}

const ofSite = ({ site }: SiteFlag): SiteFlag => (site === undefined ? {} : { site });

function addList(policies: Command, shell: Shell): void {
  const command = policies
    .command("list")
    .description("List the rows, in the order in which they are asked.")
    .option("--site <site>", "of one site")
    .addHelpText("after", "\nExample:\n  $ tidegate policies list --site shop");
  runs<SiteFlag>(command, { shell, names: NAMES }, async ({ client, out }, flags) => {
    const list = await client.policies.list(ofSite(flags));
    out.result(list, () => showList(out, list));
    return EXIT.done;
  });
}

function showList(out: Output, { items, unreadable }: Policies): void {
  const ranked = [...items].sort((a, b) => {
    const [one, other] = [a.policy.site, b.policy.site];
    return one === other ? a.rank - b.rank : one < other ? -1 : 1;
  });
  out.table(
    [
      { title: "SITE" },
      { title: "RANK", align: "right" },
      { title: "ID" },
      { title: "PATTERN" },
      { title: "CLASS" },
      { title: "SAYS" },
    ],
    ranked.map(({ policy, rank }) => [
      policy.site,
      String(rank),
      policy.id,
      policy.key_pattern,
      policy.class,
      rest(policy),
    ]),
  );
  for (const field of unreadable) out.warn(`Not readable by this release: ${plain(field)}`);
}

/** What it wants otherwise than its class. */
function rest({ id: _id, site: _site, key_pattern: _pattern, class: _class, ...fields }: Policy): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}

function addGet(policies: Command, shell: Shell): void {
  const command = policies
    .command("get")
    .argument("<id>")
    .description("Show one row, as a file for `apply` may have it.")
    .option("--site <site>", "of which site (default: default)")
    .addHelpText("after", "\nExample:\n  $ tidegate policies get products > products.json");
  runs<SiteFlag>(command, { shell, names: NAMES }, async ({ client, out }, flags, [id]) => {
    const found = await client.policies.get(String(id), ofSite(flags));
    out.result(found, () => {
      out.line(JSON.stringify(found.policy, null, 2));
      out.note(`version ${found.version}`);
    });
    return EXIT.done;
  });
}

function addValidate(policies: Command, shell: Shell): void {
  const command = policies
    .command("validate")
    .description("Check a file against the table, without changing anything.")
    .requiredOption("-f, --file <file>", "JSON array of policies; - is standard input")
    .option("--site <site>", "of rows that name none (default: default)")
    .addHelpText("after", "\nExample:\n  $ tidegate policies validate -f policies.json");
  runs<SiteFlag & { file: string }>(
    command,
    { shell },
    async ({ client, out, surroundings }, { file, site }) => {
      const rows = await readPolicyFile(file, site ?? "default", surroundings);
      const verdict = await client.policies.validate(rows);
      out.result(verdict, () => {
        for (const fault of verdict.errors) out.line(out.paint("red", `✗ ${faultLine(fault, rows)}`));
        for (const fault of verdict.warnings) out.line(out.paint("yellow", `! ${faultLine(fault, rows)}`));
        out.line(verdict.valid ? out.paint("green", `${file} can be applied.`) : `${file} can't be applied.`);
      });
      return verdict.valid ? EXIT.done : EXIT.usage;
    },
  );
}

function addApply(policies: Command, shell: Shell): void {
  const command = policies
    .command("apply")
    .description("Make the table what a file says: show the difference, ask, change, and wait for the edges.")
    .requiredOption(
      "-f, --file <file>",
      "JSON array of policies, as `npm start -- --policies` takes it; - is standard input",
    )
    .option("--prune", "take out the rows of the file's sites that it does not have")
    .option("--dry-run", "only show the difference")
    .option("--yes", "don't ask; needed where nobody can be asked")
    .option("--site <site>", "of rows that name none (default: default)")
    .option("--timeout <duration>", "how long to wait for the edges (default 10s)", duration)
    .addHelpText(
      "after",
      `
Each row is changed only from the version that was shown: exit code 5 where somebody was quicker.

Examples:
  $ tidegate policies apply -f policies.json
  $ tidegate policies apply -f policies.json --prune --yes --json`,
    );
  runs<ApplyFlags>(command, { shell }, applyPolicies);
}

function addDelete(policies: Command, shell: Shell): void {
  const command = policies
    .command("delete")
    .argument("<id>")
    .description("Take one row out.")
    .option("--site <site>", "of which site (default: default)")
    .option("--yes", "don't ask; needed where nobody can be asked")
    .addHelpText("after", "\nExample:\n  $ tidegate policies delete old-assets --yes");
  runs<SiteFlag & { yes?: true }>(command, { shell, names: NAMES }, async (tools, flags, [id]) => {
    const { client, out } = tools;
    const found = await client.policies.get(String(id), ofSite(flags));
    const { site, key_pattern, class: className } = found.policy;
    await agreed(tools, flags, {
      question: `Take out ${plain(`${site}/${String(id)} (${key_pattern}, ${className})`)}?`,
      nothing: "Nothing was changed",
    });
    const { position } = await client.policies.delete(String(id), {
      ifMatch: found.version,
      ...ofSite(flags),
    });
    out.result({ deleted: found.policy, version: found.version, position }, () =>
      out.line(
        `${found.policy.site}/${found.policy.id} is gone${position === null ? "" : ` from position ${position} on`}.`,
      ),
    );
    return EXIT.done;
  });
}

function addSuggest(policies: Command, shell: Shell): void {
  const command = policies
    .command("suggest")
    .description("Say which classes the observed traffic of a site asks for, and why.")
    .option("--site <site>", "of which site (default: default)")
    .addHelpText(
      "after",
      `
Nothing is changed. A suggestion's row says nothing but the class.

Examples:
  $ tidegate policies suggest
  $ tidegate policies suggest --json | jq '[.items[0].row + {id: "prices"}]' > rows.json`,
    );
  runs<SuggestFlags>(command, { shell, names: NAMES }, suggestPolicies);
}
