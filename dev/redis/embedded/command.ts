// What a command of the embedded store is: its arity, its flags, its body, and the errors it may answer.
import type { ErrorReply, Status } from "../reply.ts";
import type { Keyspace } from "./keyspace.ts";

/** A reply inside the store: bulk strings are binary strings (one character a byte). */
export type Value = null | number | string | Status | ErrorReply | Value[];

export type Command = {
  /** As in Redis: exact count with the name when positive, least count when negative. */
  readonly arity: number;
  readonly write?: true;
  readonly noScript?: true;
  readonly run: (db: Keyspace, args: readonly string[]) => Value;
};

export type CommandTable = Readonly<Record<string, Command>>;

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
