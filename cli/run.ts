// The command line from its arguments to its exit code.

import { Command, CommanderError, Option } from "commander";
import type { Shell } from "./command.ts";
import { addAlerts } from "./commands/alerts.ts";
import { addAudit } from "./commands/audit.ts";
import { addChaos } from "./commands/chaos.ts";
import { addCompletion } from "./commands/completion.ts";
import { addConfig } from "./commands/config.ts";
import { addDeployments } from "./commands/deployments.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEdges } from "./commands/edges.ts";
import { addExplain } from "./commands/explain.ts";
import { addJournal } from "./commands/journal.ts";
import { addMetrics } from "./commands/metrics.ts";
import { addPolicies } from "./commands/policies.ts";
import { addPurge } from "./commands/purge.ts";
import { addReceipts } from "./commands/receipts.ts";
import { addShards } from "./commands/shards.ts";
import { addSites } from "./commands/sites.ts";
import { addTail } from "./commands/tail.ts";
import { addTokens } from "./commands/tokens.ts";
import { addWarm } from "./commands/warm.ts";
import { EXIT, type ExitCode, exitOf } from "./exit.ts";
import { tellFailure } from "./failure.ts";
import { Output } from "./output.ts";
import { CHOICES } from "./settings/keys.ts";
import { readSettings } from "./settings/settings.ts";
import type { Surroundings } from "./surroundings.ts";
import { VERSION } from "./version.ts";

/** In the order in which the help names them. */
const COMMANDS = [
  ...[addPurge, addWarm, addPolicies, addSites, addExplain],
  ...[
    addReceipts,
    addJournal,
    addEdges,
    addShards,
    addMetrics,
    addTail,
    addAlerts,
    addAudit,
    addDeployments,
    addTokens,
    addChaos,
    addDoctor,
    addConfig,
    addCompletion,
  ],
];

const AFTER = `
Configuration (\`tidegate config\` shows what holds, and why):
  flags, else the environment, else the nearest tidegate.toml, else http://127.0.0.1:8780 with what
  \`npm start\` keeps in .tidegate/admin-token

Exit codes:
  0 done  1 unexpected  2 usage  3 no or wrong token  4 not found  5 conflict
  6 partial or timed out  7 control plane unreachable

Examples:
  $ tidegate purge --tag product-42 --wait
  $ tidegate warm --hot 100 --watch
  $ tidegate policies apply -f policies.json --dry-run
  $ tidegate explain https://www.example.com/products/42 -H 'accept-language: de'`;

/** `args` are those behind the program's name. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const shell: Shell = { surroundings, exit: EXIT.done, names: {}, output: null };
  try {
    await programOf(shell).parseAsync([...args], { from: "user" });
    return shell.exit;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    const output = shell.output ?? new Output(surroundings, { json: await wantsJson(args, surroundings) });
    if (!(error instanceof CommanderError)) tellFailure(output, error, shell.names);
    else if (output.json) output.result({ error: usageDocument(error) }, () => {});
    return error instanceof CommanderError ? EXIT.usage : exitOf(error);
  } finally {
    shell.output?.clear();
  }
}

/** Of flags that can't be read `--json` counts all the same, and so does what is set elsewhere, as far as that can be. */
async function wantsJson(args: readonly string[], surroundings: Surroundings): Promise<boolean> {
  if (args.includes("--json")) return true;
  try {
    return (await readSettings({}, surroundings)).output.value === "json";
  } catch {
    return surroundings.env.TIDEGATE_OUTPUT === "json";
  }
}

/** Commander itself has told it on stderr, with the help where a command is missing. */
function usageDocument({ code, message }: CommanderError) {
  const said = code === "commander.help" ? "a command is missing" : message.replace(/^error: /, "");
  return { code: "usage", status: null, message: said, errors: [], requestId: null };
}

function programOf(shell: Shell): Command {
  const { stdout, stderr } = shell.surroundings;
  const program = new Command("tidegate")
    .description("Purges, warms, explains and configures a Tidegate cluster through its control plane.")
    .version(VERSION, "-V, --version")
    .option("--url <url>", "the control plane")
    .option("--token <token>", "the token to ask with")
    .option("--token-file <file>", "a file that holds it")
    .option("--json", "one JSON document on stdout")
    .addOption(new Option("--color <when>", "colours (default: on a terminal)").choices(CHOICES.color ?? []))
    .option("--config <file>", "instead of the nearest tidegate.toml")
    .option("--profile <name>", "one of its profiles")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => (stdout.isTerminal ? stdout.columns : 100),
      getErrHelpWidth: () => (stderr.isTerminal ? stderr.columns : 100),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(text.replace(/^error:/, "tidegate:")),
    })
    .showHelpAfterError("(--help says more)")
    .addHelpText("after", AFTER);
  for (const add of COMMANDS) add(program, shell);
  return program;
}
