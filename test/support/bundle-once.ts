// Before the first test: a place for the workers' bundles, which the first test that starts a cluster makes for all.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import type {} from "./bundles.ts";

export default function bundleOnce(project: TestProject): () => void {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bundles-"));
  project.provide("bundles", dir);
  return () => rmSync(dir, { recursive: true, force: true });
}
