// What a command takes from the process it runs in; only the composition root reads the process itself.

import type { Fetch } from "../client/runtime.ts";

export interface Sink {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Characters in a line; only of a terminal. */
  readonly columns: number;
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** One line of an answer from a terminal's user; null where nobody is there to ask. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** UTF-8; `-` is standard input. Rejects where there is no such file. */
  readText(path: string): Promise<string>;
  /** Where `tidegate.toml` may be: the first that there is counts. */
  readonly configFiles: readonly string[];
  /** The user's own directory; null where it is not known. */
  readonly home: string | null;
  /** Whether its group, or everybody, may read a file. */
  isReadableByOthers(path: string): Promise<boolean>;
  /** What runs this command line again, for a shell that asks it what may come next. */
  readonly self: readonly string[];
  /** Where `npm start` may have left its token: the first that there is counts. */
  readonly tokenFiles: readonly string[];
  /** Runs `action` at Ctrl-C instead of ending the process, until the function it returns is called. */
  onInterrupt(action: () => void): () => void;
  readonly fetch?: Fetch;
}
