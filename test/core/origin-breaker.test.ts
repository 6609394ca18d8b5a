// An origin's breaker: opens after failures in a row, lets one probe through at a time, and closes when that comes back well.

import { describe, expect, test } from "vitest";
import {
  afterwards,
  CLOSED,
  closedFor,
  isNews,
  type OriginBreaker,
  passing,
} from "../../shared/core/origin-breaker.ts";
import { instant, millis } from "../../shared/core/units.ts";

const LIMITS = { failures: 3, pause: millis(1000), probeLost: millis(5000) };
const at = (ms: number) => instant(ms);

function failing(times: number, from: OriginBreaker = CLOSED): OriginBreaker {
  let breaker = from;
  for (let i = 0; i < times; i++)
    breaker = afterwards(breaker, { well: false, probe: false, sentAt: at(i), at: at(i) }, LIMITS);
  return breaker;
}

describe("an origin's breaker", () => {
  test("opens after so many failures in a row, and not before", () => {
    expect(closedFor(failing(2), at(2), LIMITS)).toBeNull();
    expect(closedFor(failing(3), at(2), LIMITS)).toBe(1000);
    const between = afterwards(failing(2), { well: true, probe: false, sentAt: at(2), at: at(2) }, LIMITS);
    expect(closedFor(failing(2, between), at(5), LIMITS)).toBeNull();
  });

  test("lets one probe through after its pause, and nobody beside it", () => {
    const open = failing(3);
    expect(closedFor(open, at(1001), LIMITS)).toBe(1);
    expect(closedFor(open, at(1002), LIMITS)).toBeNull();
    const probing = passing(open, at(1002));
    expect(probing.kind).toBe("probing");
    expect(closedFor(probing, at(3000), LIMITS)).toBe(1000);
  });

  test("closes when the probe comes back well, and opens anew when it does not", () => {
    const probing = passing(failing(3), at(1002));
    const closed = afterwards(probing, { well: true, probe: true, sentAt: at(1002), at: at(1100) }, LIMITS);
    expect(closed).toEqual({ ...CLOSED, wellAt: at(1002) });
    const again = afterwards(probing, { well: false, probe: true, sentAt: at(1002), at: at(1100) }, LIMITS);
    expect(closedFor(again, at(1100), LIMITS)).toBe(1000);
  });

  test("hears nothing from requests that were sent before it opened", () => {
    const open = failing(3);
    expect(afterwards(open, { well: true, probe: false, sentAt: at(1), at: at(10) }, LIMITS)).toBe(open);
    expect(afterwards(open, { well: false, probe: false, sentAt: at(1), at: at(900) }, LIMITS)).toBe(open);
    const probing = passing(open, at(1002));
    expect(afterwards(probing, { well: true, probe: false, sentAt: at(1003), at: at(1003) }, LIMITS)).toBe(
      probing,
    );
  });

  test("hears nothing of a trouble that is over: from what was sent before another that came well", () => {
    const closed = afterwards(
      passing(failing(3), at(1002)),
      { well: true, probe: true, sentAt: at(1002), at: at(1100) },
      LIMITS,
    );
    const hung = { well: false, probe: false, sentAt: at(1001), at: at(31_000) };
    expect(isNews(closed, hung)).toBe(false);
    expect(afterwards(closed, hung, LIMITS)).toBe(closed);
    // Sent with it, or later, each counts.
    const since = { ...hung, sentAt: at(1002) };
    let breaker = closed;
    for (let i = 0; i < 3; i++) breaker = afterwards(breaker, since, LIMITS);
    expect(breaker).toEqual({ kind: "open", until: at(32_000) });
  });

  test("a slow answer to an old request takes nothing back of what a younger one has shown", () => {
    const young = afterwards(CLOSED, { well: true, probe: false, sentAt: at(500), at: at(510) }, LIMITS);
    const slow = afterwards(young, { well: true, probe: false, sentAt: at(100), at: at(600) }, LIMITS);
    expect(isNews(slow, { well: false, probe: false, sentAt: at(400), at: at(700) })).toBe(false);
  });

  test("sends another probe when one was lost with its request", () => {
    const probing = passing(failing(3), at(1002));
    expect(closedFor(probing, at(6001), LIMITS)).toBe(1000);
    expect(closedFor(probing, at(6002), LIMITS)).toBeNull();
  });
});
