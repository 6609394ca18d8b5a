// Bundles a worker's entry into the one module that workerd runs.

import { build } from "esbuild";

/** The text of an ES module; throws with esbuild's own message where the sources don't build. */
export async function bundleWorker(entry: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    loader: { ".lua": "text", ".html": "text", ".css": "text" },
    logLevel: "silent",
  });
  return result.outputFiles[0]?.text ?? "";
}
