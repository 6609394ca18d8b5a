// `/chaos/{id}/report`: an experiment as a page, while it runs and afterwards, and its abort switch.

import { raw } from "hono/html";
import type { ChaosExperiment } from "../../../client/schemas.ts";
import type { ChaosReport } from "../../../shared/wire/chaos.ts";
import { limitBody } from "../../api/body.ts";
import type { Api, ApiPorts } from "../../api/environment.ts";
import { isOver } from "../../chaos/report.ts";
import { reportBody, reportTitle } from "../../chaos/report-body.ts";
import { LIMITS } from "../../config.ts";
import { fragmentsStream } from "../frame/fragments.ts";
import { granted } from "../frame/inside.ts";
import { type Frame, Page } from "../frame/page.tsx";
import { Live } from "../frame/parts.tsx";
import { respond } from "../frame/respond.ts";
import { secured } from "../frame/security.ts";
import { sentForm } from "../session/guard.ts";
import { forRemembered, forVisitors, type Visitor } from "../session/visitor.tsx";
import { AbortForm } from "./abort-form.tsx";

/** Where no script runs, one that goes on is asked for again after so many seconds. */
const AGAIN = 2;
/** What was broken may be where tokens are: who could begin an experiment finds its abort switch as long as it runs. */
const rememberedFor = LIMITS.chaosRunsAtMost;

export function reportRoutes(api: Api, ports: ApiPorts): void {
  api.get(
    "/chaos/:id/report",
    secured,
    forRemembered(api, ports, {
      rememberedFor,
      async show(visitor) {
        const experiment = granted(await read(visitor));
        const page = { frame: visitor.frame, experiment, mayAbort: visitor.may("chaos") };
        return respond(visitor.context, <ReportPage {...page} />);
      },
    }),
  );
  api.get(
    "/chaos/:id/report/events",
    secured,
    forVisitors(api, ports, async (visitor) => {
      let experiment = granted(await read(visitor));
      return fragmentsStream(ports.plane, {
        every: LIMITS.overviewEvery,
        mayGoOn: visitor.mayGoOn,
        async next() {
          const turn = { shown: { report: reportBody(reportOf(experiment)) }, isOver: isOver(experiment) };
          const asked = turn.isOver ? null : await read(visitor);
          if (asked?.kind === "known") experiment = asked.value;
          return turn;
        },
      });
    }),
  );
  api.post(
    "/chaos/:id/abort",
    secured,
    limitBody(ports.plane),
    forRemembered(api, ports, {
      rememberedFor,
      async show(visitor) {
        await sentForm(visitor);
        const { report } = granted(await visitor.ask("DELETE /chaos/{id}", { id: idOf(visitor) }));
        return visitor.context.redirect(report, 303);
      },
    }),
  );
}

interface ReportProps {
  readonly frame: Frame;
  readonly experiment: ChaosExperiment;
  readonly mayAbort: boolean;
}

function ReportPage({ frame, experiment, mayAbort }: ReportProps) {
  const goesOn = !isOver(experiment);
  return (
    <Page
      frame={frame}
      title={reportTitle(experiment)}
      live={goesOn ? `${experiment.report}/events` : null}
      again={goesOn ? AGAIN : null}
    >
      {goesOn && mayAbort ? (
        <div class="middle">
          <AbortForm frame={frame} experiment={experiment} />
        </div>
      ) : null}
      <Live id="report">{raw(reportBody(reportOf(experiment)))}</Live>
      <p class="middle">
        <a href="/#chaos">To all experiments</a>
      </p>
    </Page>
  );
}

const read = (visitor: Visitor) => visitor.ask("GET /chaos/{id}", { id: idOf(visitor) });

const idOf = ({ context }: Visitor): string => context.req.param("id") ?? "";

/** As whoever draws it takes it: points of time as numbers. */
function reportOf({ actor: _, reason: __, report: ___, ...shown }: ChaosExperiment): ChaosReport {
  return {
    ...shown,
    startedAt: Date.parse(shown.startedAt),
    endedAt: shown.endedAt === null ? null : Date.parse(shown.endedAt),
    events: shown.events.map(({ at, text }) => ({ at: Date.parse(at), text })),
  };
}
