// Timers of a runtime: a span that they can't count is as long as they can, and not none at all.

import { afterEach, describe, expect, test, vi } from "vitest";
import { unrefTimers } from "../../client/cache/timers.ts";
import { days, millis } from "../../shared/core/units.ts";
import { systemTimers } from "../../shared/runtime/system.ts";

afterEach(() => void vi.useRealTimers());

describe.each([
  ["that keep their process", systemTimers],
  ["that keep none", unrefTimers],
])("timers %s", (_, timers) => {
  test("a month is not over at once", () => {
    // Nothing but what they ask for is looked at: others of this process may have timers that a month would not end.
    const asked = vi.spyOn(globalThis, "setTimeout");
    const over = vi.fn();
    const cancel = timers.after(days(30), over);
    cancel();
    expect(asked).toHaveBeenCalledExactlyOnceWith(over, 2 ** 31 - 1);
  });

  test("nor is a sleep of a month", () => {
    const asked = vi
      .spyOn(globalThis, "setTimeout")
      .mockReturnValue(0 as unknown as ReturnType<typeof setTimeout>);
    const { sleep: wait } = timers;
    void wait(days(30));
    expect(asked).toHaveBeenCalledExactlyOnceWith(expect.any(Function), 2 ** 31 - 1);
  });

  test("a second is a second, unless it is cancelled", async () => {
    vi.useFakeTimers();
    const over = vi.fn();
    timers.after(millis(1000), over);
    timers.after(millis(1000), over)();
    await vi.advanceTimersByTimeAsync(999);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toHaveBeenCalledTimes(1);
  });
});
