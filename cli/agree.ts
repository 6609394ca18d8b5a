// Has somebody at the terminal agree before what can't be taken back is done.

import type { Tools } from "./command.ts";
import { CommandError, EXIT, usageError } from "./exit.ts";

/** Throws where nobody agrees; `nothing` says what has not been done then. */
export async function agreed(
  { surroundings, out }: Pick<Tools, "surroundings" | "out">,
  { yes }: { readonly yes?: true },
  { question, nothing }: { readonly question: string; readonly nothing: string },
): Promise<void> {
  if (yes === true) return;
  // Whoever gets a document has not been shown what it is about.
  if (surroundings.ask === null || out.json)
    throw usageError(`${nothing}: there is nobody to ask, so it needs --yes.`);
  const answer = await surroundings.ask(`${question} [y/N] `);
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new CommandError(EXIT.usage, `${nothing}.`);
}
