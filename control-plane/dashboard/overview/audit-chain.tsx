// `/audit-chain`: whether the audit log is as it was written.

import type { AuditVerdict } from "../../../client/schemas.ts";
import type { Api, ApiPorts } from "../../api/environment.ts";
import { granted } from "../frame/inside.ts";
import { Notice } from "../frame/notice.tsx";
import { respond } from "../frame/respond.ts";
import { secured } from "../frame/security.ts";
import { forVisitors } from "../session/visitor.tsx";

export function auditChainRoute(api: Api, ports: ApiPorts): void {
  api.get(
    "/audit-chain",
    secured,
    forVisitors(api, ports, async ({ context, frame, ask }) => {
      const verdict = granted(await ask("GET /audit/verify"));
      const title = verdict.holds ? "The chain holds" : "The chain is broken";
      return respond(context, <Notice frame={frame} title={title} text={textOf(verdict)} />);
    }),
  );
}

function textOf({ holds, from, to, records, firstBad }: AuditVerdict): string {
  if (from === null || to === null) return "There is no record yet.";
  const all = `${records} records, from ${from} to ${to}`;
  if (holds) return `${all}: none was changed, taken away or put elsewhere.`;
  return `Of ${all}, record ${firstBad?.seq ?? from} is the first that is not as it was written: ${firstBad?.reason ?? "unknown"}.`;
}
