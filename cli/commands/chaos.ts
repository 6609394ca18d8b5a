// `tidegate chaos`: breaks something on purpose, looks on, and says what came of it.

import { Argument, type Command, Option } from "commander";
import type { ChaosCatalogue, ChaosExperiment, ChaosRequest } from "../../client/schemas.ts";
import { TidegateError } from "../../client/tidegate-error.ts";
import { DIRECTIONS, EXPERIMENTS, PARTITIONS } from "../../shared/wire/chaos.ts";
import { agreed } from "../agree.ts";
import { exitFor, experimentBar, showExperiment, showExperiments } from "../chaos-report.ts";
import { duration, given, runs, type Shell, type Tools, wholeNumber } from "../command.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Output } from "../output.ts";
import { span } from "../wording.ts";

interface RunFlags {
  readonly target?: string;
  readonly duration?: number;
  readonly seed?: number;
  readonly from?: NonNullable<ChaosRequest["from"]>;
  readonly arrives?: NonNullable<ChaosRequest["arrives"]>;
  readonly reason?: string;
  readonly yes?: true;
  readonly wait?: true;
}

interface ListFlags {
  readonly limit?: number;
  readonly cursor?: string;
}

const RUN_NAMES = {
  ...{ experiment: "EXPERIMENT", target: "--target", durationMs: "--duration", seed: "--seed" },
  ...{ from: "--from", arrives: "--arrives", reason: "--reason" },
};
const ID_NAMES = { id: "ID" };

export function addChaos(program: Command, shell: Shell): void {
  const chaos = program
    .command("chaos")
    .description("Break something on purpose, under load, and see what holds.")
    .addHelpText(
      "after",
      `
Only where it is enabled: \`npm start -- --chaos\`. One experiment at a time; whatever it broke is
healed when it ends.

Examples:
  $ tidegate chaos
  $ tidegate chaos run kill-edge --wait
  $ tidegate chaos run partition --target edge-2 --from redis --duration 20s --seed 7 --yes --wait
  $ tidegate chaos list
  $ tidegate chaos abort 4f0c…`,
    );
  addExperiments(chaos, shell);
  addRun(chaos, shell);
  addList(chaos, shell);
  addShow(chaos, shell);
  addAbort(chaos, shell);
}

function addExperiments(chaos: Command, shell: Shell): void {
  const command = chaos
    .command("experiments", { isDefault: true })
    .description("List what can be broken, and whether it may be.")
    .addHelpText("after", "\nExample:\n  $ tidegate chaos experiments");
  runs(command, { shell }, async ({ client, out }) => {
    const catalogue = await client.chaos.catalogue();
    out.result(catalogue, () => showCatalogue(out, catalogue));
    return EXIT.done;
  });
}

function showCatalogue(out: Output, { enabled, items }: ChaosCatalogue): void {
  out.table(
    ["EXPERIMENT", "TARGET", "WHAT"].map((title) => ({ title })),
    items.map(({ experiment, target, targets, does }) => [
      ...[experiment, target === null ? "–" : targets.join(" ") || `no ${target}`, does],
    ]),
  );
  if (!enabled) out.warn("Chaos is off: `npm start -- --chaos` runs a cluster on which it is on.");
}

function addRun(chaos: Command, shell: Shell): void {
  const command = chaos
    .command("run")
    .addArgument(new Argument("<experiment>", "what to break").choices(EXPERIMENTS))
    .description("Run one experiment.")
    .option("--target <id>", "the edge or shard (default: one picked by the seed)")
    .option("--duration <span>", "how long the fault lasts, from 2s to 5m (default: 15s)", duration)
    .option("--seed <n>", "what is drawn is drawn from it (default: a random one)", wholeNumber(0))
    .addOption(new Option("--from <what>", "of a partition: kept apart from what").choices(PARTITIONS))
    .addOption(new Option("--arrives <what>", "of a partition: what gets through").choices(DIRECTIONS))
    .option("--reason <text>", "kept with the audit record")
    .option("--wait", "look on until it is over; exit code 6 where it failed or was aborted")
    .option("--yes", "don't ask; needed where nobody can be asked")
    .addHelpText(
      "after",
      "\nExample:\n  $ tidegate chaos run kill-edge --duration 20s --seed 7 --yes --wait",
    );
  runs<RunFlags>(command, { shell, names: RUN_NAMES }, (tools, flags, [experiment]) =>
    run(tools, flags, experiment as ChaosRequest["experiment"]),
  );
}

