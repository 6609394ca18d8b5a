// Rules about who asks the control plane.

import { seconds } from "../../../shared/core/units.ts";
import { known, type Rule, rule } from "../rule.ts";

export const ACCESS_RULES: readonly Rule[] = [
  rule({
    id: "wrong-tokens",
    title: "Somebody tries tokens",
    severity: "ticket",
    unit: "per-minute",
    figure: ({ access, spanSeconds }) => {
      const tried = access.wrongToken + access.signIn + access.heldUp;
      return [known((tried / spanSeconds) * 60)];
    },
    ...{ threshold: 60, clear: 20, for: seconds(30) },
    summary: "wrong tokens are shown to the control plane at {value}, {threshold} is no typing error",
    prometheus: {
      value:
        '60 * (sum(rate(tidegate_access_refused_total{reason=~"wrong-token|sign-in|held-up"}[2m])) or vector(0))',
    },
  }),
];
