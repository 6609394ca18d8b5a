// Reads the environment once: sites, policies, edges and switches; what can't be read is told, never guessed.

import { z } from "zod";
import { REACHES, type Reach } from "../../shared/core/address.ts";
import type { Site } from "../../shared/core/routing.ts";
import { encodeSite, policyField, REPLICAS_FIELD, siteField } from "../../shared/wire/configuration.ts";
import { type Database, readDatabases } from "../../shared/wire/databases.ts";
import { type ListedEdge, readEdgeList } from "../../shared/wire/edge-list.ts";
import { readText } from "../../shared/wire/faults.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { encodeOrigin, originField, originSchema } from "../../shared/wire/origin-limits.ts";
import { identifier, readPolicy } from "../../shared/wire/policy.ts";
import { type AlertEnvironment, readAlerting } from "../alerts/settings.ts";
import { type ChaosEnvironment, readChaosAgent } from "../chaos/settings.ts";
import type { Settings } from "../control-plane.ts";
import { readOriginUrl } from "../sites/origin-url.ts";
import { readTracing, type TracingEnvironment } from "../tracing/settings.ts";

/** What of the environment has to be read: all of it is text. */
export interface Environment extends AlertEnvironment, ChaosEnvironment, TracingEnvironment {
  readonly CLUSTER_KEY?: string;
  /** Instead of the admin token itself: its SHA-256 in hexadecimal. */
  readonly ADMIN_TOKEN_SHA256?: string;
  readonly EDGES?: string;
  readonly SITES?: string;
  readonly POLICIES?: string;
  readonly PUSH?: string;
  readonly REPLICAS?: string;
  readonly SHARDS?: string;
  readonly UPSTASH_REDIS_REST_URL?: string;
  readonly UPSTASH_REDIS_REST_TOKEN?: string;
  readonly UNLISTED?: string;
  /** The header in which the runtime says whom it answers, where clients can't write it: `cf-connecting-ip` on Cloudflare. */
  readonly ADDRESS_HEADER?: string;
  /** Where the API lets sites have their origins beside the world: `none`, `loopback` or `all`. */
  readonly PRIVATE_ORIGINS?: string;
}

export interface ReadEnvironment {
  readonly settings: Settings;
  /** None where they can't be read. */
  readonly databases: readonly Database[];
  readonly edges: { readonly text: string; readonly edges: readonly ListedEdge[] };
}

export const SHA_256 = /^[0-9a-f]{64}$/i;

const names = z.array(z.string().min(1).max(255)).max(1000);
const siteSchema = z.strictObject({
  name: identifier,
  hosts: names,
  aliases: names,
  canonicalHost: z.string().min(1).max(255),
  /** Left out, it is the zone's. Whoever writes the environment may name any. */
  origin: z
    .string()
    .nullable()
    .superRefine((text, context) => {
      const read = readOriginUrl(text, "all");
      if (read.kind === "invalid") context.addIssue({ code: "custom", message: read.message });
    })
    .optional(),
  limits: originSchema.optional(),
});

export function readEnvironment(env: Environment, adminTokenHash: string | null): ReadEnvironment {
  const faults: string[] = [];
  const sites = readSites(env.SITES ?? "[]", faults);
  const replicas = readCount(env.REPLICAS ?? "0");
  if (replicas === null) faults.push("REPLICAS is not a count");
  // Nothing can be signed with none, so no edge could be told of a purge.
  if ((env.CLUSTER_KEY ?? "") === "") faults.push("CLUSTER_KEY is not set");
  if (!SHA_256.test(env.ADMIN_TOKEN_SHA256 ?? "0".repeat(64)))
    faults.push("ADMIN_TOKEN_SHA256 is not 64 hexadecimal digits");
  else if (adminTokenHash === null) faults.push("neither ADMIN_TOKEN nor ADMIN_TOKEN_SHA256 is set");
  const databases = readNamedDatabases(env, faults);
  const text = env.EDGES ?? "[]";
  const list = readEdgeList(text);
  if (list.kind === "invalid") faults.push(...inVariable("EDGES", list.faults));
  const fields = new Map<string, string>();
  // Edges append too, and the log tells of nothing that fewer have: that comes before all else.
  if (replicas !== null && replicas > 0) fields.set(REPLICAS_FIELD, String(replicas));
  for (const { limits, ...row } of sites) {
    const site = siteOf(row);
    // Before the site itself: whoever knows the site knows its limits.
    if (limits !== undefined) fields.set(originField(site.name), encodeOrigin(limits));
    fields.set(siteField(site.name), encodeSite(site));
  }
  for (const [field, row] of readPolicies(env.POLICIES ?? "[]", faults)) fields.set(field, row);
  return {
    settings: {
      sites: sites.map(siteOf),
      fields,
      push: readSwitch(env, "PUSH", faults) ?? true,
      unlisted: readSwitch(env, "UNLISTED", faults) ?? false,
      replicas: replicas ?? 0,
      privateOrigins: readReach(env.PRIVATE_ORIGINS, faults),
      alerting: readAlerting(env, faults),
      tracing: readTracing(env, faults),
      chaosAgent: readChaosAgent(env, faults),
      adminTokenHash,
      addressHeader: readHeaderName(env.ADDRESS_HEADER, faults),
      faults,
    },
    databases,
    edges: { text, edges: list.kind === "edges" ? list.edges : [] },
  };
}

