// `tidegate config`: what a run of the command line goes by, and where each of it comes from.

import type { Command } from "commander";
import { runsAlone, type Shell } from "../command.ts";
import { tokenFor } from "../connection.ts";
import { EXIT } from "../exit.ts";

interface Row {
  readonly name: string;
  /** Null where there is none. */
  readonly value: string | null;
  readonly from: string | null;
}

export function addConfig(program: Command, shell: Shell): void {
  const command = program
    .command("config")
    .description("Show what the command line goes by, and where each of it comes from.")
    .addHelpText(
      "after",
      `
A flag goes before the environment, and that before tidegate.toml: the nearest one here or above, up to a
repository's root or your own directory. Nothing is asked of the control plane. Tokens are not shown.

Example of a tidegate.toml:
  url = "http://127.0.0.1:8780"
  profile = "staging"

  [profiles.staging]
  url = "https://control.staging.example.com"
  token-file = "~/.config/tidegate/staging"
  site = "shop"

Examples:
  $ tidegate config
  $ tidegate config --profile production --json`,
    );
  runsAlone(command, { shell }, async ({ out, surroundings, settings }, flags) => {
    const { file, profile, url, site, output, color } = settings;
    const token = await tokenFor(flags, settings, surroundings);
    const rows: Row[] = [
      { name: "file", value: file?.path ?? null, from: null },
      { name: "profile", value: profile?.value ?? null, from: profile?.from ?? null },
      { name: "url", value: url.value, from: url.from },
      typeof token === "string"
        ? { name: "token", value: null, from: token }
        : { name: "token", value: masked(token.value), from: token.from },
      { name: "site", value: site?.value ?? null, from: site?.from ?? null },
      { name: "output", value: output.value, from: output.from },
      { name: "color", value: color.value, from: color.from },
    ];
    out.result({ settings: rows }, () =>
      out.table(
        ["SETTING", "VALUE", "FROM"].map((title) => ({ title })),
        rows.map(({ name, value, from }) => [name, value ?? "–", from ?? "–"]),
      ),
    );
    return EXIT.done;
  });
}

const masked = (token: string): string => `•••••• (${token.length} characters)`;
