// Two edges that keep what is asked for at hand: hot keys, renewals before the end, and a release that is warmed.

import { describe } from "vitest";
import { startTestCluster } from "../support/cluster.ts";
import { clusterStage } from "../support/stage.ts";
import { HOT_POLICY, hotKeys } from "./hot-keys.ts";
import { REFRESHED_POLICY, refresh } from "./refresh.ts";
import { BUDGET, warmUp } from "./warm-up.ts";

const stage = clusterStage(() =>
  startTestCluster({ edges: 2, protection: BUDGET, policies: [HOT_POLICY, REFRESHED_POLICY] }),
);

describe("hot keys", () => hotKeys(stage));
describe("the refresher", () => refresh(stage));
describe("a warm-up", () => warmUp(stage));
