// One edge with a scripted origin, and the stage on which a case of its own path plays.

import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster } from "../../dev/cluster.ts";
import type { StartOptions } from "../../dev/options.ts";
import { requireFreePorts } from "../../dev/ports.ts";
import { bundledOnce } from "../support/bundles.ts";
import type { Fields } from "../support/fields.ts";
import { ask, until } from "../support/http.ts";
import { type Asked, type ScriptedOrigin, startScriptedOrigin } from "../support/scripted-origin.ts";
import { type Received, type Sent, send } from "../support/wire-client.ts";
import { POLICIES } from "./policies.ts";

export const HOST = "site.test";

export interface Line {
  readonly method?: string;
  /** Behind the case's own path. */
  readonly at?: string;
  readonly fields?: Fields;
  readonly body?: string;
}

/** Where one case plays: a path of its own at the edge. */
export interface Stage {
  readonly id: string;
  readonly path: string;
  readonly edge: EdgeUnderTest;
  request(line?: Line): Sent;
  send(line?: Line): Promise<Received>;
  asked(): readonly Asked[];
  /** Resolves when the origin has been asked so often. */
  reached(count: number): Promise<void>;
}

export interface EdgeUnderTest {
  readonly url: string;
  readonly origin: ScriptedOrigin;
  /** Resolves when what the edge began to store before has been stored. */
  settled(): Promise<void>;
  purge(selectors: Readonly<Record<string, unknown>>): Promise<void>;
  stop(): Promise<void>;
}

const SETTLING = "c0";

export async function startEdgeUnderTest(): Promise<EdgeUnderTest> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-test-"));
  const policies = join(dir, "policies.json");
  writeFileSync(policies, JSON.stringify(POLICIES));
  const origin = await startScriptedOrigin();
  const options: StartOptions = {
    origin: new URL(origin.url),
    edges: 1,
    edgePort: await anyPort(),
    controlPort: await anyPort(),
    redis: { kind: "server", databases: 1 },
    token: "a-token-for-tests",
    data: join(dir, "data"),
    policies,
    push: true,
  };
  const cluster = await startCluster(options, null, bundledOnce);
  const url = cluster.edges[0]?.url ?? "";
  return {
    url,
    origin,
    settled: settling(url, origin),
    purge: (selectors) => purge(cluster, selectors),
    async stop() {
      await cluster.stop();
      await origin.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function stageOf(edge: EdgeUnderTest, id: string, under: string): Stage {
  const path = `${under}/${id}`;
  const request = ({ at = "", fields = {}, ...rest }: Line = {}): Sent => ({
    ...rest,
    target: path + at,
    fields: { Host: HOST, ...fields },
  });
  return {
    id,
    path,
    edge,
    request,
    send: (line) => send(edge.url, request(line)),
    asked: () => edge.origin.asked(id),
    reached: (count) => edge.origin.reached(id, count),
  };
}

/**
 * An answer is stored behind its client's back, in turn with the others: one that was asked for later
 * and is served from memory shows that those before it are there.
 */
function settling(url: string, origin: ScriptedOrigin): () => Promise<void> {
  let count = 0;
  origin.script(SETTLING, () => ({ fields: { "Cache-Control": "max-age=600" } }));
  return async () => {
    count += 1;
    const sent = { target: `/${SETTLING}/${count}`, fields: { Host: HOST } };
    await until(
      () => send(url, sent).then((got) => got.field("cache-status") ?? ""),
      (status) => status.includes("; hit"),
      { withinMs: 3000, everyMs: 2 },
    );
  };
}

async function purge(
  { control, token }: { control: string; token: string },
  selectors: Readonly<Record<string, unknown>>,
): Promise<void> {
  const request = {
    method: "POST",
    headers: {
      ...{ authorization: `Bearer ${token}`, "content-type": "application/json" },
      "idempotency-key": randomUUID(),
    },
    body: JSON.stringify({ ...selectors, wait: true }),
  };
  // 503 says to come again in a second.
  const got = await until(
    () => ask(`${control}/invalidate`, request),
    ({ status }) => status !== 503,
    { withinMs: 10_000, everyMs: 1000 },
  );
  if (got.status !== 200) throw new Error(`purge answered ${got.status}: ${got.text}`);
}

/** Below the ports that the system hands to outgoing connections. */
async function anyPort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    const taken = await requireFreePorts([{ port, flag: "a test's" }]).then(
      () => false,
      () => true,
    );
    if (!taken) return port;
  }
}
