// The paths of an experiment's site: three classes with windows short enough to pass within a fault.

import type { CheckedGroup } from "../../bench/outside/checker.ts";
import type { Routes } from "../../client/routes.ts";

export const SITE = "chaos";
export const HOST = "chaos.test";

interface Group {
  readonly name: string;
  readonly count: number;
  readonly policy: Omit<Routes["POST /policies"]["body"], "key_pattern" | "id" | "site">;
  readonly rules: Pick<
    CheckedGroup,
    "class" | "boundMs" | "freshMs" | "staleMs" | "staleIfErrorMs" | "headers"
  >;
}

const seconds = (count: number): number => count * 1000;
const YEAR_MS = seconds(365 * 24 * 3600);

const GROUPS: readonly Group[] = [
  {
    name: "hot",
    count: 25,
    policy: {
      ...{ class: "hot", ttl: "15s", ttl_mode: "override", window_ms: 2000 },
      ...{ stale_while_revalidate: "5s", stale_if_error: "60s" },
    },
    rules: {
      ...{ class: "hot", boundMs: seconds(2), freshMs: seconds(15) },
      ...{ staleMs: seconds(5), staleIfErrorMs: seconds(60) },
      headers: { "cache-control": "max-age=15" },
    },
  },
  {
    // Without anything declared for errors: its life ends soon, whatever happens.
    name: "page",
    count: 35,
    policy: { class: "standard", window_ms: 3000 },
    rules: {
      ...{ class: "standard", boundMs: seconds(3), freshMs: seconds(12), staleMs: seconds(3) },
      headers: { "cache-control": "max-age=12, stale-while-revalidate=3" },
    },
  },
  {
    // Served stale while nothing can be learnt, for an hour at most: that is its bound.
    name: "file",
    count: 30,
    policy: { class: "immutable", window_ms: 3000 },
    rules: {
      ...{ class: "immutable", boundMs: seconds(3 + 3600), freshMs: YEAR_MS, staleMs: 0 },
      headers: { "cache-control": "max-age=31536000, immutable" },
    },
  },
];

export interface StagePaths {
  readonly groups: readonly CheckedGroup[];
  /** The most popular first, the classes mixed. */
  readonly paths: readonly string[];
  readonly policies: readonly Routes["POST /policies"]["body"][];
}

/** Below a folder of its own, so that nothing of an earlier experiment is stored for any of them. */
export function stagePaths(run: string): StagePaths {
  const most = Math.max(...GROUPS.map(({ count }) => count));
  const paths = Array.from({ length: most }, (_, at) =>
    GROUPS.filter(({ count }) => at < count).map(({ name }) => `/${run}/${name}/${at}`),
  ).flat();
  return {
    paths,
    groups: GROUPS.map(({ name, rules }) => ({ ...rules, below: `/${run}/${name}/`, tags: [] })),
    policies: GROUPS.map(({ name, policy }) => ({
      ...policy,
      id: `chaos-${name}`,
      site: SITE,
      key_pattern: `/:run/${name}/*`,
    })),
  };
}