function siteOf({ name, hosts, aliases, canonicalHost, origin }: z.infer<typeof siteSchema>): Site {
  const site = { name, hosts, aliases, canonicalHost };
  if (origin === undefined) return site;
  const read = readOriginUrl(origin, "all");
  return read.kind === "origin" ? { ...site, origin: read.origin } : site;
}

/** What can't be read allows nothing. */
function readReach(text: string | undefined, faults: string[]): Reach {
  if (text === undefined || text === "") return "none";
  const reach = REACHES.find((one) => one === text);
  if (reach === undefined) faults.push(`PRIVATE_ORIGINS is none of ${REACHES.join(", ")}`);
  return reach ?? "none";
}

function readNamedDatabases(env: Environment, faults: string[]): readonly Database[] {
  const { UPSTASH_REDIS_REST_URL: url = "", UPSTASH_REDIS_REST_TOKEN: token = "" } = env;
  const read = readDatabases(env.SHARDS, { url, token });
  if (read.kind === "databases") return read.databases;
  faults.push(read.reason);
  return [];
}

function readHeaderName(text: string | undefined, faults: string[]): string | null {
  if (text === undefined || text === "") return null;
  if (/^[A-Za-z0-9-]{1,64}$/.test(text)) return text.toLowerCase();
  faults.push("ADDRESS_HEADER is not a header's name");
  return null;
}

const readCount = (text: string): number | null => (/^\d{1,3}$/.test(text) ? Number(text) : null);

/** Null where it is not set. What is neither on nor off would otherwise be taken for one of them. */
function readSwitch(env: Environment, name: "PUSH" | "UNLISTED", faults: string[]): boolean | null {
  const text = env[name] ?? "";
  if (text !== "" && text !== "on" && text !== "off") faults.push(`${name} is neither "on" nor "off"`);
  return text === "" ? null : text === "on";
}

const inVariable = (name: string, faults: readonly Fault[]): string[] =>
  faults.map(({ pointer, message }) => `${name}${pointer && `: ${pointer}`} ${message}`);

function readSites(text: string, faults: string[]): z.infer<typeof siteSchema>[] {
  const read = readText(z.array(siteSchema, "is not a list of sites"), text);
  if (read.kind === "invalid") faults.push(...inVariable("SITES", read.faults));
  const sites = read.kind === "read" ? read.value : [];
  for (const [index, { name }] of sites.entries())
    if (sites.findIndex((site) => site.name === name) < index)
      faults.push(`SITES: /${index}/name repeats ${JSON.stringify(name)}`);
  return sites;
}

function readPolicies(text: string, faults: string[]): Map<string, string> {
  const read = readText(z.array(z.unknown(), "is not a list of policies"), text);
  const fields = new Map<string, string>();
  if (read.kind === "invalid") faults.push(...inVariable("POLICIES", read.faults));
  for (const [index, row] of (read.kind === "read" ? read.value : []).entries()) {
    const outcome = readPolicy(row, { id: `boot-${index + 1}`, site: "default" });
    if (outcome.kind === "policy") {
      const { id, site } = outcome.policy;
      if (fields.has(policyField(site, id)))
        faults.push(`POLICIES: /${index}/id repeats ${JSON.stringify(id)} of the site ${site}`);
      // Named in full, so that the row means the same wherever it is read.
      fields.set(policyField(site, id), JSON.stringify({ ...outcome.row, id, site }));
    } else {
      const placed = outcome.faults.map((fault) => ({ ...fault, pointer: `/${index}${fault.pointer}` }));
      faults.push(...inVariable("POLICIES", placed));
    }
  }
  return fields;
}
