// Two edges whose log others follow: programs and isolates that learn of purges by it, an auditor that judges by it, and what is suggested.

import { describe } from "vitest";
import { startTestCluster } from "../support/cluster.ts";
import { clusterStage } from "../support/stage.ts";
import { AUDITED_POLICY } from "./audited-pages.ts";
import { auditor } from "./auditor.ts";
import { programs, TAGGED_POLICY } from "./cache.ts";
import { IN_VIEW_POLICY, sharedView } from "./shared-view.ts";
import { FILES_POLICY, suggestions } from "./suggestions.ts";

const policies = [FILES_POLICY, TAGGED_POLICY, IN_VIEW_POLICY, AUDITED_POLICY];
const stage = clusterStage(() => startTestCluster({ edges: 2, policies }));

// First, because little traffic is none.
describe("suggestions", () => suggestions(stage));
describe("programs that cache", () => programs(stage));
describe("isolates of one data centre", () => sharedView(stage));
describe("the auditor", () => auditor(stage));
