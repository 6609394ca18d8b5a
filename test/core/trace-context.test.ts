// Trace Context (W3C): what is a traceparent, and what the next hop is sent.
import { describe, expect, test } from "vitest";
import type { HeaderList } from "../../shared/core/headers.ts";
import { continueTrace, formatTraceparent, parseTraceparent } from "../../shared/core/trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const GOOD = `00-${TRACE}-00f067aa0ba902b7-01`;
const child = () => "1111111111111111";
const sent = (headers: HeaderList) => continueTrace(headers, child);

describe("a traceparent", () => {
  test("is read and written", () => {
    const read = parseTraceparent(GOOD);
    expect(read).toEqual({ traceId: TRACE, spanId: "00f067aa0ba902b7", flags: "01" });
    expect(read && formatTraceparent(read)).toBe(GOOD);
  });

  test("of a later version is read as far as this one goes", () => {
    expect(parseTraceparent(`cc-${TRACE}-00f067aa0ba902b7-01-what-the-future`)).not.toBeNull();
  });

  test.each([
    null,
    "",
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-01-more`,
    `cc-${TRACE}-00f067aa0ba902b7-01.more`,
    `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    GOOD.toUpperCase(),
    `${GOOD}, ${GOOD}`,
    `00-${TRACE}-00f067aa0ba902b7`,
  ])("is not: %s", (text) => {
    expect(parseTraceparent(text)).toBeNull();
  });
});

describe("the next hop", () => {
  test("goes on with the trace by a span of its own, and is passed its state", () => {
    expect(
      sent([
        ["a", "b"],
        ["traceparent", GOOD],
        ["tracestate", "x=1"],
        ["tracestate", "y=2"],
      ]),
    ).toEqual([
      ["a", "b"],
      ["traceparent", `00-${TRACE}-1111111111111111-01`],
      ["tracestate", "x=1, y=2"],
    ]);
  });

  test("is not told of a trace that is none, nor of its state, and none is begun", () => {
    expect(
      sent([
        ["traceparent", "nonsense"],
        ["tracestate", "x=1"],
      ]),
    ).toEqual([]);
    expect(sent([["tracestate", "x=1"]])).toEqual([]);
    expect(sent([["a", "b"]])).toEqual([["a", "b"]]);
  });

  test("is spared a state that is beyond its limits", () => {
    const many = Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(",");
    for (const state of [many, `x=${"v".repeat(600)}`])
      expect(
        sent([
          ["traceparent", GOOD],
          ["tracestate", state],
        ]),
      ).toHaveLength(1);
  });
});
