// The agent that breaks things, asked itself: what the control plane makes of orders is tried elsewhere.

import { signedCall } from "../../chaos/signed-call.ts";
import { keptSecret } from "../../dev/secrets.ts";
import { CHAOS_AGENT_PATH, type ChaosOrder, type ChaosReport } from "../../shared/wire/chaos.ts";
import type { TestCluster } from "./cluster.ts";
import { until } from "./http.ts";

const WITHIN_MS = 75_000;

export function agentOf(cluster: TestCluster) {
  const key = keptSecret(cluster.data, "cluster-key");
  const url = `${cluster.chaosAgent}${CHAOS_AGENT_PATH}`;
  const read = async (id: string): Promise<ChaosReport | null> => {
    const answer = await signedCall(`${url}/${id}`, { key, method: "GET" }).catch(() => null);
    return answer?.status === 200 ? (JSON.parse(answer.text) as ChaosReport) : null;
  };
  return {
    async begin(order: ChaosOrder): Promise<void> {
      const { status, text } = await signedCall(url, { key, method: "POST", body: JSON.stringify(order) });
      if (status !== 200) throw new Error(`the agent answered ${status}: ${text}`);
    },
    ended: (id: string) =>
      until(
        () => read(id),
        (report) => report !== null && report.state !== "running",
        { withinMs: WITHIN_MS, everyMs: 250 },
      ) as Promise<ChaosReport>,
  };
}

/** To kill the second edge for so long. */
export const orderFor = (durationMs: number): ChaosOrder => ({
  ...{ id: "one", experiment: "kill-edge", target: "edge-2", seed: 1 },
  durationMs,
});

export const failing = ({ verdicts }: ChaosReport): string[] =>
  verdicts.filter(({ holds }) => !holds).map(({ name }) => name);
