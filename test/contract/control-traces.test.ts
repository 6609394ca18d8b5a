// Traces of the control plane: one a request, with its calls below it; nothing secret in them, and nobody harmed by them.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import { type CollectedSpan, type Collector, startCollector } from "../support/collector.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { type FakeEdge, SITES, startFakeEdge, startPlane, type TestPlane, TOKEN } from "./control-harness.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const traced = (flags: string) => ({ traceparent: `00-${TRACE}-${PARENT}-${flags}`, tracestate: "vendor=1" });

let rest: RestFixture;
let edges: FakeEdge[];
let collector: Collector;
let plane: TestPlane;
let told: string[];

beforeEach(async () => {
  told = [];
  vi.spyOn(console, "error").mockImplementation((line) => void told.push(String(line)));
  rest = await startEmbeddedRest();
  edges = await Promise.all(["one", "two"].map(startFakeEdge));
  collector = await startCollector();
  plane = await planeWith({
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/otlp/`,
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20secret, X-Other = 2",
  });
});
afterEach(async () => {
  await collector.close();
  await plane.settled();
  await Promise.all([...edges.map((edge) => edge.stop()), rest.stop()]);
  vi.restoreAllMocks();
});

async function planeWith(env: Record<string, string>): Promise<TestPlane> {
  const made = await startPlane(rest, { SITES, EDGES: edges.map(({ id, url }) => ({ id, url })), ...env });
  await made.plane.edges.adopt();
  return made;
}

const served = (): CollectedSpan[] => collector.spans().filter(({ kind }) => kind === 2);
const purge = (headers: Record<string, string> = {}) =>
  plane.call("/invalidate", { tags: ["cargo"], site: "shop", reason: "hush-hush", wait: true }, headers);

test("a purge is one trace: its request continues the caller's, and what it calls stands below it", async () => {
  const answer = await purge(traced("01"));
  await plane.settled();
  expect(answer.status).toBe(200);
  const [request, ...more] = served();
  expect(more).toEqual([]);
  expect(request).toMatchObject({
    ...{ traceId: TRACE, parentSpanId: PARENT, name: "POST /invalidate", status: 0 },
    attributes: {
      ...{ "http.request.method": "POST", "http.route": "/invalidate", "http.response.status_code": "200" },
    },
  });
  const calls = collector.spans().filter(({ kind }) => kind === 3);
  for (const call of calls) expect(call).toMatchObject({ traceId: TRACE, parentSpanId: request?.spanId });
  expect(
    calls
      .filter(({ name }) => name === "edge /.tidegate/push")
      .map(edgeOf)
      .sort(),
  ).toEqual(["one", "two"]);
  const redis = calls.filter(({ name }) => name === "redis control");
  expect(redis.length).toBeGreaterThan(0);
  for (const { attributes } of redis)
    expect(attributes).toEqual({
      ...{ "db.system.name": "redis", "tidegate.database": "control" },
      "db.operation.batch.size": expect.stringMatching(/^\d+$/),
    });
  for (const { ms } of calls) expect(ms).toBeLessThanOrEqual(request?.ms ?? 0);
});

const edgeOf = ({ attributes }: CollectedSpan): unknown => attributes["tidegate.edge"];

test("it is sent once, where and as the environment says, and holds nothing that anybody said", async () => {
  await purge(traced("01"));
  await plane.call("/sites/not-a-site?token=hush-hush");
  await plane.settled();
  expect(collector.exports.map(({ path }) => path)).toEqual(["/otlp/v1/traces", "/otlp/v1/traces"]);
  for (const { headers } of collector.exports)
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "x-key": "a secret",
      "x-other": "2",
    });
  const text = collector.exports.map((one) => one.text).join();
  for (const said of [TOKEN, "cluster-key", "hush-hush", "cargo", "shop", "not-a-site", "a secret"])
    expect(text).not.toContain(said);
  expect(text).toContain("tidegate-control-plane");
  expect(text).toContain("vendor=1");
});

test("routes are told as they are written, and what is nowhere has none", async () => {
  await plane.call("/invalidations/nobodys");
  await plane.ask("/of/a/stranger");
  await plane.ask("/invalidate", { method: "PUT" });
  await plane.settled();
  const [known, unknown, wrong] = served();
  expect(known).toMatchObject({
    name: "GET /invalidations/:id",
    attributes: { "http.route": "/invalidations/:id" },
  });
  expect(unknown?.name).toBe("GET");
  expect(unknown?.attributes).toEqual({ "http.request.method": "GET", "http.response.status_code": "404" });
  expect(wrong?.name).toBe("PUT");
});

test("each request without a trace begins one of its own, also at once with others", async () => {
  await Promise.all(Array.from({ length: 20 }, () => plane.call("/edges")));
  await plane.settled();
  const requests = served();
  expect(new Set(requests.map(({ traceId }) => traceId)).size).toBe(20);
  const of = new Map(requests.map(({ spanId, traceId }) => [spanId, traceId]));
  for (const { kind, parentSpanId, traceId } of collector.spans())
    if (kind === 3) expect(of.get(parentSpanId ?? "")).toBe(traceId);
});

test("a trace that its caller does not keep is not kept here either, nor is anything of the beat's", async () => {
  await purge(traced("00"));
  expect((await collectStatus(plane.plane)).kind).toBe("done");
  await plane.settled();
  expect(collector.exports).toEqual([]);
});

test("calls that fail say how, and Redis' absence is the request's error", async () => {
  for (const edge of edges) edge.answers = false;
  await plane.call("/invalidate", { tags: ["cargo"] });
  await plane.settled();
  const pushes = collector.spans().filter(({ name }) => name === "edge /.tidegate/push");
  expect(pushes).toHaveLength(2);
  // They were waited for, though the answer was not held up.
  for (const push of pushes)
    expect(push).toMatchObject({ status: 2, attributes: { "error.type": "timeout" } });
  await rest.stop();
  await plane.call("/edges");
  await plane.settled();
  expect(served().at(-1)).toMatchObject({ status: 2, attributes: { "error.type": "503" } });
});

test("a collector that hangs, refuses or redirects harms no request, and is told of once", async () => {
  collector.answers = { status: 307, headers: { location: `${edges[0]?.url}/v1/traces` } };
  expect((await purge()).status).toBe(200);
  await plane.settled();
  expect(edges[0]?.refused).toBe(0);
  collector.answers = null;
  const answers = await Promise.all(
    Array.from({ length: LIMITS.traceExports + 5 }, () => plane.call("/edges")),
  );
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  await collector.close();
  await plane.settled();
  expect(collector.exports.length).toBeLessThanOrEqual(LIMITS.traceExports + 1);
  expect((await purge()).status).toBe(200);
  await plane.settled();
  expect(told).toEqual(["traces are not taken: answered with 307"]);
});

test("nothing is traced where nobody is named, and what can't be read is told without its text", async () => {
  plane = await planeWith({});
  expect(plane.plane.spans).toBeNull();
  await purge(traced("01"));
  plane = await planeWith({
    OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318/hush-hush",
    OTEL_EXPORTER_OTLP_HEADERS: "hush-hush",
  });
  expect(plane.plane.settings.faults).toEqual([
    "OTEL_EXPORTER_OTLP_ENDPOINT is not http(s)://host[:port][/path]",
    "OTEL_EXPORTER_OTLP_HEADERS is not name=value[,name=value]",
  ]);
  await plane.settled();
  expect(collector.exports).toEqual([]);
});
