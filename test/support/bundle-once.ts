// Before the first test that starts a cluster: bundles the workers for all of them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { writeBundles } from "../../dev/workers.ts";
import type {} from "./bundles.ts";

export default async function bundleOnce(project: TestProject): Promise<() => void> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bundles-"));
  project.provide("bundles", await writeBundles(dir));
  return () => rmSync(dir, { recursive: true, force: true });
}
