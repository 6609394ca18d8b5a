// Three edges in the everyday life of an operator: one site, then several of them, and what traces tell of it.

import { describe } from "vitest";
import { clusterStage } from "../support/stage.ts";
import { mainPath } from "./main-path.ts";
import { sites } from "./sites.ts";
import { startTraced, traces } from "./traces.ts";

const stage = clusterStage(() => startTraced({ policies: [{ key_pattern: "/hot/*", class: "hot" }] }));

describe("the main path", () => mainPath(stage));
describe("several sites", () => sites(stage));
describe("traces", () => traces(stage));
