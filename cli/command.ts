// What all commands have in common: how one is run with what it needs, and how its flags are read.

import { type Command, InvalidArgumentError } from "commander";
import type { ControlClient } from "../client/control-client.ts";
import { parseDuration } from "../shared/wire/duration.ts";
import { connect, type Token } from "./connection.ts";
import { type ExitCode, usageError } from "./exit.ts";
import type { FieldNames } from "./failure.ts";
import { type ColorWhen, Output } from "./output.ts";
import { readSettings, type SettingFlags, type Settings } from "./settings/settings.ts";
import type { Surroundings } from "./surroundings.ts";

/** One run of the command line. */
export interface Shell {
  readonly surroundings: Surroundings;
  /** What it ends with. */
  exit: ExitCode;
  /** Of the command that runs: for what is told of its errors. */
  names: FieldNames;
  /** What it says anything by; null before it knows its settings. */
  output: Output | null;
}

/** What a command is given. */
export interface Tools {
  readonly client: ControlClient;
  readonly out: Output;
  readonly surroundings: Surroundings;
  readonly settings: Settings;
  readonly token: Token;
}

export type GlobalFlags = SettingFlags;

type Action<Flags> = (
  tools: Tools,
  flags: Flags & GlobalFlags,
  args: readonly (string | readonly string[] | undefined)[],
) => Promise<ExitCode>;

/** `names`: how the fields of what it sends are called, for what is told of its errors. */
interface Place {
  readonly shell: Shell;
  readonly names?: FieldNames;
  /** Whether it is about every site unless `--site` says so, whatever is configured. */
  readonly ofAllSites?: true;
}

/** Flags are as the command has declared them: commander knows them only by name. */
export function runs<Flags>(command: Command, place: Place, action: Action<Flags>): void {
  const { shell, names = {}, ofAllSites } = place;
  command.action(async () => {
    const flags = command.optsWithGlobals() as GlobalFlags;
    const { surroundings } = shell;
    requireNames(command);
    shell.names = names;
    const settings = await readSettings(flags, surroundings);
    const out = outputOf(shell, settings);
    const { client, token, warning } = await connect(flags, settings, surroundings);
    if (warning !== null) out.warn(warning);
    const configured = ofAllSites === true ? {} : siteFor(command, flags, settings);
    const given = { ...flags, ...configured } as Flags & GlobalFlags;
    shell.exit = await action({ client, out, surroundings, settings, token }, given, command.processedArgs);
  });
}

/** Arguments of these names are a segment of a URL's path. */
const SEGMENTS: readonly string[] = ["id", "name"];

function requireNames(command: Command): void {
  for (const [at, argument] of command.registeredArguments.entries()) {
    if (!SEGMENTS.includes(argument.name())) continue;
    const given = command.processedArgs[at] as string | readonly string[] | undefined;
    for (const text of typeof given === "string" ? [given] : listOf(given))
      requireSegment(argument.name().toUpperCase(), text);
  }
}

/** An empty segment, or one of dots, would make the path another's. */
export function requireSegment(called: string, text: string): void {
  if (/^\.{0,2}$/.test(text)) throw usageError(`${called} can't be ${JSON.stringify(text)}`);
}

/** For a command that asks no control plane. */
export function runsAlone<Flags>(
  command: Command,
  { shell }: Place,
  action: (
    tools: Pick<Tools, "out" | "surroundings" | "settings">,
    flags: Flags & GlobalFlags,
    args: readonly (string | undefined)[],
  ) => Promise<ExitCode> | ExitCode,
): void {
  command.action(async () => {
    const flags = command.optsWithGlobals() as Flags & GlobalFlags;
    const { surroundings } = shell;
    const settings = await readSettings(flags, surroundings);
    const out = outputOf(shell, settings);
    shell.exit = await action({ out, surroundings, settings }, flags, command.processedArgs);
  });
}

function outputOf(shell: Shell, { output, color }: Settings): Output {
  const how = { json: output.value === "json", color: color.value as ColorWhen };
  shell.output = new Output(shell.surroundings, how);
  return shell.output;
}

/** What is configured stands in where a command has `--site` and was not given it. */
function siteFor(command: Command, { site }: GlobalFlags, settings: Settings): { site?: string } {
  const takesOne = command.options.some((option) => option.attributeName() === "site" && !option.variadic);
  return takesOne && site === undefined && settings.site !== null ? { site: settings.site.value } : {};
}

/** An argument that may be given several times. */
export const listOf = (argument: string | readonly string[] | undefined): readonly string[] =>
  typeof argument === "object" ? argument : [];

/** For flags that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** Of so many words, several by commas or given several times. */
export const someOf =
  (words: readonly string[]) =>
  (value: string, before: readonly string[] = []): readonly string[] => {
    const parts = value.split(",").map((part) => part.trim());
    const wrong = parts.find((part) => !words.includes(part));
    if (wrong !== undefined) throw new InvalidArgumentError(`Allowed choices are ${words.join(", ")}.`);
    return [...before, ...parts];
  };

/** How large it may be is for the control plane to say: a seed has ten digits, most often. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || !Number.isSafeInteger(value))
      throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
    return value;
  };
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || value <= 0)
    throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}

/** Milliseconds of `500ms`, `30s`, `2m`, or of plain seconds. */
export function duration(text: string): number {
  const span = parseDuration(/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text);
  if (span === null)
    throw new InvalidArgumentError("It must be a duration such as 500ms, 30s or 2m, or seconds.");
  return span;
}

/** Without the fields that are undefined or empty lists: what was not said is not sent. */
export function given<Fields extends object>(fields: Fields): Given<Fields> {
  const said = Object.entries(fields).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(said) as Given<Fields>;
}

type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
