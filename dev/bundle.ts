// Bundles a worker's entry into the one module that workerd runs.

import { readFile } from "node:fs/promises";
import { build, type Plugin } from "esbuild";

/** One source file that is bundled with another text: how a test gets a fault into a worker that really runs. */
export interface SourceChange {
  /** Absolute. */
  readonly path: string;
  readonly change: (text: string) => string;
}

/** The text of an ES module; throws with esbuild's own message where the sources don't build. */
export async function bundleWorker(entry: string, changed: SourceChange | null = null): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:async_hooks"],
    loader: { ".lua": "text", ".html": "text", ".css": "text" },
    logLevel: "silent",
    plugins: changed === null ? [] : [changing(changed)],
  });
  return result.outputFiles[0]?.text ?? "";
}

const changing = ({ path, change }: SourceChange): Plugin => ({
  name: "changed source",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, async (file) =>
      file.path === path ? { contents: change(await readFile(path, "utf8")), loader: "ts" } : null,
    ),
});
