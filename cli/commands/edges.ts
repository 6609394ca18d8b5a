// `tidegate edges`: who is there, and how far each edge knows the log.

import type { Command } from "commander";
import { runs, type Shell } from "../command.ts";
import { EXIT } from "../exit.ts";
import type { Colour } from "../output.ts";
import { size, span } from "../wording.ts";

const COLOURS: Readonly<Record<string, Colour>> = { live: "green", silent: "red", cold: "yellow" };

export function addEdges(program: Command, shell: Shell): void {
  const command = program
    .command("edges")
    .description("List the edges, their positions and their states.")
    .addHelpText(
      "after",
      "\nExamples:\n  $ tidegate edges\n  $ tidegate edges --json | jq '.items[].position'",
    );
  runs(command, { shell }, async ({ client, out }) => {
    const page = await client.edges.list();
    out.result(page, () =>
      out.table(
        [
          { title: "EDGE" },
          { title: "STATE", paint: (padded, text) => out.paint(COLOURS[text] ?? "grey", padded) },
          { title: "POSITION" },
          { title: "KNOWN", align: "right" },
          { title: "MEMORY", align: "right" },
          { title: "REGION" },
          { title: "VERSION" },
          { title: "URL" },
        ],
        page.items.map((edge) => [
          ...[edge.id, edge.state, edge.position ?? "–", span(edge.knownAgeMs)],
          ...[size(edge.memoryBytes), edge.region ?? "–", edge.version ?? "–", edge.url],
        ]),
      ),
    );
    return EXIT.done;
  });
}
