// `tidegate alerts`: what fires and what to read about it, the rules, and that somebody looks after it.

import { type Command, Option } from "commander";
import type { Alert, AlertRules, Alerts } from "../../client/schemas.ts";
import { given, listOf, runs, type Shell } from "../command.ts";
import { each, tellFailed } from "../each.ts";
import { EXIT } from "../exit.ts";
import type { Colour, Output } from "../output.ts";
import { moment, percent, plain, span } from "../wording.ts";

interface ListFlags {
  readonly state?: Alert["state"];
}

interface AckFlags {
  readonly note?: string;
}

const COLOURS: Readonly<Record<Alert["state"], Colour>> = {
  firing: "red",
  pending: "yellow",
  resolved: "green",
};

export function addAlerts(program: Command, shell: Shell): void {
  const alerts = program
    .command("alerts")
    .description("What fires, and who looks after it.")
    .addHelpText(
      "after",
      `
Examples:
  $ tidegate alerts list
  $ tidegate alerts ack edge-silent-edge-2-1f3a --note 'on it'
  $ tidegate alerts rules`,
    );
  addList(alerts, shell);
  addAck(alerts, shell);
  addRules(alerts, shell);
}

function addList(alerts: Command, shell: Shell): void {
  const command = alerts
    .command("list", { isDefault: true })
    .description("List what fires, what may soon, and what did in the last hour.")
    .addOption(new Option("--state <state>", "only these").choices(["firing", "pending", "resolved"]))
    .addHelpText(
      "after",
      "\nExample:\n  $ tidegate alerts list --state firing --json | jq -r '.items[].runbook'",
    );
  runs<ListFlags>(command, { shell, names: { state: "--state" } }, async ({ client, out }, { state }) => {
    const list = await client.alerts.list(given({ state }));
    out.result(list, () => showAlerts(out, list));
    return EXIT.done;
  });
}

function showAlerts(out: Output, { items, judging, evaluatedAt, unmeasured, refused }: Alerts): void {
  if (items.length === 0 && judging === "current") out.line(out.paint("green", "Nothing fires."));
  for (const alert of items) showAlert(out, alert);
  if (judging !== "current") out.warn(unjudged(judging, evaluatedAt));
  // A control plane of an older release does not say.
  if (refused != null)
    out.warn(
      `Nobody is told of alerts: their receiver takes no message since ${moment(refused.since)}, ${plain(refused.reason)}.`,
    );
  if (unmeasured.length > 0) out.note(`Nothing is known of what these rules watch: ${unmeasured.join(", ")}`);
}

function unjudged(judging: Exclude<Alerts["judging"], "current">, evaluatedAt: string | null): string {
  switch (judging) {
    case "stopped":
      return `The rules were last judged ${evaluatedAt === null ? "long ago" : moment(evaluatedAt)}: nothing is known of what has been since.`;
    case "not-begun":
      return "No rule has been judged yet.";
    case "unreachable":
      return "The log's database does not answer: no rule can be judged.";
  }
}

function showAlert(out: Output, alert: Alert): void {
  const { state, severity, title, summary, since, value, threshold, unit, runbook, acknowledged, id } = alert;
  out.line(
    `${out.paint(COLOURS[state], state.toUpperCase())}  ${out.paint("bold", plain(title))}  (${severity})`,
  );
  out.line(`  ${plain(summary)}`);
  const measured = value === null ? "not measured" : amount(value, unit);
  out.line(`  since ${moment(since)}; ${measured}, where ${amount(threshold, unit)} is the limit`);
  if (acknowledged !== null)
    out.line(
      plain(
        `  ${acknowledged.by} looks after it since ${moment(acknowledged.at)}${acknowledged.note === null ? "" : `: ${acknowledged.note}`}`,
      ),
    );
  out.line(`  what to do: ${plain(runbook)}`);
  out.line(out.paint("grey", `  ${plain(id)}`));
}

function amount(value: number, unit: Alert["unit"]): string {
  switch (unit) {
    case "ratio":
      return percent(value);
    case "seconds":
      return span(value * 1000);
    case "per-minute":
      return `${Math.round(value * 10) / 10} a minute`;
    case "count":
      return String(Math.round(value * 10) / 10);
  }
}

function addAck(alerts: Command, shell: Shell): void {
  const command = alerts
    .command("ack")
    .argument("<id...>", "as `alerts list` shows them")
    .description("Say that somebody looks after it: it is not told again until it is over.")
    .option("--note <text>", "who, or what is being done")
    .addHelpText(
      "after",
      "\nExample:\n  $ tidegate alerts ack edge-silent-edge-2-1f3a --note 'replacing the host'",
    );
  runs<AckFlags>(
    command,
    { shell, names: { id: "ID", note: "--note" } },
    async ({ client, out }, { note }, [ids]) => {
      const tried = await each(listOf(ids), (id) => client.alerts.acknowledge(id, given({ note })));
      const { done: acknowledged, failed, untried, exit } = tried;
      out.result({ acknowledged, failed, untried }, () => {
        for (const { id, title } of acknowledged) out.line(plain(`${id} is looked after: ${title}`));
      });
      tellFailed(out, tried);
      return exit;
    },
  );
}

function addRules(alerts: Command, shell: Shell): void {
  const command = alerts
    .command("rules")
    .description("Show the rules, with the limits that are in force.")
    .addHelpText("after", "\nExample:\n  $ tidegate alerts rules");
  runs(command, { shell }, async ({ client, out }) => {
    const rules = await client.alerts.rules();
    out.result(rules, () => showRules(out, rules));
    return EXIT.done;
  });
}

function showRules(out: Output, { items }: AlertRules): void {
  out.table(
    ["RULE", "WHAT", "FIRES", "FOR", "SEVERITY", "RUNBOOK"].map((title) => ({ title })),
    items.map(({ id, title, comparison, threshold, unit, forSeconds, severity, enabled, runbook }) => [
      ...[id, title, enabled ? `${comparison === "above" ? "≥" : "<"} ${amount(threshold, unit)}` : "never"],
      ...[span(forSeconds * 1000), severity, runbook],
    ]),
  );
}