async function run(tools: Tools, flags: RunFlags, experiment: ChaosRequest["experiment"]): Promise<ExitCode> {
  const { client, out, settings } = tools;
  const { target, duration: durationMs, seed, from, arrives, reason } = flags;
  await agreed(tools, flags, {
    question: `Run ${experiment}${target === undefined ? "" : ` on ${target}`} at ${settings.url.value}${durationMs === undefined ? "" : ` for ${span(durationMs)}`}?`,
    nothing: "Nothing was broken",
  });
  const begun = await client.chaos.start({
    experiment,
    ...given({ target, durationMs, seed, from, arrives, reason }),
  });
  if (flags.wait === true) return lookOn(tools, begun.id);
  out.result(begun, () => {
    out.line(`chaos ${begun.id}: ${experiment} has begun`);
    out.line(`  tidegate chaos show ${begun.id}`);
    out.line(`  tidegate chaos abort ${begun.id}`);
  });
  return EXIT.done;
}

async function lookOn({ client, out, surroundings, settings }: Tools, id: string): Promise<ExitCode> {
  const leaving = new AbortController();
  const stay = surroundings.onInterrupt(() => leaving.abort());
  let last: ChaosExperiment | null = null;
  try {
    last = await client.chaos.ended(id, {
      signal: leaving.signal,
      onProgress(experiment) {
        last = experiment;
        out.progress((columns) => experimentBar(experiment, columns));
      },
    });
  } catch (error) {
    if (!(error instanceof TidegateError) || error.status === 404 || error.status === 401) throw error;
    out.warn(`The experiment goes on without you: tidegate chaos show ${id}, tidegate chaos abort ${id}.`);
    if (!leaving.signal.aborted) throw error;
    if (out.json) out.result(last ?? { id }, () => {});
    return EXIT.partial;
  } finally {
    stay();
  }
  const shown = last;
  out.result(shown, () => showExperiment(out, shown, settings.url.value));
  return shown.endedAt === null ? EXIT.partial : exitFor(shown);
}

function addList(chaos: Command, shell: Shell): void {
  const command = chaos
    .command("list")
    .description("List experiments, newest first.")
    .option("--limit <n>", "how many (default 20)", wholeNumber(1))
    .option("--cursor <cursor>", "go on behind the page that ended with it")
    .addHelpText(
      "after",
      "\nExample:\n  $ tidegate chaos list --json | jq -r '.items[] | .experiment, .state'",
    );
  const names = { limit: "--limit", cursor: "--cursor" };
  runs<ListFlags>(command, { shell, names }, async ({ client, out }, { limit = 20, cursor }) => {
    const page = await client.chaos.list(given({ limit, cursor }));
    out.result(page, () => {
      if (page.items.length === 0) out.line("None was run yet.");
      else showExperiments(out, page.items);
      if (page.nextCursor !== null) out.note(`more: --cursor ${page.nextCursor}`);
    });
    return EXIT.done;
  });
}

function addShow(chaos: Command, shell: Shell): void {
  const command = chaos
    .command("show")
    .argument("<id>", "as `chaos list` shows it")
    .description("Show an experiment; exit code 6 where it failed or was aborted.")
    .option("--wait", "look on until it is over")
    .addHelpText("after", "\nExample:\n  $ tidegate chaos show 4f0c…");
  runs<Pick<RunFlags, "wait">>(command, { shell, names: ID_NAMES }, async (tools, { wait }, [id]) => {
    const { client, out, settings } = tools;
    if (wait === true) return lookOn(tools, String(id));
    const shown = await client.chaos.get(String(id));
    out.result(shown, () => showExperiment(out, shown, settings.url.value));
    return exitFor(shown);
  });
}

function addAbort(chaos: Command, shell: Shell): void {
  const command = chaos
    .command("abort")
    .argument("<id>", "as `chaos list` shows it")
    .description("Heal what is broken at once, and end the experiment.")
    .addHelpText("after", "\nExample:\n  $ tidegate chaos abort 4f0c…");
  runs(command, { shell, names: ID_NAMES }, async ({ client, out, settings }, _flags, [id]) => {
    const shown = await client.chaos.abort(String(id));
    out.result(shown, () => showExperiment(out, shown, settings.url.value));
    return EXIT.done;
  });
}
