// The embedded store: Redis' commands over an in-process key space, synchronous, its only clock the caller's.
import type { CommandArguments, ErrorReply, Reply } from "../reply.ts";
import { failure, type Value } from "./answers.ts";
import { isAscii, toBinary, toText } from "./binary.ts";
import { Scripts } from "./commands/scripting.ts";
import { Dispatcher } from "./dispatch.ts";
import { type Effects, EffectsLog } from "./effects-log.ts";
import { Keyspace } from "./keyspace.ts";
import { LuaMachine } from "./lua/machine.ts";
import { RESTORE_REGISTERS, snapshotOf } from "./snapshot.ts";

type EmbeddedStoreOptions = {
  /** Milliseconds since 1970, fractions allowed; it stands still during a command and during a script. */
  readonly now: () => number;
  /** Without it the store forgets everything when the process ends. */
  readonly persistence?: { readonly file: string };
  /** Whether it has no room for more at the moment, and may evict nothing. */
  readonly isFull?: () => boolean;
  /** Is told what each command changed. */
  readonly observe?: (effects: Effects) => void;
};

export type EmbeddedStore = Immediate & {
  /** The same, on disk only after `flush`: not to be acknowledged before. */
  readonly unflushed: Immediate;
  readonly persists: boolean;
  /** Puts on disk what was changed; throws where it cannot, and from then on always. */
  flush(): void;
  /** Replaces the log by a snapshot; it happens by itself when the log has grown long. */
  rewriteLog(): void;
  /** Flushes and closes the log. */
  close(): void;
};

/** When one of these returns, what was changed is on disk (where the store persists). */
type Immediate = {
  call(args: CommandArguments): Reply;
  /** In order, with one flush to disk for all. */
  pipeline(commands: readonly CommandArguments[]): Reply[];
  /** As MULTI … EXEC: nothing runs if one of them could not be queued. */
  transaction(commands: readonly CommandArguments[]): Reply[] | ErrorReply;
};

export async function createEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const db = new Keyspace();
  const dispatcher = new Dispatcher(db, options.isFull);
  dispatcher.add(new Scripts(await LuaMachine.create(), dispatcher.fromScript).commands());
  const log = options.persistence ? openLog(options.persistence.file, { db, dispatcher }) : null;
  return new Store(options, { db, dispatcher, log });
}

type Parts = { readonly db: Keyspace; readonly dispatcher: Dispatcher };

class Store implements EmbeddedStore {
  private readonly now: () => number;
  private readonly db: Keyspace;
  private readonly dispatcher: Dispatcher;
  private readonly log: EffectsLog | null;
  private readonly observe: ((effects: Effects) => void) | undefined;

  constructor(options: EmbeddedStoreOptions, parts: Parts & { readonly log: EffectsLog | null }) {
    this.now = options.now;
    this.observe = options.observe;
    this.db = parts.db;
    this.dispatcher = parts.dispatcher;
    this.log = parts.log;
  }

  get persists(): boolean {
    return this.log !== null;
  }

  readonly unflushed: Immediate = {
    call: (args) => this.run(args.map(toBinary)),
    pipeline: (commands) => commands.map((args) => this.run(args.map(toBinary))),
    transaction: (commands) => this.runAll(commands.map((args) => args.map(toBinary))),
  };

  call(args: CommandArguments): Reply {
    return this.flushedAfter(this.unflushed.call(args));
  }

  pipeline(commands: readonly CommandArguments[]): Reply[] {
    return this.flushedAfter(this.unflushed.pipeline(commands));
  }

  transaction(commands: readonly CommandArguments[]): Reply[] | ErrorReply {
    return this.flushedAfter(this.unflushed.transaction(commands));
  }

  flush(): void {
    if (this.log === null) return;
    this.log.flush();
    if (this.log.needsRewrite()) this.rewriteLog();
  }

  rewriteLog(): void {
    this.log?.rewrite(snapshotOf(this.db));
  }

  close(): void {
    this.log?.close();
  }

  private flushedAfter<T>(outcome: T): T {
    this.flush();
    return outcome;
  }

  private runAll(queued: readonly (readonly string[])[]): Reply[] | ErrorReply {
    if (queued.some((args) => this.dispatcher.refusal(args) !== null)) {
      return failure("EXECABORT Transaction discarded because of previous errors.");
    }
    return queued.map((args) => this.run(args));
  }

  private run(args: readonly string[]): Reply {
    const at = this.now();
    this.db.setTime(at);
    this.db.sweep();
    const value = this.dispatcher.execute(args);
    const commands = this.dispatcher.takeEffects();
    if (commands.length > 0) {
      this.log?.append({ at, commands });
      this.observe?.({ at, commands });
    }
    return toReply(value);
  }
}

function openLog(file: string, { db, dispatcher }: Parts): EffectsLog {
  const replay = ({ at, commands }: Effects) => {
    db.setTime(at);
    for (const args of commands) {
      if (args[0] === RESTORE_REGISTERS) restoreRegisters(db, args);
      else dispatcher.execute(args);
    }
    dispatcher.takeEffects();
  };
  return EffectsLog.open(file, replay);
}

function restoreRegisters(db: Keyspace, [, key = "", registers = ""]: readonly string[]): void {
  db.put(key, { kind: "hyperloglog", registers: Buffer.from(registers, "base64") }, null);
}

function toReply(value: Value): Reply {
  if (typeof value === "string") return Buffer.from(value, "latin1");
  if (value === null || typeof value === "number") return value;
  if (Array.isArray(value)) return value.map(toReply);
  if (value.kind === "error") return { kind: "error", message: toText(value.message) };
  // A status is text; a script may make one of other bytes, and those must not be lost.
  return isAscii(value.text) ? value : Buffer.from(value.text, "latin1");
}
