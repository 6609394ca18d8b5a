// How long an answer asks to wait, in both of its forms.

import { expect, test } from "vitest";
import { retryAfter } from "../../shared/core/retry-after.ts";

const NOW = Date.UTC(2026, 0, 1, 12);

test.each<[string, number | null]>([
  ["0", 0],
  ["120", 120_000],
  [" 7 ", 7000],
  ["Thu, 01 Jan 2026 12:00:30 GMT", 30_000],
  ["Thu, 01 Jan 2026 11:00:00 GMT", 0],
  ["-1", null],
  ["1.5", null],
  ["1e3", null],
  ["9999999999", null],
  ["soon", null],
  ["", null],
])("%j is %j ms", (said, wait) => {
  expect(retryAfter([["retry-after", said]], NOW)).toBe(wait);
});

test("an answer that does not say has none", () => {
  expect(retryAfter([["date", "Thu, 01 Jan 2026 12:00:30 GMT"]], NOW)).toBeNull();
});
