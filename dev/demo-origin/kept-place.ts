// The demo site of a data directory, in the same place from one run to the next.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, isFreePort } from "../ports.ts";
import { type DemoOrigin, startDemoOrigin } from "./server.ts";

interface Place {
  /** The data directory; one run at a time has it. */
  readonly dir: string;
  readonly host: string;
}

/**
 * Its address is one of the names by which edges know the site: at another one, what is stored would be invalidated, as
 * whatever a host is newly led to is (docs/adr/0017).
 */
export async function startKeptDemoOrigin({ dir, host }: Place): Promise<DemoOrigin> {
  const path = join(dir, "demo-origin-port");
  const before = portIn(path);
  const port = before !== null && (await isFreePort(before)) ? before : await freePort();
  const demo = await startDemoOrigin({ port, host });
  writeFileSync(path, `${port}\n`);
  return demo;
}

/** Null in a directory that is new, or whose file somebody has spoilt. */
function portIn(path: string): number | null {
  try {
    const port = Number(readFileSync(path, "utf8"));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
  } catch {
    return null;
  }
}
