// Writes the client's types from the control plane's OpenAPI document: `npm run client-types`.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleWorker } from "../dev/bundle.ts";
import { namesIn, type OpenApi, routeTypes, schemaTypes } from "./schema-types.ts";

const MADE = "made from its OpenAPI document by `npm run client-types`.";

/** What the client's generated files have to say, by their paths. */
export function clientTypes(document: OpenApi): Readonly<Record<string, string>> {
  const routes = routeTypes(document);
  const imported = namesIn(routes, document).map((name) => `  ${name},`);
  return {
    "client/schemas.ts": formatted(`// What the control plane takes and answers, by name: ${MADE}

${schemaTypes(document)}`),
    "client/routes.ts": formatted(`// The control plane's routes, typed: ${MADE}

import type {
${imported.join("\n")}
} from "./schemas.ts";

/** By status; an answer without a body is \`null\`. */
${routes}`),
  };
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** As the project's own formatter lays it out. */
function formatted(text: string): string {
  const biome = join(root, "node_modules/.bin/biome");
  return execFileSync(biome, ["format", "--stdin-file-path=client/any.ts"], {
    input: text,
    encoding: "utf8",
    cwd: root,
  });
}

/** Asks the API itself, bundled as it is deployed: no script depends on a worker's sources. */
async function askForDocument(): Promise<OpenApi> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-types-"));
  try {
    const file = join(folder, "app.mjs");
    writeFileSync(file, await bundleWorker(join(root, "control-plane/api/app.ts")));
    const { createApi } = await import(pathToFileURL(file).href);
    const api = createApi({ plane: { spans: null }, wake: async () => {} });
    const request = new Request("http://127.0.0.1/openapi.json", { headers: { "x-request-id": "types" } });
    const response: Response = await api.fetch(request, {}, { waitUntil: () => {} });
    return (await response.json()) as OpenApi;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(clientTypes(await askForDocument())))
    writeFileSync(join(root, path), text);
}
