// Timers of a runtime: a span that they can't count is as long as they can, and not none at all.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { unrefTimers } from "../../client/cache/timers.ts";
import { days, millis } from "../../shared/core/units.ts";
import { systemTimers } from "../../shared/runtime/system.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe.each([
  ["that keep their process", systemTimers],
  ["that keep none", unrefTimers],
])("timers %s", (_, timers) => {
  test("a month is not over at once", async () => {
    const over = vi.fn();
    timers.after(days(30), over);
    await vi.advanceTimersByTimeAsync(days(24));
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(days(1));
    expect(over).toHaveBeenCalledTimes(1);
  });

  test("a second is a second, unless it is cancelled", async () => {
    const over = vi.fn();
    timers.after(millis(1000), over);
    timers.after(millis(1000), over)();
    await vi.advanceTimersByTimeAsync(999);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toHaveBeenCalledTimes(1);
  });
});
