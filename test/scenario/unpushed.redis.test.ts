// Two edges that nothing is pushed to: a purge is read all the same, whatever is killed.

import { describe } from "vitest";
import { startTestCluster } from "../support/cluster.ts";
import { clusterStage } from "../support/stage.ts";
import { FAULTS_POLICIES, faults } from "./faults.ts";
import { readYourPurge, SLOW_POLICY } from "./read-your-purge.ts";

const stage = clusterStage(() =>
  startTestCluster({ edges: 2, push: false, policies: [SLOW_POLICY, ...FAULTS_POLICIES] }),
);

describe("read-your-purge", () => readYourPurge(stage));
// The last of them takes the origin away.
describe("faults", () => faults(stage));
