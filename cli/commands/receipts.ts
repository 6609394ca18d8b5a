// `tidegate receipts`: what has been purged, and how far each purge has got.

import type { Command } from "commander";
import { runs, type Shell, type Tools, wholeNumber } from "../command.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { showReceipt } from "../receipt.ts";
import { count, moment, span } from "../wording.ts";

interface Flags {
  readonly limit?: number;
  readonly cursor?: string;
}

export function addReceipts(program: Command, shell: Shell): void {
  const command = program
    .command("receipts")
    .argument("[id]", "one receipt, edge by edge")
    .description("List purges, newest first, or show one's receipt.")
    .option("--limit <n>", "how many (default 20)", wholeNumber(1))
    .option("--cursor <cursor>", "go on behind the page that ended with it")
    .addHelpText("after", "\nExamples:\n  $ tidegate receipts --limit 5\n  $ tidegate receipts 0f3a…");
  const names = { limit: "--limit", cursor: "--cursor", id: "ID" };
  runs<Flags>(command, { shell, names }, (tools, flags, [id]) =>
    typeof id === "string" ? one(tools, id) : list(tools, flags),
  );
}

async function one({ client, out }: Tools, id: string): Promise<ExitCode> {
  const receipt = await client.invalidations.get(id);
  out.result(receipt, () => showReceipt(out, receipt));
  return EXIT.done;
}

async function list({ client, out }: Tools, { limit, cursor }: Flags): Promise<ExitCode> {
  const page = await client.invalidations.list({
    ...(limit !== undefined && { limit }),
    ...(cursor !== undefined && { cursor }),
  });
  out.result(page, () => {
    const rows = page.items.map((receipt) => [
      moment(receipt.acceptedAt),
      receipt.state,
      `${receipt.edges.filter(({ state }) => state !== "pending").length}/${receipt.edges.length}`,
      span(receipt.maxMs),
      named(receipt),
      receipt.id,
    ]);
    const state = {
      title: "STATE",
      paint: (padded: string, text: string) => out.paint(text === "converged" ? "green" : "yellow", padded),
    };
    const numbers = [
      { title: "EDGES", align: "right" },
      { title: "WITHIN", align: "right" },
    ] as const;
    out.table([{ title: "ACCEPTED" }, state, ...numbers, { title: "WHAT" }, { title: "ID" }], rows);
    if (page.nextCursor !== null) out.note(`more: --cursor ${page.nextCursor}`);
  });
  return EXIT.done;
}

function named({
  selectors,
  selectorsTotal,
  mode,
}: {
  selectors: readonly { kind: string; value: string }[];
  selectorsTotal: number;
  mode: string | null;
}): string {
  const [first] = selectors;
  const what = first === undefined ? "nothing" : `${first.kind} ${first.value}`.trim();
  const more = selectorsTotal > 1 ? ` and ${count(selectorsTotal - 1, "more", "more")}` : "";
  return `${what}${more}${mode === "soft" ? ", soft" : ""}`;
}
