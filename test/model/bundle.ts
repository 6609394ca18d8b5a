// Loads the model anew, with an edge's limits made small and perhaps one fragment of source broken: nothing holds a switch.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** One fault in one file: each fragment is found there exactly once. */
export interface Fault {
  readonly file: string;
  readonly edits: readonly { readonly find: string; readonly put: string }[];
}

type Loaded = typeof import("./explore.ts");

export async function loadModel(
  limits: Readonly<Record<string, number>>,
  fault: Fault | null,
): Promise<Loaded> {
  const { outputFiles } = await build({
    entryPoints: [join(root, "test/model/explore.ts")],
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    write: false,
    logLevel: "silent",
    plugins: [altering(limits, fault)],
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error("nothing was bundled");
  return (await import(
    `data:text/javascript;base64,${Buffer.from(output.contents).toString("base64")}`
  )) as Loaded;
}

function altering(limits: Readonly<Record<string, number>>, fault: Fault | null): Plugin {
  const config = join(root, "shared/view/limits.ts");
  return {
    name: "tidegate:altering",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        const broken = fault !== null && path === join(root, fault.file) ? faulty(text, fault) : text;
        const small = path === config ? `\nObject.assign(VIEW_LIMITS, ${JSON.stringify(limits)});\n` : "";
        return { contents: broken + small, loader: "ts" };
      });
    },
  };
}

function faulty(text: string, { file, edits }: Fault): string {
  return edits.reduce((before, { find, put }) => {
    const parts = before.split(find);
    if (parts.length !== 2)
      throw new Error(`a fragment is ${parts.length - 1} times in ${file}, not once: ${find}`);
    return parts.join(put);
  }, text);
}
