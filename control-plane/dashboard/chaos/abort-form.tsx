// The abort switch of an experiment, as a form: it needs no script.

import type { ListedChaosExperiment } from "../../../client/schemas.ts";
import { reportTitle } from "../../chaos/report-body.ts";
import { FormToken, type Frame } from "../frame/page.tsx";

interface AbortProps {
  readonly frame: Frame;
  readonly experiment: Pick<ListedChaosExperiment, "id" | "experiment" | "target">;
}

export const AbortForm = ({ frame, experiment }: AbortProps) => (
  <form class="form" method="post" action={`/chaos/${encodeURIComponent(experiment.id)}/abort`}>
    <FormToken frame={frame} />
    <div class="buttons">
      <button type="submit" class="danger">
        Heal it and abort<span class="unseen">: {reportTitle(experiment)}</span>
      </button>
    </div>
  </form>
);
