// The packed client library, as whoever installs it has it: its types, in every Node there is, in a Worker, and several at once.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { Redis } from "ioredis";
import { publint } from "publint";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../dev/ports.ts";
import { type Supervised, supervise } from "../../dev/supervise.ts";
import type { WorkerProcessConfig } from "../../dev/worker-process.ts";
import { writePackage } from "../../scripts/pack-client.ts";
import { leaseKey } from "../../shared/mid-tier/keys.ts";
import { startHeldRest } from "../support/held-rest.ts";
import { until } from "../support/http.ts";
import { type ServerFixture, startServerRest } from "../support/redis-server.ts";

const root = join(import.meta.dirname, "..", "..");
const dir = mkdtempSync(join(tmpdir(), "tidegate-package-"));
const consumer = join(dir, "consumer");
const installed = join(consumer, "node_modules/tidegate");
/** Whose first example is a program: what it takes for granted is of any kind. */
const READMES = ["client/README.md", "docs/client-library.md"];
const GRANTED = "declare const id: string, change: object, db: any;\n";
/** What docs/client-library.md shows of other frameworks: as true as the types are. */
const EXAMPLES = ["hono.ts", "express.ts", "next-cache-handler.ts"];
let redis: ServerFixture;
let source: Server;
let asked = 0;
/** So many requests are left without an answer. */
let hanging = 0;

beforeAll(async () => {
  const packed = join(dir, "package");
  await writePackage(packed);
  const name = execFileSync("npm", ["pack", "--silent", "--pack-destination", dir], {
    cwd: packed,
    encoding: "utf8",
  });
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(dir, name.trim()), "-C", installed, "--strip-components", "1"]);
  for (const dependency of ["@upstash", "uncrypto"])
    if (existsSync(join(root, "node_modules", dependency)))
      symlinkSync(join(root, "node_modules", dependency), join(consumer, "node_modules", dependency));
  // Under another name there: what it imports exists only here.
  for (const file of ["program.mjs", "worker.mjs", "typed.ts.txt"])
    copyFileSync(join(root, "test/support/package", file), join(consumer, file.replace(/\.txt$/, "")));
  for (const file of EXAMPLES) copyFileSync(join(root, "docs/examples", file), join(consumer, file));
  for (const [at, file] of READMES.entries()) {
    const [, example = ""] = /```ts\n(.*?)```/s.exec(readFileSync(join(root, file), "utf8")) ?? [];
    writeFileSync(join(consumer, `readme-${at}.ts`), GRANTED + example);
  }
  for (const needed of ["hono", "@types"])
    symlinkSync(join(root, "node_modules", needed), join(consumer, "node_modules", needed));
  writeFileSync(join(consumer, "package.json"), '{"type":"module"}');
  redis = await startServerRest();
  source = createServer((_request, response) => {
    asked += 1;
    if (asked > hanging) response.end("from the source");
  });
  await new Promise<void>((resolve) => source.listen(0, "127.0.0.1", resolve));
}, 60_000);

