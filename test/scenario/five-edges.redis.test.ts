// Five edges behind partitions: what clients are answered meanwhile, and what receipts say.

import { describe } from "vitest";
import { startTestCluster } from "../support/cluster.ts";
import { clusterStage } from "../support/stage.ts";
import { PARTITION_POLICIES, partition } from "./partition.ts";
import { receipts } from "./receipts.ts";

const stage = clusterStage(() =>
  startTestCluster({
    edges: 5,
    faults: true,
    policies: [...PARTITION_POLICIES, { id: "img", key_pattern: "/img/*", class: "immutable" }],
  }),
);

describe("parted", () => partition(stage));
// In the first half minute of a cluster its policies have just replaced the classes' own windows, so this is second.
describe("receipts", () => receipts(stage));
