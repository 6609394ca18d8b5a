// The flags of a command: nothing unknown, none given twice, and a number below zero is a value like any other.

import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** Throws an `Error` of one line. */
export function parseFlags<const Flags extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Flags,
) {
  const { values, tokens } = parsed(args, options);
  const given = new Set<string>();
  for (const token of tokens) {
    // A switch that is turned on twice is on; of two values only one could hold.
    if (token.kind !== "option" || token.value === undefined) continue;
    if (given.has(token.name)) throw new TypeError(`--${token.name} is given twice`);
    given.add(token.name);
  }
  return values;
}

function parsed<const Flags extends ParseArgsOptionsConfig>(args: readonly string[], options: Flags) {
  try {
    return parseArgs({ args: joined(args), options, strict: true, allowPositionals: false, tokens: true });
  } catch (error) {
    throw new TypeError((error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "");
  }
}

/** `--rate -5` as `--rate=-5`: whoever reads the value says what it may be. */
function joined(args: readonly string[]): string[] {
  const whole: string[] = [];
  for (const arg of args) {
    const flag = whole.at(-1);
    const isValue = /^-[\d.]/.test(arg) && flag !== undefined && /^--[^=]+$/.test(flag);
    if (isValue) whole[whole.length - 1] = `${flag}=${arg}`;
    else whole.push(arg);
  }
  return whole;
}
