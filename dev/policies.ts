// The policies of a run: a file's, or those of the demo site.

import { readFileSync } from "node:fs";
import { readJsonFile } from "../shared/wire/json-file.ts";
import { readPolicy, writingFaults } from "../shared/wire/policy.ts";
import { UsageError } from "./options.ts";

/** What the demo site is classified as. Without a policy an edge follows the origin's headers. */
const DEMO_POLICIES = [
  { id: "hot-data", key_pattern: "/hot/*", class: "hot" },
  { id: "live-data", key_pattern: "/live/*", class: "hot" },
  { id: "sessions", key_pattern: "/session/*", class: "session" },
  { id: "assets", key_pattern: "/assets/*", class: "immutable" },
  { id: "images", key_pattern: "/images/*", class: "immutable" },
  { id: "blobs", key_pattern: "/blob/*", class: "immutable" },
] as const;

/** Rows as the control plane takes them. Throws `UsageError` naming every fault of a file. */
export function policyRows(file: string | null, demo: boolean): readonly unknown[] {
  if (file === null) return demo ? DEMO_POLICIES.map((row) => ({ ...row, site: "default" })) : [];
  const read = readJsonFile(readText(file));
  if (read.kind === "fault") throw new UsageError(`--policies ${file}: ${read.message}`);
  const rows = read.value;
  if (!Array.isArray(rows)) throw new UsageError(`--policies ${file}: must be a JSON array of policies`);
  const seen = new Set<string>();
  const faults: string[] = [];
  const told = rows.map((row: unknown, index) => {
    const fallback = { id: `policy-${index + 1}`, site: "default" };
    const outcome = readPolicy(row, fallback);
    const wrong = outcome.kind === "invalid" ? outcome.faults : writingFaults(outcome.row);
    faults.push(...wrong.map(({ pointer, message }) => `/${index}${pointer} ${message}`));
    if (outcome.kind === "invalid") return null;
    const { id, site } = outcome.policy;
    if (seen.has(`${site}/${id}`)) faults.push(`/${index}/id repeats "${id}"`);
    seen.add(`${site}/${id}`);
    return { ...outcome.row, id, site };
  });
  if (faults.length > 0) throw new UsageError(`--policies ${file}: ${faults.join("; ")}`);
  return told;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`--policies ${file}: ${(error as NodeJS.ErrnoException).code ?? "can't be read"}`);
  }
}
