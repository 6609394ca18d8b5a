// `tidegate shards`: the databases that hold answers, and what each gets of the keys.

import type { Command } from "commander";
import type { Shards } from "../../client/schemas.ts";
import { agreed } from "../agree.ts";
import { given, positiveNumber, runs, type Shell, type Tools } from "../command.ts";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import type { Colour, Output } from "../output.ts";
import { plain } from "../wording.ts";

interface PutFlags {
  readonly weight?: number;
  readonly out?: true;
  readonly in?: true;
  readonly yes?: true;
}

const COLOURS: Readonly<Record<string, Colour>> = {
  serving: "green",
  warming: "yellow",
  out: "grey",
  down: "red",
};

export function addShards(program: Command, shell: Shell): void {
  const shards = program
    .command("shards")
    .description("Show the databases that hold answers, and move keys between them.")
    .addHelpText(
      "after",
      `
Examples:
  $ tidegate shards list
  $ tidegate shards put eu-2 --weight 2
  $ tidegate shards put eu-2 --out`,
    );
  const list = shards
    .command("list")
    .description("List them with what each gets of the keys.")
    .addHelpText("after", "\nExample:\n  $ tidegate shards list");
  runs(list, { shell }, async ({ client, out }) => {
    const map = await client.shards.list();
    out.result(map, () => showMap(out, map));
    return EXIT.done;
  });
  const put = shards
    .command("put")
    .argument("<id>")
    .description("Give one another weight, take it out, or bring it back.")
    .option("--weight <n>", "its part of the keys beside the others'", positiveNumber)
    .option("--out", "its keys move to the others")
    .option("--in", "it is written, warmed, and then read again")
    .option("--yes", "with --out: don't ask; needed where nobody can be asked")
    .addHelpText(
      "after",
      "\nExamples:\n  $ tidegate shards put eu-2 --weight 2\n  $ tidegate shards put eu-2 --in",
    );
  const names = { weight: "--weight", out: "--out", id: "ID" };
  runs<PutFlags>(put, { shell, names }, (tools, flags, [id]) => change(tools, flags, String(id)));
}

async function change(tools: Tools, flags: PutFlags, id: string): Promise<ExitCode> {
  const { client, out } = tools;
  const { weight } = flags;
  if (flags.out === true && flags.in === true) throw usageError("--out and --in exclude each other");
  if (flags.out === undefined && flags.in === undefined && weight === undefined)
    throw usageError("Nothing is to change: give --weight, --out or --in.");
  if (flags.out === true)
    await agreed(tools, flags, {
      question: `Take ${plain(id)} out? What it holds is fetched anew by the others.`,
      nothing: "Nothing was changed",
    });
  const moved = flags.out === true ? true : flags.in === true ? false : undefined;
  const map = await client.shards.put(id, given({ weight, out: moved }));
  out.result(map, () => showMap(out, map));
  return EXIT.done;
}

function showMap(out: Output, { version, items }: Shards): void {
  out.table(
    [
      { title: "SHARD" },
      { title: "STATE", paint: (padded, text) => out.paint(COLOURS[text] ?? "grey", padded) },
      { title: "WEIGHT", align: "right" },
    ],
    items.map(({ id, state, weight }) => [id, state, String(weight)]),
  );
  out.note(`version ${version} of the map`);
}
