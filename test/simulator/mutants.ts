// The mutants: one fault each in the system's source, which the simulator has to notice.

export interface Mutant {
  readonly file: string;
  /** Found exactly once in the file. */
  readonly find: string;
  readonly put: string;
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  "page-is-head": {
    file: "shared/core/log-view.ts",
    find: "head.epoch === view.epoch && head.seq <= view.cursor && sentAt",
    put: "head.epoch === view.epoch && sentAt",
  },
};
