// Hands a final report to the control plane, again and again until it has it.

import { setTimeout as after } from "node:timers/promises";
import { CHAOS_REPORT_PATH, type ChaosReport } from "../../shared/wire/chaos.ts";
import { LIMITS } from "../config.ts";
import { signedCall } from "../signed-call.ts";

/** Never rejects: what nobody takes stays with the agent, and is told of. */
export async function handOver(
  report: ChaosReport,
  { control, clusterKey }: { control: string; clusterKey: string },
): Promise<void> {
  const url = control + CHAOS_REPORT_PATH;
  const body = JSON.stringify(report);
  let last = "";
  for (let tries = 0; tries < LIMITS.handOverTries; tries++) {
    if (tries > 0) await after(LIMITS.handOverPause);
    const answer = await signedCall(url, { key: clusterKey, method: "POST", body }).catch(
      (error: unknown) => ({ status: 0, text: String(error) }),
    );
    if (answer.status >= 200 && answer.status < 300) return;
    last = `${answer.status} ${answer.text.slice(0, 200)}`;
    // It does not want it, and would not want it any more the next time.
    if (answer.status >= 400 && answer.status < 500) break;
  }
  console.error(`chaos: the report of ${report.id} was not taken: ${last}`);
}
