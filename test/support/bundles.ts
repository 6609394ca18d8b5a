// The workers' bundles, made once for all clusters of a run.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { type Bundles, writeBundles } from "../../dev/workers.ts";
import { until } from "./http.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder that `bundle-once.ts` has made for them. */
    bundles: string;
  }
}

const WITHIN_MS = 60_000;

/** Makes them, or waits for those that another process of the run is making. */
export async function bundledOnce(): Promise<Bundles> {
  const dir = inject("bundles");
  const made = join(dir, "made.json");
  if (isFirst(join(dir, "begun"))) {
    const bundles = await writeBundles(dir);
    writeFileSync(`${made}.part`, JSON.stringify(bundles));
    renameSync(`${made}.part`, made);
    return bundles;
  }
  await until(async () => existsSync(made), Boolean, { withinMs: WITHIN_MS });
  return JSON.parse(readFileSync(made, "utf8")) as Bundles;
}

/** Of all processes only one can make a folder. */
function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
