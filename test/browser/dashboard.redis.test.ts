// The dashboard in a real browser, on one cluster after its own life: asked nothing yet, in use, then not well.

import { describe } from "vitest";
import { whatIsDone } from "./in-use.ts";
import { whatIsIdle, whatIsNotWell } from "./not-well.ts";
import { dashboardStage } from "./stage.ts";

const stage = dashboardStage();

describe("before anybody has asked for anything", () => whatIsIdle(stage));
describe("in use", () => whatIsDone(stage));
describe("when not all is well, or not all allowed", () => whatIsNotWell(stage));
