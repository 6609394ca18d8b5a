// The strip of alerts: what fires, why, and who looks after it.

import type { Alert, Alerts } from "../../../../client/schemas.ts";
import { safeLink } from "../../frame/format.ts";
import { FormToken, type Frame } from "../../frame/page.tsx";
import { Live, MoodSign, When } from "../../frame/parts.tsx";
import { known, type Overview } from "../read-overview.ts";

interface StripProps {
  readonly overview: Overview;
  readonly frame: Frame;
  readonly mayAcknowledge: boolean;
}

export const alertParts = (props: StripProps) => ({ alerts: <Strip {...props} /> });

export const AlertStrip = ({ parts }: { readonly parts: ReturnType<typeof alertParts> }) => (
  <section class="alerts" aria-label="Alerts" id="alerts">
    <Live id="alerts">{parts.alerts}</Live>
  </section>
);

function Strip({ overview, frame, mayAcknowledge }: StripProps) {
  const list = known(overview.alerts);
  if (list === null) return null;
  const firing = list.items.filter(({ state }) => state === "firing");
  const pending = list.items.filter(({ state }) => state === "pending").length;
  const { judging, unmeasured } = list;
  const notes = [
    pending === 0 ? "" : `${pending} about to fire.`,
    unmeasured.length === 0 ? "" : `Not measured lately: ${unmeasured.join(", ")}.`,
  ].filter((note) => note !== "");
  return (
    <>
      {firing.length === 0 ? null : (
        <ul>
          {firing.map((alert) => (
            <Firing alert={alert} frame={frame} mayAcknowledge={mayAcknowledge} />
          ))}
        </ul>
      )}
      {judging === "current" ? null : <Unjudged judging={judging} at={list.evaluatedAt} />}
      {list.refused === null ? null : (
        <p class="note bad">
          Nobody is told of alerts: their receiver takes no message since <When at={list.refused.since} />,{" "}
          {list.refused.reason}.
        </p>
      )}
      <p class="muted">
        {firing.length === 0 && judging === "current" ? "No alert fires. " : ""}
        {notes.join(" ")}
      </p>
    </>
  );
}

/** That nothing is listed then says nothing. */
const Unjudged = ({
  judging,
  at,
}: {
  readonly judging: Exclude<Alerts["judging"], "current">;
  readonly at: string | null;
}) => (
  <p class="note bad">
    {judging === "not-begun" ? "No alert rule has been judged yet." : null}
    {judging === "unreachable" ? "The log's database does not answer: no alert rule can be judged." : null}
    {judging === "stopped" && at !== null ? (
      <>
        The alert rules were last judged <When at={at} />: nothing is known of what has been since.
      </>
    ) : null}
  </p>
);

const Firing = ({
  alert,
  frame,
  mayAcknowledge,
}: { readonly alert: Alert } & Pick<StripProps, "frame" | "mayAcknowledge">) => (
  <li class={alert.severity === "page" ? "bad" : "fair"}>
    <span class="what">
      <MoodSign mood={alert.severity === "page" ? "bad" : "fair"} />
      <strong>{alert.title}</strong> {Object.values(alert.labels).join(", ")}
    </span>
    <span>{alert.summary}</span>
    <span class="muted">
      since <When at={alert.since} />
      {alert.measured ? "" : ", not measured lately"}
      <Runbook alert={alert} />
    </span>
    {alert.acknowledged === null ? (
      mayAcknowledge ? (
        <form method="post" action={`/alerts/${encodeURIComponent(alert.id)}/acknowledge`}>
          <FormToken frame={frame} />
          <button type="submit" class="second">
            I look after it<span class="unseen">: {alert.title}</span>
          </button>
        </form>
      ) : null
    ) : (
      <span class="muted">{alert.acknowledged.by} looks after it</span>
    )}
  </li>
);

/** A path of the repository is none that this control plane serves. */
function Runbook({ alert: { runbook } }: { readonly alert: Alert }) {
  const link = /^https?:/.test(runbook) ? safeLink(runbook) : null;
  return link === null ? (
    <>, {runbook}</>
  ) : (
    <>
      , <a href={link}>what to do</a>
    </>
  );
}
