// Reads the environment once: sites, policies, edges and switches; what can't be read is told, never guessed.

import { z } from "zod";
import type { Site } from "../../shared/core/routing.ts";
import { encodeSite, policyField, REPLICAS_FIELD, siteField } from "../../shared/wire/configuration.ts";
import { decodeEdgeList, type ListedEdge } from "../../shared/wire/edge-list.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { readPolicy } from "../../shared/wire/policy.ts";
import type { Settings } from "../control-plane.ts";

/** What of the environment has to be read: all of it is text. */
export interface Environment {
  readonly CLUSTER_KEY?: string;
  readonly EDGES?: string;
  readonly SITES?: string;
  readonly POLICIES?: string;
  readonly PUSH?: string;
  readonly REPLICAS?: string;
  readonly UNLISTED?: string;
}

export interface ReadEnvironment {
  readonly settings: Settings;
  readonly edges: { readonly text: string; readonly edges: readonly ListedEdge[] };
}

const names = z.array(z.string().min(1).max(255)).max(1000);
const siteSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  hosts: names,
  aliases: names,
  canonicalHost: z.string().min(1).max(255),
});

export function readEnvironment(env: Environment, adminTokenHash: string | null): ReadEnvironment {
  const faults: string[] = [];
  const sites = readSites(env.SITES ?? "[]", faults);
  const replicas = readCount(env.REPLICAS ?? "0");
  if (replicas === null) faults.push("REPLICAS is not a count");
  // Nothing can be signed with none, so no edge could be told of a purge.
  if ((env.CLUSTER_KEY ?? "") === "") faults.push("CLUSTER_KEY is not set");
  if (adminTokenHash === null) faults.push("neither ADMIN_TOKEN nor ADMIN_TOKEN_SHA256 is set");
  const text = env.EDGES ?? "[]";
  const edges = decodeEdgeList(text);
  if (edges === null) faults.push("EDGES is not a list of edges");
  const fields = new Map<string, string>();
  // Edges append too, and the log tells of nothing that fewer have: that comes before all else.
  if (replicas !== null && replicas > 0) fields.set(REPLICAS_FIELD, String(replicas));
  for (const site of sites) fields.set(siteField(site.name), encodeSite(site));
  for (const [field, row] of readPolicies(env.POLICIES ?? "[]", faults)) fields.set(field, row);
  return {
    settings: {
      sites,
      fields,
      push: env.PUSH !== "off",
      unlisted: env.UNLISTED === "on",
      replicas: replicas ?? 0,
      adminTokenHash,
      faults,
    },
    edges: { text, edges: edges ?? [] },
  };
}

function readCount(text: string): number | null {
  const count = Number(text);
  return Number.isInteger(count) && count >= 0 ? count : null;
}

function readSites(text: string, faults: string[]): Site[] {
  const parsed = z.array(siteSchema).safeParse(parseJson(text));
  if (!parsed.success) faults.push("SITES is not a list of sites");
  return parsed.data ?? [];
}

function readPolicies(text: string, faults: string[]): Map<string, string> {
  const rows = parseJson(text);
  const fields = new Map<string, string>();
  if (!Array.isArray(rows)) faults.push("POLICIES is not a list of policies");
  for (const [index, row] of (Array.isArray(rows) ? (rows as unknown[]) : []).entries()) {
    const outcome = readPolicy(row, { id: `boot-${index + 1}`, site: "default" });
    if (outcome.kind === "policy") {
      const { id, site } = outcome.policy;
      // Named in full, so that the row means the same wherever it is read.
      fields.set(policyField(site, id), JSON.stringify({ ...outcome.row, id, site }));
    } else {
      for (const { pointer, message } of outcome.faults)
        faults.push(`POLICIES: row ${index}${pointer} ${message}`);
    }
  }
  return fields;
}
