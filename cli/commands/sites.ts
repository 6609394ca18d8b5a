// `tidegate sites`: origins and their hostnames, listed, shown, made, changed by version, and taken out.

import type { Command } from "commander";
import type { Sites } from "../../client/schemas.ts";
import { agreed } from "../agree.ts";
import { awaitEdges, EDGES_TIMEOUT_MS, tellEdges } from "../await-edges.ts";
import { collect, duration, runs, type Shell, type Tools } from "../command.ts";
import { CommandError, EXIT, type ExitCode } from "../exit.ts";
import type { Output } from "../output.ts";
import { originFlag, PUT_NAMES, type PutFlags, putSite } from "../sites/put.ts";
import { count, grouped, plain } from "../wording.ts";

interface DeleteFlags {
  readonly withPolicies?: true;
  readonly yes?: true;
  readonly timeout?: number;
}

export function addSites(program: Command, shell: Shell): void {
  const sites = program
    .command("sites")
    .description("Read and change the sites: origins and their hostnames.")
    .addHelpText(
      "after",
      `
Examples:
  $ tidegate sites list
  $ tidegate sites put blog --origin https://blog-origin.example --host blog.example --host '*.blog.example'
  $ tidegate sites delete blog --with-policies`,
    );
  addList(sites, shell);
  addGet(sites, shell);
  addPut(sites, shell);
  addDelete(sites, shell);
}

function addList(sites: Command, shell: Shell): void {
  const command = sites
    .command("list")
    .description("List the sites by name.")
    .addHelpText("after", "\nExample:\n  $ tidegate sites list --json | jq -r '.items[].site.name'");
  runs(command, { shell }, async ({ client, out }) => {
    const list = await client.sites.list();
    out.result(list, () => showList(out, list));
    return EXIT.done;
  });
}

function showList(out: Output, { items, unreadable }: Sites): void {
  out.table(
    [
      ...["SITE", "ORIGIN", "HOSTS", "ALIASES"].map((title) => ({ title })),
      { title: "POLICIES", align: "right" },
    ],
    items.map(({ site, policies }) => [
      ...[site.name, site.origin ?? "none", site.hosts.join(" "), site.aliases.join(" ") || "–"],
      grouped(policies),
    ]),
  );
  for (const field of unreadable) out.warn(`Not readable by this release: ${plain(field)}`);
}

function addGet(sites: Command, shell: Shell): void {
  const command = sites
    .command("get")
    .argument("<name>")
    .description("Show one site, as a file for `put` may have it.")
    .addHelpText("after", "\nExample:\n  $ tidegate sites get blog > blog.json");
  runs(command, { shell }, async ({ client, out }, _flags, [name]) => {
    const found = await client.sites.get(String(name));
    out.result(found, () => {
      out.line(JSON.stringify(found.site, null, 2));
      out.note(`version ${found.version}`);
    });
    return EXIT.done;
  });
}

function addPut(sites: Command, shell: Shell): void {
  const command = sites
    .command("put")
    .argument("<name>")
    .description("Make a site, or change it, and wait for the edges.")
    .option("-f, --file <file>", "the whole site as a JSON object; - is standard input")
    .option("--origin <url>", "http(s)://host[:port]; zone; or none", originFlag)
    .option("--host <host>", "all of its hosts; may be repeated", collect)
    .option("--alias <host>", "all of its aliases; may be repeated", collect)
    .option("--canonical-host <host>", "in whose name its aliases are known")
    .option("--keep-answers", "another origin answers as the one before did: what is stored stays")
    .option("--dry-run", "only check it")
    .option("--timeout <duration>", "how long to wait for the edges (default 10s)", duration)
    .addHelpText(
      "after",
      `
Without a file, what no flag speaks of stays as it is. It is changed only from the version that was
read: exit code 5 where somebody was quicker. Another origin ends all stored answers of the site.

Examples:
  $ tidegate sites put blog --origin https://blog-origin.example --host blog.example
  $ tidegate sites get blog > blog.json; tidegate sites put blog -f blog.json --dry-run`,
    );
  runs<PutFlags>(command, { shell, names: PUT_NAMES }, (tools, flags, [name]) =>
    putSite(tools, flags, String(name)),
  );
}

function addDelete(sites: Command, shell: Shell): void {
  const command = sites
    .command("delete")
    .argument("<name>")
    .description("Take a site out, and wait for the edges.")
    .option("--with-policies", "its policies, too")
    .option("--yes", "don't ask; needed where nobody can be asked")
    .option("--timeout <duration>", "how long to wait for the edges (default 10s)", duration)
    .addHelpText("after", "\nExample:\n  $ tidegate sites delete blog --with-policies --yes");
  runs<DeleteFlags>(command, { shell }, (tools, flags, [name]) => remove(tools, flags, String(name)));
}

async function remove(tools: Tools, flags: DeleteFlags, name: string): Promise<ExitCode> {
  const { client, out } = tools;
  const entry = (await client.sites.list()).items.find(({ site }) => site.name === name);
  if (entry === undefined) throw new CommandError(EXIT.notFound, `There is no site ${name}.`);
  const { site, version, policies } = entry;
  if (policies > 0 && flags.withPolicies !== true)
    throw new CommandError(
      EXIT.conflict,
      `${count(policies, "policy is", "policies are")} of the site ${name}: --with-policies takes them out with it.`,
    );
  const along = policies > 0 ? ` and ${count(policies, "policy", "policies")}` : "";
  await agreed(tools, flags, {
    question: `Take out ${plain(`${name} (${site.hosts.join(", ")})`)}${along}?`,
    nothing: "Nothing was changed",
  });
  const { position } = await client.sites.delete(name, {
    ifMatch: version,
    ...(flags.withPolicies === true && { policies: "delete" }),
  });
  const edges =
    position === null ? null : await awaitEdges(client, position, flags.timeout ?? EDGES_TIMEOUT_MS);
  out.result({ deleted: site, version, policies, position, edges }, () =>
    out.line(`${plain(name)} is gone${position === null ? "" : ` from position ${position} on`}.`),
  );
  return edges === null ? EXIT.done : tellEdges(out, edges);
}
