// What fires, as the doctor tells it.

import { readShownAlerts } from "../alerts/show-alerts.ts";
import type { ControlPlane } from "../control-plane.ts";
import { areaOf, type Check } from "./check.ts";

export async function alertChecks(plane: ControlPlane): Promise<Check[]> {
  const { ok, warn, fail, unknown } = areaOf("alerts");
  const { items, evaluatedAt, unmeasured } = await readShownAlerts(plane);
  if (evaluatedAt === null) return [unknown("alerts", "no alert rule has been evaluated yet")];
  const firing = items.filter(({ state }) => state === "firing");
  const found = firing.map(({ id, title, summary, severity, runbook }) =>
    (severity === "page" ? fail : warn)(
      `alert-${id}`,
      `${title}: ${summary}`,
      `${runbook}; then: tidegate alerts ack ${id}`,
    ),
  );
  const unseen =
    unmeasured.length === 0
      ? []
      : [
          unknown(
            "alerts-unmeasured",
            `nothing is known of what these rules watch: ${unmeasured.join(", ")}`,
          ),
        ];
  return [...(found.length > 0 ? found : [ok("alerts", "no alert fires")]), ...unseen];
}
