// What stands behind the REST gateway: something that answers Redis commands, or says that it cannot.
import type { CommandArguments, ErrorReply, Reply } from "./reply.ts";

export type RedisBackend = {
  call(args: CommandArguments): Promise<Reply>;
  /** In order, but not atomic: one command's error does not stop the others. */
  pipeline(commands: readonly CommandArguments[]): Promise<Reply[]>;
  /** MULTI … EXEC; an error reply if the whole was discarded. */
  transaction(commands: readonly CommandArguments[]): Promise<Reply[] | ErrorReply>;
  dispose(): Promise<void>;
};

/** Rejects every method above: there was no answer. Whether the command ran is unknown. */
export class BackendUnavailable extends Error {}
