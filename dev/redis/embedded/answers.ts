// What commands of the embedded store answer: values, and the errors they may end with.
import type { ErrorReply, Status } from "../reply.ts";

/** A reply inside the store: bulk strings are binary strings (one character a byte). */
export type Value = null | number | string | Status | ErrorReply | Value[];

/** Carries an error reply out of a command's depths; the dispatcher turns it into a value. */
export class CommandError extends Error {}

export const OK: Status = { kind: "status", text: "OK" };

export function status(text: string): Status {
  return { kind: "status", text };
}

export function failure(message: string): ErrorReply {
  return { kind: "error", message };
}

export function at(args: readonly string[], index: number): string {
  return args[index] ?? "";
}

export const SYNTAX = "ERR syntax error";
export const NOT_AN_INTEGER = "ERR value is not an integer or out of range";
export const NOT_A_FLOAT = "ERR value is not a valid float";
export const MUST_BE_POSITIVE = "ERR value is out of range, must be positive";
export const WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
export const WOULD_OVERFLOW = "ERR increment or decrement would overflow";

export function wrongArity(name: string): ErrorReply {
  return failure(`ERR wrong number of arguments for '${name}' command`);
}
