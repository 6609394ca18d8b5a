// Lets plain Node import pages written in JSX, which where they run are bundled: node --import ./test/support/jsx-loader.mjs

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith(".tsx")) return nextLoad(url, context);
    const { code } = transformSync(readFileSync(fileURLToPath(url), "utf8"), {
      ...{ loader: "tsx", jsx: "automatic", jsxImportSource: "hono/jsx" },
      ...{ sourcefile: url, sourcemap: "inline" },
    });
    return { format: "module", source: code, shortCircuit: true };
  },
});
