// What a command says: its result on stdout, everything else on stderr, colour only where somebody looks.

import type { Sink, Surroundings } from "./surroundings.ts";
import { type Column, table } from "./table.ts";
import { plain } from "./wording.ts";

export type Colour = "red" | "green" | "yellow" | "cyan" | "grey" | "bold";

const CODES: Readonly<Record<Colour, number>> = {
  red: 31,
  green: 32,
  yellow: 33,
  cyan: 36,
  grey: 90,
  bold: 1,
};

export type ColorWhen = "auto" | "always" | "never";

export class Output {
  /** One document instead of text. */
  readonly json: boolean;
  private readonly stdout: Sink;
  private readonly stderr: Sink;
  private readonly colours: { readonly stdout: boolean; readonly stderr: boolean };
  private transient = false;

  constructor(
    { stdout, stderr, env }: Pick<Surroundings, "stdout" | "stderr" | "env">,
    { json, color = "auto" }: { readonly json: boolean; readonly color?: ColorWhen },
  ) {
    this.json = json;
    this.stdout = stdout;
    this.stderr = stderr;
    this.colours = {
      stdout: hasColour(color, env, stdout.isTerminal),
      stderr: hasColour(color, env, stderr.isTerminal),
    };
  }

  /** The result: `document` where JSON was asked for, else what `text` says by this output's `line` and `table`. */
  result(document: unknown, text: () => void): void {
    if (this.json) this.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    else text();
  }

  line(text = ""): void {
    this.clear();
    this.stdout.write(`${text}\n`);
  }

  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    for (const line of table(columns, rows, (text) => this.paint("bold", text))) this.line(line);
  }

  paint(colour: Colour, text: string): string {
    return this.colours.stdout ? coloured(colour, text) : text;
  }

  /** On stderr, whether or not anybody looks: warnings and errors. */
  warn(text: string, colour: Colour = "yellow"): void {
    this.clear();
    this.stderr.write(`${this.colours.stderr ? coloured(colour, text) : text}\n`);
  }

  /** On stderr, only for somebody who looks. */
  note(text: string): void {
    if (this.stderr.isTerminal) this.warn(text, "grey");
  }

  /** One line on stderr that the next one takes the place of; only for somebody who looks. */
  progress(text: (columns: number) => string): void {
    if (!this.stderr.isTerminal) return;
    this.transient = true;
    this.stderr.write(`\r\u001b[K${plain(text(this.stderr.columns)).slice(0, this.stderr.columns - 1)}`);
  }

  /** Takes the line of progress away. */
  clear(): void {
    if (this.transient) this.stderr.write("\r\u001b[K");
    this.transient = false;
  }
}

const coloured = (colour: Colour, text: string): string => `\u001b[${CODES[colour]}m${text}\u001b[0m`;

/** What is asked for goes first; then https://no-color.org and https://force-color.org: set and not empty. */
function hasColour(when: ColorWhen, env: Surroundings["env"], isTerminal: boolean): boolean {
  if (when !== "auto") return when === "always";
  if ((env.NO_COLOR ?? "") !== "") return false;
  const forced = env.FORCE_COLOR ?? "";
  if (forced !== "") return forced !== "0" && forced !== "false";
  return isTerminal && env.TERM !== "dumb";
}
