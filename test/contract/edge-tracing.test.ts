// What one edge tells of a request's way: the trace goes on to the origin, and Server-Timing says who answered.
import { expect, test } from "vitest";
import { headerValue } from "../../shared/core/headers.ts";
import { loneEdge } from "../support/lone-edge.ts";

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const POLICIES = [{ key_pattern: "/hot/*", class: "hot", ttl: "60s" }];

function edge(serverTiming: boolean) {
  const lone = loneEdge(POLICIES, { serverTiming });
  lone.origin = () => ({
    ...{ kind: "answer", status: 200, body: { kind: "bytes", bytes: new Uint8Array(3) } },
    headers: [["server-timing", "db;dur=5"]],
  });
  return lone;
}

test("the origin is asked within the request's trace, by a span of its own each time", async () => {
  const lone = edge(false);
  await lone.beat();
  for (const path of ["/hot/1", "/hot/2"]) await lone.get(path, { headers: [["traceparent", TRACEPARENT]] });
  await lone.get("/hot/3");
  const [one, two, none] = lone.asked.map(({ headers }) => headerValue(headers, "traceparent"));
  expect(one).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$/);
  expect(two).not.toBe(one);
  expect(none).toBeNull();
});

test("answers say who gave them where they are to, the origin's own timing first", async () => {
  const lone = edge(true);
  await lone.beat();
  const timing = async () => headerValue((await lone.get("/hot/1")).headers, "server-timing");
  expect(await timing()).toMatch(/^db;dur=5, origin;desc="miss";dur=\d+$/);
  await lone.settled();
  expect(await timing()).toBe('db;dur=5, l1-memory;desc="hit";dur=0');
  expect(await timing()).toBe('db;dur=5, l1-memory;desc="hit";dur=0');
});

test("and say nothing of it where they are not", async () => {
  const lone = edge(false);
  await lone.beat();
  expect(headerValue((await lone.get("/hot/1")).headers, "server-timing")).toBe("db;dur=5");
});

test("different keys are reported once a period, however often they are asked for, and twice in all", async () => {
  const lone = edge(false);
  await lone.beat();
  for (const path of ["/hot/1", "/hot/1", "/hot/2"]) await lone.get(path);
  const touched = (report: { distinct?: Readonly<Record<string, string>> | null }): number =>
    [...(report.distinct?.default ?? "")].filter((register) => register !== "A").length;
  expect(touched(await lone.beat())).toBe(2);
  await lone.get("/hot/1");
  expect(touched(await lone.beat())).toBe(2);
  expect(touched(await lone.beat())).toBe(1);
  expect(touched(await lone.beat())).toBe(0);
});
