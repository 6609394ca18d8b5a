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

const luaAsText = {
  name: "tidegate:lua-as-text",
  enforce: "pre" as const,
  async load(id: string) {
    const path = id.split("?")[0] ?? id;
    if (!path.endsWith(".lua")) return null;
    return { code: `export default ${JSON.stringify(await readFile(path, "utf8"))};`, map: null };
  },
};

/**
 * What has no state of its own outside of its tests: its files share processes, each of which loads and compiles the
 * sources once. All others have a process a file: servers, signal handlers and module state of one cannot reach another.
 */
const TOGETHER = ["test/core/**/*.test.ts", "test/contract/**/*.test.ts", "test/conformance/**/*.test.ts"];

/** What starts whole clusters, on bundles that are made once. */
const CLUSTERS = ["test/http/**/*.test.ts", "test/scenario/**/*.test.ts"];

type Files = { include: string[]; exclude?: string[]; isolate?: boolean; globalSetup?: string[] };

const project = (name: string, { include, exclude = [], isolate = true, globalSetup = [] }: Files) => ({
  plugins: [luaAsText],
  test: {
    name,
    environment: "node",
    include,
    exclude: [...configDefaults.exclude, ...exclude, ...without.flatMap((option) => leftOut[option] ?? [])],
    pool: "forks" as const,
    isolate,
    globalSetup,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});

/** What computes and what waits by turns; then all that share processes, which they do only where none comes between. */
class ByTurns extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const of = (name: string): TestSpecification[] => sorted.filter(({ project }) => project.name === name);
    const [computing, waiting] = [of("apart"), of("clusters")];
    const turns = Array.from({ length: Math.max(computing.length, waiting.length) }, (_, turn) => [
      ...computing.slice(turn, turn + 1),
      ...waiting.slice(turn, turn + 1),
    ]);
    return [...turns.flat(), ...of("together")];
  }
}

export default defineConfig({
  test: {
    // Scenarios wait as much as they work: two cores carry three.
    maxWorkers: 3,
    sequence: { sequencer: ByTurns },
    projects: [
      project("apart", { include: ["test/**/*.test.ts"], exclude: [...TOGETHER, ...CLUSTERS] }),
      project("clusters", { include: CLUSTERS, globalSetup: ["test/support/bundle-once.ts"] }),
      project("together", { include: TOGETHER, isolate: false }),
    ],
  },
});
