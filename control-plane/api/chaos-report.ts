// The signed route by which the agent hands over the report of an experiment that is over.

import { CHAOS_REPORT_PATH } from "../../shared/wire/chaos.ts";
import { faultsIn } from "../../shared/wire/faults.ts";
import { takeReport } from "../chaos/follow.ts";
import { isOver, readReport } from "../chaos/report.ts";
import { limitBody } from "./body.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { invalidBody, unavailable } from "./problem.ts";
import { signedBody } from "./signed.ts";

/** Told as often as it takes: what was taken in once is taken in no second time. */
export function chaosReportRoute(api: Api, { plane }: ApiPorts): void {
  api.all(CHAOS_REPORT_PATH, limitBody(plane), async (context) => {
    const body = await signedBody(context, plane);
    const read = readReport(body);
    if (read.kind === "invalid") throw invalidBody(faultsIn(read.error));
    if (!isOver(read.report)) throw invalidBody([{ pointer: "/state", message: "is not that of an end" }]);
    const taken = await takeReport(plane, read.report);
    if (taken.kind === "unavailable") throw unavailable(taken.reason);
    return context.json({ id: read.report.id, taken: taken.kind }, 200);
  });
}
