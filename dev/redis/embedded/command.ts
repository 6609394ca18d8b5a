// What a command of the embedded store is: its arity, its flags, its body.
import type { Value } from "./answers.ts";
import type { Keyspace } from "./keyspace.ts";

export type Command = {
  /** As in Redis: exact count with the name when positive, least count when negative. */
  readonly arity: number;
  readonly write?: true;
  /** Whether it may take room: refused where there is none (`denyoom` among the flags of COMMAND INFO). */
  readonly grows?: true;
  readonly noScript?: true;
  readonly run: (db: Keyspace, args: readonly string[]) => Value;
};

export type CommandTable = Readonly<Record<string, Command>>;
