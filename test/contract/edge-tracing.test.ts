// What one edge tells of a request's way: the trace goes on to the origin, and Server-Timing says who answered.
import { expect, test } from "vitest";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
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
  expect(await timing()).toBe(
    'db;dur=5, l1-memory;desc="miss";dur=0, l1-cache;desc="error";dur=0, l2;desc="error";dur=0, origin;dur=0, total;desc="miss";dur=0',
  );
  await lone.settled();
  expect(await timing()).toBe('db;dur=5, l1-memory;desc="hit";dur=0');
  expect(await timing()).toBe('db;dur=5, l1-memory;desc="hit";dur=0');
});

/** Of an edge on which each tier takes its time, by the edge's own clock. */
function slowEdge(...found: ("absent" | "taken" | "unavailable")[]) {
  const takes = async <Answer>(ms: number, answer: Answer): Promise<Answer> => {
    lone.now += ms;
    return answer;
  };
  const lone = loneEdge([{ key_pattern: "/*", class: "hot", ttl: "60s" }], {
    serverTiming: true,
    blobs: {
      match: () => takes(2, { kind: "absent" } as never),
      matchRange: () => takes(0, { kind: "absent" } as never),
      restate: async () => ({ kind: "absent" }) as never,
      put: async () => ({ kind: "stored" }) as never,
      delete: async () => undefined,
    },
    midTier: {
      read: () => takes(3, { kind: found.shift() ?? "absent", at: [] } as never),
      fill: async () => ({ kind: "unavailable" }) as never,
      release: async () => "unavailable",
      renew: async () => "unavailable",
      verified: async () => undefined,
    },
  });
  lone.origin = async () => {
    await Promise.resolve();
    return takes(48, {
      ...{ kind: "answer" as const, status: 200, headers: [] },
      body: { kind: "bytes" as const, bytes: new Uint8Array(3) },
    });
  };
  return lone;
}

const timingOf = ({ headers }: { headers: HeaderList }) => headerValue(headers, "server-timing");
const LOOKED = 'l1-memory;desc="miss";dur=0, l1-cache;desc="miss";dur=2';

test("each tier that was asked is named in its order, with what it had and what it took", async () => {
  const lone = slowEdge();
  await lone.beat();
  expect(timingOf(await lone.get("/a"))).toBe(
    `${LOOKED}, l2;desc="miss";dur=3, origin;dur=48, total;desc="miss";dur=53`,
  );
  await lone.settled();
  // Only HEADs and parts of it are made for the request.
  expect(timingOf(await lone.get("/a"))).toBe('l1-memory;desc="hit";dur=0');
  expect(timingOf(await lone.get("/a", { method: "HEAD" }))).toBe(
    'l1-memory;desc="hit";dur=0, total;desc="hit";dur=0',
  );
});

test("a tier that fails has not missed, and what passes says so", async () => {
  const lone = slowEdge("unavailable");
  await lone.beat();
  expect(timingOf(await lone.get("/a"))).toContain(', l2;desc="error";dur=3, origin;dur=48, ');
  expect(timingOf(await lone.get("/b", { method: "POST" }))).toBe('origin;dur=48, total;desc="pass";dur=48');
  lone.origin = () => ({ kind: "unreachable", reason: "refused", detail: "" });
  expect(timingOf(await lone.get("/c", { method: "POST" }))).toBe(
    'origin;desc="error";dur=0, total;desc="error";dur=0',
  );
});

test("whoever waits for another edge's fetch says so, and each tier that is asked again is told once", async () => {
  const lone = slowEdge("taken", "taken");
  await lone.beat();
  expect(timingOf(await lone.get("/a"))).toBe(
    `${LOOKED}, l2;desc="miss";dur=9, lease;dur=0, origin;dur=48, total;desc="miss";dur=59`,
  );
});

test("whoever waits for another's fetch says how long, and not what that one asked", async () => {
  const lone = slowEdge();
  await lone.beat();
  const [leader, follower] = await Promise.all([lone.get("/a"), lone.get("/a")]);
  expect(timingOf(leader)).toMatch(/, origin;dur=48, total;desc="miss";dur=\d+$/);
  expect(timingOf(follower)).toMatch(
    /^l1-memory;desc="miss";dur=0, (l1-cache;desc="miss";dur=\d+, )?flight;desc="origin";dur=\d+, total;desc="coalesced";dur=\d+$/,
  );
});

test("what goes on behind an answer is no part of its way", async () => {
  const lone = slowEdge();
  await lone.beat();
  await lone.get("/a");
  await lone.settled();
  lone.now += 70_000;
  await lone.beat();
  expect(timingOf(await lone.get("/a"))).toBe('l1-memory;desc="stale";dur=0, total;desc="stale";dur=0');
  await lone.settled();
  expect(lone.asked).toHaveLength(2);
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
