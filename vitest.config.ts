// How the tests run: which files, in which processes, and in what order.

import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What `npm test -- --without NAME` leaves out; scripts/test.ts hands the names over in TIDEGATE_WITHOUT. */
const leftOut: Record<string, string> = {
  redis: "test/**/*.redis.test.ts",
  browser: "test/browser/**",
};

const without = (process.env.TIDEGATE_WITHOUT ?? "").split(",");

/** Sources are loaded by Node itself, as where they run. Where a test has to notice a fault, with that in them. */
const LOADERS = [
  "./scripts/lua-loader.mjs",
  "./test/support/jsx-loader.mjs",
  ...(process.env.TIDEGATE_MUTANT === undefined ? [] : ["./test/mutants/break.ts"]),
].flatMap((module) => ["--import", module]);

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
  test: {
    name,
    environment: "node",
    include,
    exclude: [...configDefaults.exclude, ...exclude, ...without.flatMap((option) => leftOut[option] ?? [])],
    pool: "forks" as const,
    execArgv: [...FAST, ...LOADERS],
    experimental: { viteModuleRunner: false },
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
