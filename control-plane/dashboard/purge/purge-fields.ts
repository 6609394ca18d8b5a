// The purge form's fields, and the invalidation that they stand for.

import type { Invalidation } from "../../../client/schemas.ts";

export const PURGE_KINDS = {
  urls: "URLs or paths",
  tags: "Tags",
  prefixes: "Prefixes",
  hosts: "Hosts",
  classes: "Classes",
  everything: "Everything",
} as const;

export type PurgeKind = keyof typeof PURGE_KINDS;

export interface PurgeFields {
  readonly site: string;
  readonly kind: PurgeKind;
  /** One a line. */
  readonly values: string;
  readonly mode: "hard" | "soft";
  readonly reason: string;
  /** The site's name once more, where everything is meant. */
  readonly confirm: string;
}

export function readPurgeFields(sent: ReadonlyMap<string, string>): PurgeFields {
  const kind = (Object.keys(PURGE_KINDS) as PurgeKind[]).find((one) => one === sent.get("kind"));
  return {
    site: sent.get("site") ?? "default",
    kind: kind ?? "urls",
    values: sent.get("values") ?? "",
    mode: sent.get("mode") === "soft" ? "soft" : "hard",
    reason: (sent.get("reason") ?? "").trim(),
    confirm: (sent.get("confirm") ?? "").trim(),
  };
}

export function invalidationOf({ site, kind, values, mode, reason, confirm }: PurgeFields): Invalidation {
  const common = { site, mode, ...(reason === "" ? {} : { reason }) };
  return kind === "everything"
    ? { ...common, everything: true, confirm }
    : { ...common, [kind]: linesOf(values) };
}

/** What is left empty, or indented, was not meant to count. */
export const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
