// Writes the dashboard's style, script and sign as one module of texts: `npm run dashboard-assets`.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const MADE = "control-plane/dashboard/made.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dashboard = join(root, "control-plane/dashboard");

/** What the made module has to say. Throws esbuild's own message where the sources don't build. */
export async function dashboardAssets(): Promise<string> {
  const style = await bundled(join(dashboard, "look/look.css"));
  const dark = await bundled(join(dashboard, "look/dark.css"));
  const script = await bundled(join(dashboard, "island/main.ts"));
  const icon = readFileSync(join(dashboard, "look/tidegate.svg"), "utf8").trim();
  const files = [
    ["STYLE", named("dashboard", style, "css"), style],
    ["DARK", named("dark", dark, "css"), dark],
    ["SCRIPT", named("dashboard", script, "js"), script],
    ["ICON", "/assets/tidegate.svg", icon],
  ] as const;
  return `// The dashboard's own files, as texts: made from look/ and island/ by \`npm run dashboard-assets\`.

${files.map(([name, path, text]) => constant(name, path, text)).join("\n")}`;
}

const constant = (name: string, path: string, text: string): string =>
  `export const ${name} = {\n  path: ${JSON.stringify(path)},\n  text: ${JSON.stringify(text)},\n} as const;\n`;

/** A file that may be kept for ever is never changed: its name is. */
const named = (name: string, text: string, ending: string): string =>
  `/assets/${name}.${createHash("sha256").update(text).digest("hex").slice(0, 12)}.${ending}`;

async function bundled(entry: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: ["es2022", "chrome120", "firefox121", "safari17"],
    legalComments: "none",
    logLevel: "silent",
    absWorkingDir: root,
  });
  return result.outputFiles[0]?.text.trim() ?? "";
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(join(root, MADE), await dashboardAssets());
