// Finds and runs a command: unknown names, arity, what scripts may not do, and a record of what changed.
import { CommandError, failure, type Value, wrongArity } from "./answers.ts";
import type { Command, CommandTable } from "./command.ts";
import { expiryCommands } from "./commands/expiry.ts";
import { hashCommands } from "./commands/hashes.ts";
import { hyperLogLogCommands } from "./commands/hyperloglogs.ts";
import { keyCommands } from "./commands/keys.ts";
import { listCommands } from "./commands/lists.ts";
import type { ScriptCaller } from "./commands/scripting.ts";
import { serverCommands } from "./commands/server.ts";
import { setCommands } from "./commands/sets.ts";
import { sortedSetRangeCommands } from "./commands/sorted-set-ranges.ts";
import { sortedSetCommands } from "./commands/sorted-sets.ts";
import { stringCommands } from "./commands/strings.ts";
import type { Keyspace } from "./keyspace.ts";
import { oneLine } from "./lua/values.ts";

/** How much of an unknown command Redis repeats. */
const QUOTED_BYTES = 128;
/** Commands Redis knows and keeps from scripts, that this store has not. */
const KEPT_FROM_SCRIPTS = new Set(
  "auth blpop brpop client config debug discard exec hello monitor multi psubscribe quit reset shutdown subscribe unsubscribe watch unwatch".split(
    " ",
  ),
);

export class Dispatcher {
  private readonly db: Keyspace;
  private readonly isFull: () => boolean;
  private readonly table = new Map<string, Command>();
  /** The commands that changed something since `takeEffects`, in order. */
  private effects: (readonly string[])[] = [];

  constructor(db: Keyspace, isFull: () => boolean = () => false) {
    this.db = db;
    this.isFull = isFull;
    this.add(stringCommands, keyCommands, expiryCommands, hashCommands, listCommands, setCommands);
    this.add(sortedSetCommands, sortedSetRangeCommands, hyperLogLogCommands, serverCommands);
  }

  add(...tables: readonly CommandTable[]): void {
    for (const table of tables)
      for (const [name, command] of Object.entries(table)) this.table.set(name, command);
  }

  /** Why Redis would not even queue the command in a MULTI; nothing if it would. */
  refusal(args: readonly string[]): Value {
    const name = args[0] ?? "";
    const command = this.find(name);
    if (command === undefined) return failure(unknownCommand(args));
    return hasArity(command, args) ? null : wrongArity(name.toLowerCase());
  }

  execute(args: readonly string[]): Value {
    const command = this.find(args[0] ?? "");
    return this.refusal(args) ?? (this.hasNoRoomFor(command) ? failure(NO_ROOM) : this.run(command, args));
  }

  private hasNoRoomFor(command: Command | undefined): boolean {
    return command?.grows === true && this.isFull();
  }

  /** redis.call and redis.pcall. */
  readonly fromScript: ScriptCaller = (args, access) => {
    const name = args[0] ?? "";
    const command = this.find(name);
    if (command === undefined) {
      const kept = KEPT_FROM_SCRIPTS.has(name.toLowerCase());
      return failure(kept ? NOT_FROM_SCRIPT : "ERR Unknown Redis command called from script");
    }
    if (!hasArity(command, args))
      return failure("ERR Wrong number of args calling Redis command from script");
    if (command.noScript) return failure(NOT_FROM_SCRIPT);
    if (command.write && access.readOnly) {
      return failure("ERR Write commands are not allowed from read-only scripts.");
    }
    // What has begun to write may end.
    if (!access.writes && this.hasNoRoomFor(command)) return failure(NO_ROOM);
    if (command.write) access.writes = true;
    return this.run(command, args);
  };

  takeEffects(): readonly (readonly string[])[] {
    const { effects } = this;
    if (effects.length > 0) this.effects = [];
    return effects;
  }

  private find(name: string): Command | undefined {
    return this.table.get(name) ?? this.table.get(name.toLowerCase());
  }

  private run(command: Command | undefined, args: readonly string[]): Value {
    const before = this.db.changes;
    try {
      return command?.run(this.db, args) ?? null;
    } catch (error) {
      if (error instanceof CommandError) return failure(error.message);
      throw error;
    } finally {
      if (command?.write && this.db.changes !== before) this.effects.push(args);
    }
  }
}

const NO_ROOM = "OOM command not allowed when used memory > 'maxmemory'.";
const NOT_FROM_SCRIPT = "ERR This Redis command is not allowed from script";

function hasArity(command: Command, args: readonly string[]): boolean {
  return command.arity >= 0 ? args.length === command.arity : args.length >= -command.arity;
}

function unknownCommand([name = "", ...args]: readonly string[]): string {
  let quoted = "";
  for (const arg of args) {
    if (quoted.length >= QUOTED_BYTES) break;
    quoted += `'${cString(arg).slice(0, QUOTED_BYTES - quoted.length)}' `;
  }
  const shown = cString(name).slice(0, QUOTED_BYTES);
  return oneLine(`ERR unknown command '${shown}', with args beginning with: ${quoted}`);
}

/** As printf("%s") shows it: up to the first zero byte. */
function cString(binary: string): string {
  const end = binary.indexOf("\0");
  return end < 0 ? binary : binary.slice(0, end);
}
