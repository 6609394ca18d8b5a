// Makes the package of the client library: `npm run pack-client` leaves a tarball in dist/.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What can be imported, and where that begins. */
const ENTRIES = { client: "client/index.ts", testing: "client/testing/index.ts" } as const;

/** Writes the package's folder, made anew. */
export async function writePackage(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    // Nobody imports the last of them: by it a bundler can leave the cache out for whoever takes the client alone.
    entryPoints: { ...ENTRIES, "control-client": "client/control-client.ts" },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    // Every runtime that the package names has these.
    target: ["es2022", "node20"],
    mainFields: ["module", "main"],
    external: ["@upstash/redis", "@upstash/redis/*"],
    loader: { ".lua": "text" },
    define: {
      "Promise.withResolvers": "withResolvers",
      "globalThis.__zod_globalConfig": "ownZodConfig",
    },
    inject: [join(root, "scripts/with-resolvers.mjs"), join(root, "scripts/own-zod-config.mjs")],
    legalComments: "eof",
  });
  writeTypes(join(folder, "types"));
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  cpSync(join(root, "client/README.md"), join(folder, "README.md"));
  cpSync(join(root, "docs/examples"), join(folder, "docs/examples"), { recursive: true });
  const guide = readFileSync(join(root, GUIDE), "utf8");
  writeFileSync(join(folder, GUIDE), withoutNeighbours(guide));
}

/** What the package's own README leads to. */
const GUIDE = "docs/client-library.md";

/** Other documents are the project's, and not in the package: they are named there, and lead nowhere. */
const withoutNeighbours = (text: string): string =>
  text.replace(/\[([^\]]+)\]\([\w-]+\.md(?:#[^)]*)?\)/g, "$1 in the project's docs");

function manifest(): object {
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly version: string;
    readonly license: string;
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const exported = Object.entries(ENTRIES).map(([name, entry]) => {
    const types = `./types/${declarationOf(entry)}`;
    return [`./${name}`, { types, default: `./${name}.js` }] as const;
  });
  return {
    name: "tidegate",
    version: own.version,
    description:
      "A cache for programs that proves how stale its values can be, and the client of Tidegate's control plane",
    license: own.license,
    type: "module",
    sideEffects: false,
    engines: { node: ">=20" },
    exports: Object.fromEntries(exported),
    files: ["*.js", "types", "docs"],
    dependencies: { "@upstash/redis": own.dependencies["@upstash/redis"] },
  };
}

/** Declarations of all that the entries reach; what is marked as internal is left out. */
function writeTypes(folder: string): void {
  // Whether they hold, lint says of the sources, and a test of the package.
  const options = ["--declaration", "--emitDeclarationOnly", "--stripInternal", "--noEmit", "false"];
  options.push("--noCheck");
  const project = ["-p", join(root, "client/tsconfig.package.json"), "--outDir", folder];
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...project, ...options], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const reached = new Set<string>();
  for (const entry of Object.values(ENTRIES)) reach(join(folder, declarationOf(entry)), reached);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !reached.has(path)) rmSync(path);
  }
}

const declarationOf = (path: string): string => path.replace(/\.ts$/, ".d.ts");

const IMPORTED = /((?:from|import\()\s*")(\.[^"]+)\.ts"/g;

/** Follows what a declaration imports: it is looked for beside what JavaScript would be. */
function reach(path: string, reached: Set<string>): void {
  if (reached.has(path)) return;
  reached.add(path);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(IMPORTED, '$1$2.js"'));
  for (const [, , imported = ""] of text.matchAll(IMPORTED))
    reach(join(dirname(path), `${imported}.d.ts`), reached);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // Whoever asks for help wants nothing made.
  if (process.argv.length > 2) {
    console.log("npm run pack-client leaves a tarball of the client library in dist/. It takes no options.");
    process.exit(process.argv[2] === "--help" ? 0 : 2);
  }
  const folder = join(root, "dist/package");
  await writePackage(folder);
  const packed = execFileSync("npm", ["pack", "--pack-destination", join(root, "dist"), "--silent"], {
    cwd: folder,
    encoding: "utf8",
  });
  console.log(join(root, "dist", packed.trim()));
}
