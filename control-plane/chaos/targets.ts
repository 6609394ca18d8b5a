// What there is to be broken: the edges that are listed, and the databases of the mid-tier.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Targets } from "./catalogue.ts";

export async function readTargets({
  edges,
  databases,
}: Pick<ControlPlane, "edges" | "databases">): Promise<
  { readonly kind: "targets"; readonly targets: Targets } | Unavailable
> {
  const read = await edges.read();
  if (read.kind === "unavailable") return read;
  const edge = read.directory.edges.map(({ id }) => id);
  return { kind: "targets", targets: { edge, shard: [...databases.keys()] } };
}
