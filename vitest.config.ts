// How the tests run: which files, in which processes, with Lua scripts as text.

import { readFile } from "node:fs/promises";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What `npm test -- --without NAME` leaves out; scripts/test.ts hands the names over in TIDEGATE_WITHOUT. */
const leftOut: Record<string, string> = {
  redis: "test/**/*.redis.test.ts",
  browser: "test/browser/**",
};

const without = (process.env.TIDEGATE_WITHOUT ?? "").split(",");

interface Mutant {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

/** The fault that a test has to notice, where one is hunted (test/mutants/hunt.ts). */
const mutant = JSON.parse(process.env.TIDEGATE_MUTANT ?? "null") as Mutant | null;

const sources = {
  name: "tidegate:sources",
  enforce: "pre" as const,
  async load(id: string) {
    const path = id.split("?")[0] ?? id;
    if (path !== mutant?.file && !path.endsWith(".lua")) return null;
    const text = await readFile(path, "utf8");
    const source = path === mutant?.file ? text.replace(mutant.find, () => mutant.put) : text;
    return { code: path.endsWith(".lua") ? `export default ${JSON.stringify(source)};` : source, map: null };
  },
};

/** What computes for long, or means something else by the limits that all others share: a process a file. */
const APART = [
  "test/model/**/*.test.ts",
  "test/interleavings/**/*.test.ts",
  "test/simulator/**/*.test.ts",
  "test/mutants/**/*.test.ts",
  "test/tidy.test.ts",
];

/** What waits more than it computes. */
const WAITING = /\/test\/(?:http|scenario|browser)\//;

/** Of that, what goes on longest, however short its file (a stage, say): it begins first, and nobody waits for it alone. */
const LONGEST = /\/test\/(?:http|browser)\/|\/scenario\/(?!embedded|killed|metrics)/;

/** Most of what a test makes is garbage when the next one begins: with room for it less of it is copied. */
const FAST = ["--max-semi-space-size=32"];

type Files = { include: string[]; exclude?: string[]; isolate?: boolean; globalSetup?: string[] };

const project = (name: string, { include, exclude = [], isolate = true, globalSetup = [] }: Files) => ({
  plugins: [sources],
  test: {
    name,
    environment: "node",
    include,
    exclude: [...configDefaults.exclude, ...exclude, ...without.flatMap((option) => leftOut[option] ?? [])],
    pool: "forks" as const,
    execArgv: FAST,
    isolate,
    globalSetup,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});

/**
 * What waits is spread over what computes, so that all cores have something to do. Files that share processes (each of
 * which loads and compiles the sources once) do so only where none of the others comes between, so those come first.
 */
class ByTurns extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const apart = sorted.filter(({ project }) => project.name === "apart");
    const together = sorted.filter(({ project }) => project.name === "together");
    const waiting = together.filter(({ moduleId }) => WAITING.test(moduleId));
    waiting.sort((a, b) => Number(LONGEST.test(b.moduleId)) - Number(LONGEST.test(a.moduleId)));
    const computing = together.filter(({ moduleId }) => !WAITING.test(moduleId));
    // One that waits beside each of those that have a process of their own.
    const beside = waiting.splice(0, apart.length);
    return [...spread(apart, beside), ...spread(computing, waiting)];
  }
}

/** Of the many, the share after which none of the few begins: at the end nobody waits for one of them alone. */
const LAST_BEGINS = 0.7;

/** The few among the many, at even distances, from the first one on. */
function spread<T>(many: readonly T[], few: readonly T[]): T[] {
  const step = (LAST_BEGINS * many.length) / Math.max(1, few.length);
  const placed = [
    ...many.map((one, at) => ({ one, at })),
    ...few.map((one, at) => ({ one, at: at * step - 0.5 })),
  ];
  return placed.sort((a, b) => a.at - b.at).map(({ one }) => one);
}

export default defineConfig({
  test: {
    // Scenarios wait as much as they work: two cores carry three. A fourth makes all of them slower.
    maxWorkers: 3,
    sequence: { sequencer: ByTurns },
    projects: [
      project("apart", { include: APART }),
      project("together", {
        ...{ include: ["test/**/*.test.ts"], exclude: APART, isolate: false },
        globalSetup: ["test/support/bundle-once.ts"],
      }),
    ],
  },
});
