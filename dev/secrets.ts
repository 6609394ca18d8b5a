// Secrets of a data directory: made once, kept with owner-only rights, never printed.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The secret kept under this name; made where there is none. */
export function keptSecret(dir: string, name: string): string {
  const path = join(dir, name);
  if (existsSync(path)) {
    const text = readFileSync(path, "utf8").trim();
    if (text !== "") return text;
  }
  return keepSecret(dir, name, randomBytes(24).toString("base64url"));
}

export function keepSecret(dir: string, name: string, secret: string): string {
  writeFileSync(join(dir, name), `${secret}\n`, { mode: 0o600 });
  return secret;
}
