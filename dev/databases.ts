// The databases of a local mid-tier, each behind a gateway in a process of its own.

import { fileURLToPath } from "node:url";
import type { MidTierProcessConfig } from "./mid-tier-process.ts";
import type { RedisChoice } from "./options.ts";
import { freePort } from "./ports.ts";
import { keptSecret } from "./secrets.ts";
import { type Supervised, supervise } from "./supervise.ts";

export interface LocalDatabase {
  readonly url: string;
  readonly token: string;
  /** The redis-server's own pid, where this cluster started one. */
  pid(): number | null;
  /** What stands before it, and the database itself where this cluster started it; null where it is elsewhere. */
  readonly process: Supervised | null;
}

export interface Around {
  readonly data: string;
  readonly stops: (() => Promise<void>)[];
}

export type Databases = readonly [LocalDatabase, ...LocalDatabase[]];

const RESTART_MS = 300;
const MODULE = fileURLToPath(new URL("./mid-tier-process.ts", import.meta.url));

/** `control` first. */
export async function startDatabases(choice: RedisChoice, around: Around): Promise<Databases> {
  if (choice.kind === "upstash") {
    const { url, token } = choice;
    return [{ url, token, pid: () => null, process: null }];
  }
  const token = keptSecret(around.data, "redis-token");
  const wanted = await wantedOf(choice);
  const [first, ...others] = await Promise.all(
    wanted.map((redis, at) => startDatabase(redis, { ...around, token, at })),
  );
  if (first === undefined) throw new Error("no database was asked for");
  return [first, ...others];
}

type Wanted = MidTierProcessConfig["redis"];

async function wantedOf(choice: Exclude<RedisChoice, { kind: "upstash" }>): Promise<Wanted[]> {
  if (choice.kind === "urls") return choice.urls.map((url) => ({ kind: "url", url }));
  const wanted: Wanted[] = [];
  for (let at = 0; at < choice.databases; at++)
    wanted.push(choice.kind === "server" ? { kind: "server", port: await freePort() } : { kind: "embedded" });
  return wanted;
}

async function startDatabase(
  redis: Wanted,
  { data, stops, token, at }: Around & { token: string; at: number },
): Promise<LocalDatabase> {
  const port = await freePort();
  const suffix = at === 0 ? "" : `-${at + 1}`;
  const config: MidTierProcessConfig = { port, token, dataDir: data, suffix, redis };
  let pid: number | null = null;
  const process = supervise({
    name: `mid-tier${suffix}`,
    module: MODULE,
    configuration: config,
    restartAfterMs: RESTART_MS,
    onMessage: (message) => {
      if (message.kind === "redis") pid = Number(message.pid);
    },
  });
  stops.push(() => process.stop());
  await process.ready;
  return { url: `http://127.0.0.1:${port}`, token, pid: () => pid, process };
}
