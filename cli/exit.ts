// Exit codes, and which of them an error ends in.

import { TidegateError, type TidegateErrorCode } from "../client/tidegate-error.ts";

export const EXIT = {
  done: 0,
  unexpected: 1,
  usage: 2,
  auth: 3,
  notFound: 4,
  conflict: 5,
  /** Partial, or timed out: it was begun, and not all of it is done. */
  partial: 6,
  unreachable: 7,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a command refuses by itself; the message says what to do instead. */
export class CommandError extends Error {
  readonly exit: ExitCode;

  constructor(exit: ExitCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.exit = exit;
  }
}

export const usageError = (message: string): CommandError => new CommandError(EXIT.usage, message);

const BY_CODE: Readonly<Partial<Record<TidegateErrorCode, ExitCode>>> = {
  unauthorized: EXIT.auth,
  "not-found": EXIT.notFound,
  exists: EXIT.conflict,
  "precondition-failed": EXIT.conflict,
  "precondition-required": EXIT.conflict,
  "idempotency-conflict": EXIT.conflict,
  deadline: EXIT.partial,
  aborted: EXIT.partial,
  unreachable: EXIT.unreachable,
  unavailable: EXIT.unreachable,
  "chaos-agent-away": EXIT.unreachable,
  "chaos-agent-refuses": EXIT.unreachable,
};

/** By its code; one that is not known here by its status. */
export function exitOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exit;
  if (!(error instanceof TidegateError)) return EXIT.unexpected;
  const { code, status } = error;
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (status === 401 || status === 403) return EXIT.auth;
  if (status === 409 || status === 412) return EXIT.conflict;
  return code !== "unexpected-answer" && [400, 413, 415, 422].includes(status ?? 0)
    ? EXIT.usage
    : EXIT.unexpected;
}
