// What a read may show of values that clients have written, also when an outage left most writes unanswered.

import { beforeEach, describe, expect, test } from "vitest";
import { readWritten, type SentWrite, WrittenValues } from "../../bench/outside/written-values.ts";

const PATH = "/session/1";
/** Longer than anything is remembered for its number alone. */
const MANY = 40;

let now = 0;
let values: WrittenValues;

beforeEach(() => {
  now = 1;
  values = new WrittenValues(() => now++);
});

function write(outcome: "acknowledged" | "unanswered"): SentWrite {
  const sent = values.write(PATH);
  sent[outcome]();
  return sent;
}

const shown = (sent: SentWrite) => values.judge(PATH, readWritten(sent.body), now++);

describe("in an outage", () => {
  test("the last acknowledged write is not forgotten for those that nobody answered", () => {
    const older = write("acknowledged");
    const last = write("acknowledged");
    for (let number = 0; number < MANY; number++) write("unanswered");
    expect(shown(older)).toBe("lost");
    expect(values.judge(PATH, null, now)).toBe("lost");
    expect(shown(last)).toBe("right");
  });

  test("any of those that nobody answered may show", () => {
    write("acknowledged");
    const tried = Array.from({ length: MANY }, () => write("unanswered"));
    for (const one of tried) expect(shown(one)).toBe("right");
  });
});

test("of many that were acknowledged the last one alone may show", () => {
  const written = Array.from({ length: MANY }, () => write("acknowledged"));
  const last = written.pop();
  for (const one of written) expect(shown(one)).toBe("lost");
  expect(last && shown(last)).toBe("right");
});

test("of two that were under way together either may show", () => {
  const [one, other] = [values.write(PATH), values.write(PATH)];
  one.acknowledged();
  other.acknowledged();
  expect([shown(one), shown(other)]).toEqual(["right", "right"]);
});

test("so it may where its read has ended long after, when neither is kept any more", () => {
  const [one, other] = [values.write(PATH), values.write(PATH)];
  other.acknowledged();
  const sentAt = now++;
  one.acknowledged();
  for (let number = 0; number < 16; number++) write("acknowledged");
  expect(values.judge(PATH, readWritten(one.body), sentAt)).toBe("right");
  // Of what came after it all had been acknowledged by now.
  expect(shown(one)).toBe("lost");
});

test("another path's value, and one that nobody wrote, are no values", () => {
  const elsewhere = values.write("/session/2");
  elsewhere.acknowledged();
  expect(shown(elsewhere)).toBe("crossing");
  const forged = readWritten(write("acknowledged").body.replace(/"write":\d+/, '"write":99'));
  expect(values.judge(PATH, forged, now)).toBe("invented");
});
