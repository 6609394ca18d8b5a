// Builds that are broken on purpose: one fault each in the sources, which the experiments have to find out.

import { fileURLToPath } from "node:url";
import type { SourceChange } from "../../dev/bundle.ts";
import type { Experiment } from "../../shared/wire/chaos.ts";

export interface BrokenBuild {
  readonly file: string;
  /** Stands in the file once. */
  readonly find: string;
  readonly put: string;
  /** What is run against it where nobody says otherwise. */
  readonly only: readonly Experiment[];
  /** The verdict that has to turn. */
  readonly breaks: string;
}

export const BROKEN_BUILDS: Readonly<Record<string, BrokenBuild>> = {
  /** Edges take purges in, say so, and serve what they name all the same. */
  "purges-unheeded": {
    file: "shared/core/log-view.ts",
    find: 'if (newest.hard > verifiedTo.seq) return { kind: "hard" };',
    put: 'if (newest.hard > verifiedTo.seq + 1_000_000) return { kind: "hard" };',
    only: ["flush-shard"],
    breaks: "stale-serves",
  },
  /** An edge that can't learn the log takes silence for no news. */
  "fence-ignored": {
    file: "shared/view/pull.ts",
    find: '    if (outcome.kind === "unavailable") return "unavailable";\n    // Another',
    put:
      '    if (outcome.kind === "unavailable") {\n' +
      "      knowledge.reachedHead(view, knowledge.joint(view), sentAt);\n" +
      '      return "reached";\n    }\n    // Another',
    only: ["partition"],
    breaks: "stale-serves",
  },
  /** Nobody asks for a token before the origin is asked. */
  "budget-ignored": {
    file: "shared/origin/tokens.ts",
    find: "    if (limits.budget === null) return UNASKED;",
    put: "    if (limits.budget === null || limits.budget.share !== null) return UNASKED;",
    only: ["mass-invalidate"],
    breaks: "origin-rate",
  },
  /** Purges are acknowledged though the log could not take them. */
  "acknowledged-before-logged": {
    file: "control-plane/invalidate/invalidate.ts",
    find: 'if (appended.kind !== "appended") return { kind: "unavailable", reason: appended.kind };',
    put:
      'if (appended.kind !== "appended")\n' +
      '    return { kind: "accepted", id: operation.id, position: "1-1", counts, warnings, reached: false };',
    only: ["replies-lost"],
    breaks: "ledger",
  },
};

/** Throws where the sources are not what the fault was made for. */
export function changeFor({ file, find, put }: BrokenBuild): SourceChange {
  return {
    path: fileURLToPath(new URL(`../../${file}`, import.meta.url)),
    change(text) {
      if (text.split(find).length !== 2) throw new Error(`${file} does not hold once: ${find}`);
      return text.replace(find, () => put);
    },
  };
}
