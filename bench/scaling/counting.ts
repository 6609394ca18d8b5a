// How a script is counted, which nobody but a bill can tell: as the one command that it is, or with all that it calls.

import { PRICES } from "./prices.ts";

/** What is sent, and what scripts call in their turn. */
export interface Commands {
  readonly sent: number;
  readonly called: number;
}

/** By either way of counting. */
export interface BothWays {
  readonly asOne: number;
  readonly withCalls: number;
}

/** As `npm run bench -- --only commands` counts them: one copy, no budget of the origin. */
export const COMMANDS = {
  memory: { sent: 0, called: 0 },
  /** The first time that an answer is read; afterwards one less, as it is marked already. */
  l2: { sent: 1, called: 5 },
  miss: { sent: 2, called: 13 },
  pull: { sent: 1, called: 3 },
  snapshot: { sent: 1, called: 6 },
} as const satisfies Readonly<Record<string, Commands>>;

export const bothWays = ({ sent, called }: Commands): BothWays => ({
  asOne: sent,
  withCalls: sent + called,
});

/** So many of each. */
export function commandsOf(counts: Readonly<Partial<Record<keyof typeof COMMANDS, number>>>): Commands {
  const sum = { sent: 0, called: 0 };
  for (const [name, count] of Object.entries(counts) as [keyof typeof COMMANDS, number][]) {
    sum.sent += count * COMMANDS[name].sent;
    sum.called += count * COMMANDS[name].called;
  }
  return sum;
}

export const each = <T>(of: BothWays, make: (commands: number) => T): { asOne: T; withCalls: T } => ({
  asOne: make(of.asOne),
  withCalls: make(of.withCalls),
});

export const usdOf = (commands: BothWays): BothWays =>
  each(commands, (count) => count * PRICES.upstash.usdPerCommand);
