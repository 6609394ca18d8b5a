// The embedded store as the local mid-tier runs it: on the wall clock, its log in the data folder.
import { join } from "node:path";
import type { RedisBackend } from "../backend.ts";
import { embeddedBackend } from "./backend.ts";
import { createEmbeddedStore } from "./store.ts";

/** One process a folder: nothing locks it. */
export async function openEmbedded(dir: string): Promise<RedisBackend> {
  const persistence = { file: join(dir, "store.log") };
  return embeddedBackend(await createEmbeddedStore({ now: Date.now, persistence }));
}
