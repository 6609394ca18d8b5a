// Lets plain Node import Lua scripts as text, and keeps compiled sources: node --import ./scripts/lua-loader.mjs file.ts

import { readFileSync } from "node:fs";
import { enableCompileCache, registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

// By their content, types stripped: a process that has been started before starts with a third of the work.
enableCompileCache(fileURLToPath(new URL("../.tidegate/compiled", import.meta.url)));

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith(".lua")) return nextLoad(url, context);
    const text = readFileSync(fileURLToPath(url), "utf8");
    return { format: "module", source: `export default ${JSON.stringify(text)};`, shortCircuit: true };
  },
});
