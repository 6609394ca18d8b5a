// Where in a line the cursor stands: which command, which flag's value, or which argument is being typed.

import type { Argument, Command, Option } from "commander";

export type Place =
  /** A name of a command below this one. */
  | { readonly kind: "command"; readonly command: Command; readonly typed: string }
  | {
      readonly kind: "flag";
      readonly command: Command;
      readonly typed: string;
      readonly given: ReadonlySet<string>;
    }
  | { readonly kind: "value"; readonly command: Command; readonly option: Option; readonly typed: string }
  | {
      readonly kind: "argument";
      readonly command: Command;
      readonly argument: Argument;
      readonly typed: string;
    }
  | { readonly kind: "nothing" };

/** `words` are those behind the program's name, the last one being typed. */
export function placeOf(program: Command, words: readonly string[]): Place {
  const typed = words.at(-1) ?? "";
  const walk = {
    command: program,
    given: new Set<string>(),
    args: 0,
    open: null as Option | null,
    ended: false,
  };
  for (const word of words.slice(0, -1)) {
    if (walk.open !== null) {
      walk.open = null;
    } else if (word === "--") walk.ended = true;
    else if (!walk.ended && word.startsWith("-") && word !== "-") step(walk, word);
    else {
      const below = walk.args === 0 ? subcommandOf(walk.command, word) : undefined;
      if (below === undefined) walk.args += 1;
      else walk.command = below;
    }
  }
  const { command, given, args, open, ended } = walk;
  if (open !== null) return { kind: "value", command, option: open, typed };
  if (!ended && typed.startsWith("-")) return flagPlace(command, typed, given);
  if (args === 0 && command.commands.length > 0 && command.registeredArguments.length === 0)
    return { kind: "command", command, typed };
  const argument = command.registeredArguments[args] ?? variadicOf(command);
  return argument === undefined ? { kind: "nothing" } : { kind: "argument", command, argument, typed };
}

interface Walk {
  readonly command: Command;
  readonly given: Set<string>;
  open: Option | null;
}

function step(walk: Walk, word: string): void {
  const [flag = word] = word.split("=", 1);
  const option = optionOf(walk.command, flag);
  if (option === undefined) return;
  walk.given.add(option.attributeName());
  walk.open = option.required && !word.includes("=") ? option : null;
}

function flagPlace(command: Command, typed: string, given: ReadonlySet<string>): Place {
  const equals = typed.indexOf("=");
  const option = equals < 0 ? undefined : optionOf(command, typed.slice(0, equals));
  return option === undefined
    ? { kind: "flag", command, typed, given }
    : { kind: "value", command, option, typed: typed.slice(equals + 1) };
}

const subcommandOf = (command: Command, word: string): Command | undefined =>
  command.commands.find((each) => each.name() === word || each.aliases().includes(word));

const variadicOf = (command: Command): Argument | undefined => {
  const last = command.registeredArguments.at(-1);
  return last?.variadic === true ? last : undefined;
};

/** Of the command and of those above it. */
export const optionsOf = (command: Command): readonly Option[] =>
  command.parent === null ? command.options : [...command.options, ...optionsOf(command.parent)];

const optionOf = (command: Command, flag: string): Option | undefined =>
  optionsOf(command).find(({ long, short }) => flag === long || flag === short);