afterAll(async () => {
  source?.close();
  source?.closeAllConnections();
  await redis?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("publint finds nothing", async () => {
  const { messages } = await publint({ pkgDir: installed, strict: true });
  expect(messages).toEqual([]);
});

test("what its README and its guide lead to is in it", () => {
  for (const file of ["README.md", "docs/client-library.md"]) {
    const text = readFileSync(join(installed, file), "utf8");
    const links = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, to = ""]) => join(dirname(file), to));
    const named = [...text.matchAll(/`(docs\/[^`]+)`/g)].map(([, path = ""]) => path);
    expect([...links, ...named].length, file).toBeGreaterThan(0);
    for (const path of [...links, ...named]) expect(existsSync(join(installed, path)), path).toBe(true);
  }
});

test("whoever takes the control plane's client alone does not carry the cache", async () => {
  const bundled = async (name: string): Promise<number> => {
    const { outputFiles } = await build({
      stdin: { contents: `export { ${name} } from "tidegate/client";`, resolveDir: consumer },
      ...{ bundle: true, minify: true, format: "esm", platform: "browser", write: false },
    });
    return outputFiles[0]?.contents.length ?? 0;
  };
  expect(await bundled("createControlClient")).toBeLessThan(32 * 1024);
  // That is not because everything is so small.
  expect(await bundled("createCache")).toBeGreaterThan(128 * 1024);
});

test("the zod in it leaves what a program's own goes by alone", () => {
  const script = `
    globalThis.__zod_globalConfig = { localeError: () => "the program's" };
    await import("tidegate/client");
    process.stdout.write(globalThis.__zod_globalConfig.localeError());`;
  const said = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { cwd: consumer });
  expect(said.toString()).toBe("the program's");
});

test("it needs nothing that only one runtime has: no built-in modules, no globals of Node", () => {
  const scripts = readdirSync(installed).filter((name) => name.endsWith(".js"));
  expect(scripts).toEqual(expect.arrayContaining(["client.js", "testing.js"]));
  const texts = scripts.map((name) => readFileSync(join(installed, name), "utf8"));
  const imported = texts.flatMap((text) => ts.preProcessFile(text, true, true).importedFiles);
  const packages = imported.map(({ fileName }) => fileName).filter((name) => !name.startsWith("./"));
  expect(new Set(packages)).toEqual(new Set(["@upstash/redis/cloudflare"]));
  for (const text of texts)
    expect(text).not.toMatch(/(?<![.\w])(?:process|Buffer|require|global|Deno|Bun)[.(]/);
});

test("its types hold, and so do the examples", { timeout: 60_000 }, () => {
  const readmes = READMES.map((_, at) => `readme-${at}.ts`);
  const examples = ["typed.ts", ...EXAMPLES, ...readmes].map((file) => join(consumer, file));
  const program = ts.createProgram(examples, {
    ...{ noEmit: true, strict: true, target: ts.ScriptTarget.ES2022, types: ["node"] },
    lib: ["lib.es2024.d.ts", "lib.dom.d.ts"],
    ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
    typeRoots: [join(consumer, "node_modules/@types")],
  });
  // Whether those of other packages and of the language hold is not ours to say, and takes longer than all the rest.
  const ours = program.getSourceFiles().filter(({ fileName }) => isOurs(fileName));
  const names = ours.map(({ fileName }) => fileName);
  expect(names).toEqual(expect.arrayContaining(examples));
  expect(names.filter((name) => name.endsWith(".d.ts")).length).toBeGreaterThan(10);
  const found = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ];
  expect(ts.formatDiagnostics(found, FORMAT)).toBe("");
});

/** The program that has installed the package, and the package. */
const isOurs = (path: string): boolean =>
  path.startsWith(`${installed}/`) || (path.startsWith(`${consumer}/`) && !path.includes("/node_modules/"));

const FORMAT: ts.FormatDiagnosticsHost = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => consumer,
  getNewLine: () => "\n",
};

/** This project's own Node, and whatever else is on PATH: by version. */
function nodes(): [string, string][] {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = [process.execPath, ...folders.map((folder) => join(folder, "node")).filter(existsSync)];
  const versions = found.map((path): [string, string] => [
    execFileSync(path, ["--version"], { encoding: "utf8" }).trim(),
    path,
  ]);
  return [...new Map(versions)];
}

interface Told {
  readonly values: readonly string[];
  readonly loads: number;
  readonly faked: string;
}

interface Program {
  readonly child: ChildProcess;
  /** It reads a key, and tells what it found. */
  readonly go: (key?: string) => Promise<Told>;
  /** Resolves with its exit code: it ends by itself when nothing more is to be read. */
  readonly end: () => Promise<number | null>;
}

/** A program that is ready. */
async function program(node: string): Promise<Program> {
  const url = `http://127.0.0.1:${(source.address() as AddressInfo).port}`;
  const child = spawn(node, ["program.mjs", redis.url, redis.token, url], {
    cwd: consumer,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("ready");
  return {
    child,
    async go(key = "key") {
      child.stdin.write(`${key}\n`);
      return JSON.parse((await lines.next()).value as string) as Told;
    },
    async end() {
      const ended = once(child, "exit");
      child.stdin.end();
      return (await ended)[0] as number | null;
    },
  };
}

interface Asked {
  readonly value: string;
  readonly loads: number;
}

describe("it runs", () => {
  test.each(nodes())("in Node %s", { timeout: 20_000 }, async (_version, node) => {
    const { go, end } = await program(node);
    expect(await go()).toMatchObject({ values: ["from the source"], faked: "faked" });
    expect(await end()).toBe(0);
  });

  test("in a Worker, whose requests share what they load, and whose deletes go on when their clients leave", {
    timeout: 30_000,
  }, async () => {
    await nobodyHasRead();
    const scriptPath = join(consumer, "worker.bundled.mjs");
    await build({
      ...{ entryPoints: [join(consumer, "worker.mjs")], outfile: scriptPath, bundle: true, format: "esm" },
      ...{ conditions: ["workerd", "worker"], external: ["cloudflare:workers"], logLevel: "silent" },
    });
    const port = await freePort();
    const rest = await startHeldRest(redis.url);
    const configuration: WorkerProcessConfig = {
      ...{
        name: "package",
        port,
        scriptPath,
        origin: null,
        cacheDir: null,
        scratchDir: null,
        durableObjects: null,
      },
      bindings: { REDIS_URL: rest.url, REDIS_TOKEN: redis.token },
    };
    const module = join(root, "dev/worker-process.ts");
    const worker: Supervised = supervise({ name: "package", module, configuration, restartAfterMs: 1000 });
    try {
      await worker.ready;
      const ask = async (key: string) =>
        (await (await fetch(`http://127.0.0.1:${port}/${key}`)).json()) as Asked;
      let [key, loaded, before] = ["", 0, 0];
      // Whom Redis keeps waiting for too long loads for himself: on a starved machine that may be all.
      for (let round = 0; round < 8 && loaded !== 1; round++) {
        key = `key-${round}`;
        const answers = await Promise.all(Array.from({ length: 20 }, () => ask(key)));
        const again = await ask(key);
        expect(new Set([...answers, again].map(({ value }) => value))).toEqual(
          new Set([`${key} was loaded`]),
        );
        [loaded, before] = [again.loads - before, again.loads];
      }
      expect(loaded).toBe(1);
      rest.hold("Appends one entry");
      const client = connect(port, "127.0.0.1");
      client.write(`DELETE /${key} HTTP/1.1\r\nHost: worker\r\n\r\n`);
      await until(
        () => rest.waiting,
        (count) => count > 0,
        { withinMs: 5000 },
      );
      client.resetAndDestroy();
      // What comes behind it is answered when it has been seen to leave.
      const { loads } = await ask(key);
      rest.release();
      await until(
        () => ask(key),
        (answer) => answer.loads > loads,
        { withinMs: 5000 },
      );
    } finally {
      await worker.stop();
      rest.stop();
    }
  });
});

/** As it is when nobody has read anything. */
async function nobodyHasRead(): Promise<void> {
  const database = new Redis(redis.port);
  // Every write waits for the disk otherwise: under a whole suite longer than a program waits for Redis.
  await database.config("SET", "appendfsync", "no");
  await database.flushall();
  database.disconnect();
  [asked, hanging] = [0, 0];
}

test("of programs that read a cold key a hundred times at once each loads it once at most, and one alone where Redis keeps up", {
  timeout: 60_000,
}, async () => {
  await nobodyHasRead();
  const programs = await Promise.all(Array.from({ length: 4 }, () => program(process.execPath)));
  const loads: number[] = [];
  // Whom Redis, or who has the lease, keeps waiting for too long loads for himself: on a starved machine that may be all.
  for (let round = 0; round < 8 && !loads.includes(1); round++) {
    asked = 0;
    const told = await Promise.all(programs.map(({ go }) => go(`key-${round}`)));
    expect(told.flatMap(({ values }) => values)).toEqual(told.map(() => "from the source"));
    expect(Math.max(...told.map((one) => one.loads))).toBe(1);
    expect(told.reduce((sum, one) => sum + one.loads, 0)).toBe(asked);
    loads.push(asked);
  }
  expect(loads).toContain(1);
  expect(await Promise.all(programs.map(({ end }) => end()))).toEqual([0, 0, 0, 0]);
});

test("a program that is killed while it loads holds nobody up for longer than a call may take", {
  timeout: 30_000,
}, async () => {
  await nobodyHasRead();
  hanging = 1;
  const [killed, other] = await Promise.all([program(process.execPath), program(process.execPath)]);
  // What it would tell is never told.
  killed.go().catch(() => {});
  await until(
    () => asked,
    (times) => times === 1,
    { withinMs: 10_000 },
  );
  killed.child.kill("SIGKILL");
  const database = new Redis(redis.port);
  expect(await database.keys(leaseKey("*"))).toHaveLength(1);
  database.disconnect();
  expect((await other.go()).values).toEqual(["from the source"]);
  expect(asked).toBe(2);
  expect(await other.end()).toBe(0);
});
