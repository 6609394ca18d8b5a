// Puts the experiment's site into the cluster's configuration, and takes it out again.

import type { ControlClient } from "../../client/index.ts";
import { TidegateError } from "../../client/index.ts";
import { LIMITS } from "../config.ts";
import type { OriginBudget } from "../experiment.ts";
import { HOST, SITE, type StagePaths } from "./paths.ts";

const CALL = { deadlineMs: LIMITS.preparing } as const;

export async function setSite(
  client: ControlClient,
  of: { origin: string; budget: OriginBudget; policies: StagePaths["policies"] },
): Promise<void> {
  // One that an agent has left behind which was killed: whatever else it says is not ours.
  await dropSite(client);
  await client.sites.create({ name: SITE, origin: of.origin, hosts: [HOST], limits: of.budget }, CALL);
  for (const policy of of.policies) await client.policies.create(policy, CALL);
}

/** Its policies too. */
export async function dropSite(client: ControlClient): Promise<void> {
  try {
    await client.sites.delete(SITE, { ifMatch: "*", policies: "delete", ...CALL });
  } catch (error) {
    if (!(error instanceof TidegateError && error.code === "not-found")) throw error;
  }
}
