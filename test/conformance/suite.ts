// Runs the public HTTP cache test suite: its own origin server, one edge in front of it, and its own client.

import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { startCluster } from "../../dev/cluster.ts";
import { freePort } from "../../dev/ports.ts";
import { startSuiteOrigin } from "./suite-origin.ts";

/** What the suite calls a test: one that a cache has to pass, one that it should, or a mere question. */
export type Kind = "required" | "optimal" | "check";

export interface TestResult {
  readonly id: string;
  readonly kind: Kind;
  /** What went wrong in the suite's words, identifiers and dates of this run left out; null where it passed. */
  readonly failure: string | null;
  /** The statuses of the answers that its client got, in order. */
  readonly answers: readonly number[];
}

/** The parts of the suite's files that are used here. */
interface SuiteTest {
  readonly id: string;
  readonly kind?: Kind;
  readonly browser_only?: boolean;
}
interface SuiteGroup {
  readonly tests: readonly SuiteTest[];
}
type Fetch = (
  url: string,
  init?: RequestInit & { readonly agent?: Agent },
) => Promise<{ readonly status: number }>;
interface Runner {
  runTests(tests: readonly SuiteGroup[], fetch: Fetch, browserCache: boolean, base: string): Promise<void>;
  getResults(): Readonly<Record<string, true | readonly [name: string, message: string]>>;
}

/** One request may take this long, or its test has failed: the suite's own client waits for ever. */
const REQUEST_MS = 40_000;

const require = createRequire(import.meta.url);
const suiteFolder = dirname(require.resolve("http-cache-tests/package.json"));

/** Every test that is meant for shared caches, by id. */
export async function runSuite(): Promise<TestResult[]> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-conformance-"));
  const stops: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const origin = await startSuiteOrigin(join(suiteFolder, "server", "server.mjs"), dir);
    stops.push(() => origin.stop());
    const cluster = await startCluster({
      origin: new URL(origin.url),
      edges: 1,
      edgePort: await freePort(),
      controlPort: await freePort(),
      redis: { kind: "server", databases: 1 },
      token: null,
      data: join(dir, "data"),
      policies: null,
      push: true,
    });
    stops.push(() => cluster.stop());
    return await runClient(cluster.edges[0]?.url ?? "");
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function runClient(base: string): Promise<TestResult[]> {
  const runner = (await suiteModule("client/runner.mjs")) as Runner;
  const groups = await suiteTests();
  const seen = new Map<string, number[]>();
  await runner.runTests(groups, observedFetch(seen), false, base);
  const results = runner.getResults();
  return groups
    .flatMap((group) => group.tests)
    .filter((test) => test.browser_only !== true)
    .map((test) => ({ ...resultOf(test, results[test.id]), answers: seen.get(test.id) ?? [] }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The groups that the suite's command line runs: those of its index, and the one it adds for reverse proxies. */
async function suiteTests(): Promise<readonly SuiteGroup[]> {
  const files = ["tests/index.mjs", "tests/surrogate-control.mjs"];
  const [index, surrogate] = (await Promise.all(files.map(suiteModule))) as [
    { default: readonly SuiteGroup[] },
    { default: SuiteGroup },
  ];
  return [...index.default, surrogate.default];
}

const suiteModule = (path: string): Promise<unknown> => import(pathToFileURL(join(suiteFolder, path)).href);

/** The suite's own choice of a client, since the platform's fetch hides too much; with a deadline, and taking notes. */
function observedFetch(seen: Map<string, number[]>): Fetch {
  const fetch: Fetch = createRequire(join(suiteFolder, "package.json"))("node-fetch");
  // A connection that is kept while a test pauses may be closed at the moment of its next request.
  const agent = new Agent({ keepAlive: false });
  return async (url, init) => {
    const answer = await fetch(url, { ...init, agent, signal: AbortSignal.timeout(REQUEST_MS) });
    const id = new Headers(init?.headers).get("test-id");
    if (id !== null) seen.set(id, [...(seen.get(id) ?? []), answer.status]);
    return answer;
  };
}

function resultOf(
  test: SuiteTest,
  result: true | readonly [string, string] | undefined,
): Omit<TestResult, "answers"> {
  const { id, kind = "required" } = test;
  if (result === true) return { id, kind, failure: null };
  const [name, message] = result ?? ["Missing", "the suite has no result"];
  return { id, kind, failure: repeatable(`${name}: ${message}`) };
}

/** Without what differs from run to run: test tokens, ports, dates, clock readings. */
function repeatable(message: string): string {
  return message
    .replace(/[\da-f]{8,}(-[\da-f]{4,}){4}/g, "TOKEN")
    .replace(/:\d{4,5}\//g, ":PORT/")
    .replace(/\w{3,9}, \d\d[ -]\w{3}[ -]\d{2,4} [\d:]{8} GMT/g, "DATE")
    .replace(/\d{13}/g, "CLOCK");
}
