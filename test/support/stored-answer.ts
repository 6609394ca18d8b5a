// A stored answer of which only what a test is about is out of the ordinary.

import type { Position } from "../../shared/core/position.ts";
import type { StoredAnswer } from "../../shared/core/stored-answer.ts";
import { millis, type Selector } from "../../shared/core/units.ts";

export const storedAnswer = (
  of: { readonly id: string; readonly asOf: Position; readonly length: number } & Partial<StoredAnswer>,
): StoredAnswer => ({
  version: 2,
  key: "key",
  status: 200,
  headers: [],
  class: "standard",
  selectors: ["s e" as Selector],
  vary: [],
  part: { kind: "whole" },
  dirty: false,
  fresh: millis(60_000),
  staleWhileRevalidate: millis(0),
  staleIfError: millis(0),
  ageWhenSent: millis(0),
  receivedAtWall: 0,
  lease: "lease",
  ...of,
});
