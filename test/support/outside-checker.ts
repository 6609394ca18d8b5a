// The outside checker before a test's cluster: its content at the test's origin, its purges through the control plane.

import {
  type CheckerOptions,
  createOutsideChecker,
  type OutsideChecker,
} from "../../bench/outside/checker.ts";
import { invalidateAt } from "../../bench/outside/content-origin.ts";
import { SITE_HOST, type TestCluster } from "./cluster.ts";

export function checkerOf(
  cluster: Pick<TestCluster, "site" | "control" | "token">,
  options: Omit<CheckerOptions, "host" | "invalidate">,
): OutsideChecker {
  const checker = createOutsideChecker({
    ...options,
    host: SITE_HOST,
    invalidate: invalidateAt({ control: cluster.control, token: cluster.token }),
  });
  for (const { below } of options.groups)
    cluster.site.setBelow(below, (request) =>
      checker.content.answer(request.url ?? "", request.headers["if-none-match"]),
    );
  return checker;
}
