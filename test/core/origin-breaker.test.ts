// An origin's breaker: opens after failures in a row, lets one probe through at a time, and closes when that comes back well.

import { describe, expect, test } from "vitest";
import {
  afterwards,
  CLOSED,
  closedFor,
  isOver,
  type OriginBreaker,
  passing,
} from "../../shared/core/origin-breaker.ts";
import { instant, millis } from "../../shared/core/units.ts";

const LIMITS = { failures: 3, lasting: millis(0), pause: millis(1000), probeLost: millis(5000) };
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

  test("opens by no burst: nothing has been well for a while before it does", () => {
    const limits = { ...LIMITS, lasting: millis(500) };
    let breaker: OriginBreaker = CLOSED;
    const comes = (well: boolean, when: number): void => {
      breaker = afterwards(breaker, { well, probe: false, sentAt: at(when - 10), at: at(when) }, limits);
    };
    for (let i = 0; i < 50; i++) comes(false, 1000 + i);
    expect(breaker.kind).toBe("closed");
    comes(false, 1489);
    expect(breaker.kind).toBe("closed");
    comes(true, 1490);
    for (let i = 0; i < 50; i++) comes(false, 1491 + i);
    expect(breaker.kind).toBe("closed");
    comes(false, 1990);
    expect(closedFor(breaker, at(1990), limits)).toBe(1000);
  });

  test("does not open where something was well meanwhile, however long others hung", () => {
    const limits = { ...LIMITS, lasting: millis(500) };
    let breaker = afterwards(CLOSED, { well: true, probe: false, sentAt: at(590), at: at(599) }, limits);
    for (let i = 0; i < 10; i++)
      breaker = afterwards(breaker, { well: false, probe: false, sentAt: at(0), at: at(600 + i) }, limits);
    expect(breaker.kind).toBe("closed");
  });

  test("is closed by what was sent after its pause and came back well, the probe or not", () => {
    const open = failing(3);
    const late = { probe: false, sentAt: at(1002), at: at(1010) };
    expect(afterwards(open, { ...late, well: true }, LIMITS).kind).toBe("closed");
    expect(afterwards(open, { ...late, well: false }, LIMITS)).toBe(open);
    expect(afterwards(open, { ...late, well: true, sentAt: at(1001) }, LIMITS)).toBe(open);
  });

  test("opens by what hung for long enough, all of which fails at one instant", () => {
    const limits = { ...LIMITS, lasting: millis(500) };
    let breaker: OriginBreaker = CLOSED;
    for (let i = 0; i < 3; i++)
      breaker = afterwards(breaker, { well: false, probe: false, sentAt: at(i), at: at(30_000) }, limits);
    expect(breaker.kind).toBe("open");
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
    expect(closed).toEqual({ ...CLOSED, failingSince: at(1002), wellAt: at(1100), since: at(1002) });
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

  test("hears nothing of a trouble that is over: from what was sent before the probe that has closed it", () => {
    const probe = { well: true, probe: true, sentAt: at(1002), at: at(1100) };
    const closed = afterwards(passing(failing(3), at(1002)), probe, LIMITS);
    const hung = { well: false, probe: false, sentAt: at(1001), at: at(31_000) };
    expect(isOver(closed, hung)).toBe(true);
    expect(afterwards(closed, hung, LIMITS)).toBe(closed);
    // Sent with it, or later, each counts.
    const since = { ...hung, sentAt: at(1002) };
    expect(isOver(closed, since)).toBe(false);
    let breaker = closed;
    for (let i = 0; i < 3; i++) breaker = afterwards(breaker, since, LIMITS);
    expect(breaker).toEqual({ kind: "open", until: at(32_000) });
  });

  test("few that come well among many that hang do not keep it closed", () => {
    let breaker = afterwards(CLOSED, { well: true, probe: false, sentAt: at(900), at: at(910) }, LIMITS);
    for (let i = 0; i < 3; i++)
      breaker = afterwards(breaker, { well: false, probe: false, sentAt: at(i), at: at(1000) }, LIMITS);
    expect(breaker.kind).toBe("open");
    expect(isOver(breaker, { well: false, probe: false, sentAt: at(3), at: at(1000) })).toBe(false);
  });

  test("sends another probe when one was lost with its request", () => {
    const probing = passing(failing(3), at(1002));
    expect(closedFor(probing, at(6001), LIMITS)).toBe(1000);
    expect(closedFor(probing, at(6002), LIMITS)).toBeNull();
  });
});
