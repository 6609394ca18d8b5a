// How the tests run: which files, in which processes, with Lua scripts as text.

import { readFile } from "node:fs/promises";
import { configDefaults, defineConfig } from "vitest/config";

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

export default defineConfig({
  test: {
    // Scenarios wait as much as they work: two cores carry three.
    maxWorkers: 3,
    projects: [
      {
        plugins: [luaAsText],
        test: {
          name: "node",
          environment: "node",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...without.flatMap((name) => leftOut[name] ?? [])],
          // A process a file: servers, signal handlers and module state of one cannot reach another.
          pool: "forks",
          isolate: true,
          testTimeout: 20_000,
          hookTimeout: 20_000,
          restoreMocks: true,
          unstubEnvs: true,
          unstubGlobals: true,
        },
      },
    ],
  },
});
