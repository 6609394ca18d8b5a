// One call for each of several ids: what came of them all, and the exit code that says it.

import { TidegateError } from "../client/tidegate-error.ts";
import { EXIT, type ExitCode, exitOf } from "./exit.ts";
import type { Output } from "./output.ts";
import { plain } from "./wording.ts";

export interface Each<Done> {
  readonly done: readonly Done[];
  readonly failed: readonly { readonly id: string; readonly code: string; readonly message: string }[];
  /** Behind a failure that would have met them too. */
  readonly untried: readonly string[];
  readonly exit: ExitCode;
}

/** One after the other. Of a single one, and where the first can't be asked for, the error is thrown. */
export async function each<Done>(
  given: readonly string[],
  act: (id: string) => Promise<Done>,
): Promise<Each<Done>> {
  const ids = [...new Set(given)];
  const done: Done[] = [];
  const failed: { id: string; code: string; message: string }[] = [];
  const exits = new Set<ExitCode>();
  let untried: readonly string[] = [];
  for (const [index, id] of ids.entries()) {
    try {
      done.push(await act(id));
    } catch (error) {
      if (!(error instanceof TidegateError) || ids.length === 1) throw error;
      const { code, message } = error;
      const ownFault = code === "not-found" || code === "conflict" || code === "invalid-query";
      if (!ownFault && index === 0) throw error;
      failed.push({ id, code, message });
      exits.add(exitOf(error));
      if (ownFault) continue;
      untried = ids.slice(index + 1);
      break;
    }
  }
  const [one = EXIT.done] = exits;
  return {
    done,
    failed,
    untried,
    exit: exits.size > 1 || (done.length > 0 && failed.length > 0) ? EXIT.partial : one,
  };
}

/** On stderr: what was not done, and why. */
export function tellFailed(out: Output, { failed, untried }: Each<unknown>): void {
  for (const { id, message } of failed) out.warn(`${plain(id)}: ${plain(message)}`, "red");
  if (untried.length > 0) out.warn(`Not tried: ${untried.map(plain).join(", ")}`, "red");
}
