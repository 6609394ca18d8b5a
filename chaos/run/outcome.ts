// What came of all experiments of a run, and the exit code that says it.

import type { ChaosReport } from "../../shared/wire/chaos.ts";
import type { BrokenBuild } from "./broken-builds.ts";

export interface Outcome {
  passed: number;
  failed: number;
  /** Not begun, or their ends could not be learnt. */
  notRun: number;
  readonly reports: ChaosReport[];
}

/**
 * `failed`: some experiment did, as it has to on a build that is broken on purpose. `unnoticed`: nothing turned that is
 * about that build's fault, whatever else did. `broken`: there was no run, or nothing of it could be run.
 */
export const EXIT = { passed: 0, failed: 1, usage: 2, unnoticed: 3, broken: 4 } as const;

/** Whether the bound that is about its fault was measured, and did not hold. */
export const isFoundOut = (
  { breaks }: Pick<BrokenBuild, "breaks">,
  reports: readonly ChaosReport[],
): boolean =>
  reports.some(({ verdicts }) =>
    verdicts.some(({ name, holds, measured }) => name === breaks && !holds && measured !== null),
  );

/** `found` is null where the build is whole. */
export function exitCode(
  { passed, failed, notRun }: Omit<Outcome, "reports">,
  { planned, found }: { readonly planned: number; readonly found: boolean | null },
): number {
  // Of what was not begun nothing is known: neither that it holds nor that it doesn't.
  if (notRun > 0 && passed + failed === 0) return EXIT.broken;
  if (found === false) return EXIT.unnoticed;
  return failed + notRun > 0 || passed < planned ? EXIT.failed : EXIT.passed;
}
