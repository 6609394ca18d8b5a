// The servers that are edges themselves: no origin may be one of them.

import type { ControlPlane } from "../control-plane.ts";

/** By `host:port`, as URLs have it. None where nobody can say. */
export async function edgeHosts({ edges }: Pick<ControlPlane, "edges">): Promise<ReadonlySet<string>> {
  const outcome = await edges.read();
  if (outcome.kind === "unavailable") return new Set();
  return new Set(outcome.directory.edges.flatMap(({ url }) => URL.parse(url)?.host ?? []));
}
