// What fires, as the doctor tells it.

import { type Judging, readShownAlerts } from "../alerts/show-alerts.ts";
import type { ControlPlane } from "../control-plane.ts";
import { areaOf, type Check } from "./check.ts";

export async function alertChecks(plane: ControlPlane): Promise<Check[]> {
  const { ok, warn, fail, unknown } = areaOf("alerts");
  const { items, judging, evaluatedAt, unmeasured, refused } = await readShownAlerts(plane);
  const firing = items.filter(({ state }) => state === "firing");
  const found = firing.map(({ id, title, summary, severity, runbook }) =>
    (severity === "page" ? fail : warn)(
      `alert-${id}`,
      `${title}: ${summary}`,
      `${runbook}; then: tidegate alerts ack ${id}`,
    ),
  );
  if (refused !== null)
    found.push(
      fail(
        "alerts-receiver",
        `nobody is told of alerts: their receiver takes no message since ${refused.since}, ${refused.reason}`,
        "See that ALERT_WEBHOOK_URL is right, and that what is there answers with 2xx; redirects are not followed.",
      ),
    );
  if (judging !== "current") return [...found, unknown("alerts", unjudged(judging, evaluatedAt))];
  const unseen =
    unmeasured.length === 0
      ? []
      : [
          unknown(
            "alerts-unmeasured",
            `nothing is known of what these rules watch: ${unmeasured.join(", ")}`,
          ),
        ];
  return [...found, ...(firing.length > 0 ? [] : [ok("alerts", "no alert fires")]), ...unseen];
}

function unjudged(judging: Exclude<Judging, "current">, evaluatedAt: string | null): string {
  switch (judging) {
    case "stopped":
      return `the alert rules were last judged at ${evaluatedAt}: nothing is known of what has been since`;
    case "not-begun":
      return "no alert rule has been judged yet";
    case "unreachable":
      return "the log's database does not answer: no alert rule can be judged";
  }
}
