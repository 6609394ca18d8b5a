// `tidegate completion`: what makes a shell complete verbs, flags, and names that the control plane knows.

import { Argument, type Command } from "commander";
import { runsAlone, type Shell } from "../command.ts";
import { type Candidates, candidatesFor, type Names } from "../completion/candidates.ts";
import { completionScript, SHELLS, type ShellName } from "../completion/scripts.ts";
import { connect } from "../connection.ts";
import { EXIT } from "../exit.ts";
import { readSettings, type SettingFlags } from "../settings/settings.ts";
import type { Surroundings } from "../surroundings.ts";

/** Whoever presses Tab waits no longer. */
const DEADLINE_MS = 1000;

export function addCompletion(program: Command, shell: Shell): void {
  const command = program
    .command("completion")
    .addArgument(new Argument("<shell>", "which").choices(SHELLS))
    .description("Print what makes a shell complete verbs, flags, sites, edges, classes and ids.")
    .addHelpText(
      "after",
      `
Names are asked of the control plane, for a second at most; where it is away, they are left out.

Examples:
  $ source <(tidegate completion bash)
  $ tidegate completion zsh > "\${fpath[1]}/_tidegate"
  $ tidegate completion fish > ~/.config/fish/completions/tidegate.fish`,
    );
  runsAlone(command, { shell }, ({ surroundings }, _flags, [name]) => {
    surroundings.stdout.write(completionScript(name as ShellName, surroundings.self));
    return EXIT.done;
  });
  program
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const { surroundings } = shell;
      const typed = words.length === 0 ? [""] : words;
      const names = await namesFor(flagsIn(typed), surroundings);
      surroundings.stdout.write(textOf(await candidatesFor(program, typed, names)));
    });
}

const textOf = (candidates: Candidates): string =>
  candidates.kind === "files"
    ? ":files\n"
    : candidates.list.map(({ text, about }) => `${text}\t${about.replace(/\s+/g, " ")}\n`).join("");

/** Where what is typed says to ask, and as whom. */
function flagsIn(words: readonly string[]): SettingFlags {
  const flags: Record<string, string> = {};
  for (const [index, word] of words.entries()) {
    const [, name, inline] = /^--(url|token|token-file|config|profile)(?:=(.*))?$/.exec(word) ?? [];
    const value = inline ?? words[index + 1];
    if (name === undefined || value === undefined || value === "") continue;
    flags[name === "token-file" ? "tokenFile" : name] = value;
  }
  return flags;
}

/** Nothing of it may fail: whoever is typing has not said all yet. */
async function namesFor(flags: SettingFlags, surroundings: Surroundings): Promise<Names> {
  const deadlineMs = DEADLINE_MS;
  const settings = await readSettings(flags, surroundings).catch(() => null);
  if (settings === null) {
    const { profile: _, ...others } = flags;
    const known = await readSettings(others, surroundings).catch(() => null);
    return { client: null, profiles: [...(known?.file?.profiles.keys() ?? [])], deadlineMs };
  }
  const connected = await connect(flags, settings, surroundings).catch(() => null);
  return {
    client: connected?.client ?? null,
    profiles: [...(settings.file?.profiles.keys() ?? [])],
    deadlineMs,
  };
}
