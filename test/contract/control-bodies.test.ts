// Bodies that don't come: of anybody, for longer than one is waited for, or no further.

import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { type Answer, SITES, startPlane, type TestPlane, TOKEN } from "./control-harness.ts";

let rest: RestFixture;
let plane: TestPlane;

beforeAll(async () => {
  rest = await startEmbeddedRest();
  plane = await startPlane(rest, { SITES, PUSH: "off" });
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => rest.stop());

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const JSON_BY_ADMIN = { "content-type": "application/json", authorization: `Bearer ${TOKEN}` };

const ROUTES = [
  ["/sign-in", FORM],
  ["/sign-out", FORM],
  ["/theme", FORM],
  ["/.tidegate/edges", {}],
  ["/invalidate", JSON_BY_ADMIN],
] as const;

/** The beginning of a body, and whatever comes of it then. */
function bodyOf(then: (controller: ReadableStreamDefaultController) => void): ReadableStream {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"tags":["a"],')),
    pull: then,
  });
}

const send = (path: string, headers: Record<string, string>, body: ReadableStream): Promise<Answer> =>
  plane.ask(path, { method: "POST", headers, body });

test.each(ROUTES)("a body that stalls is waited for so long and no longer: %s", async (path, headers) => {
  const spans: number[] = [];
  vi.spyOn(plane.plane.timers, "after").mockImplementation((span, action) => {
    spans.push(span);
    const turn = setImmediate(action);
    return () => clearImmediate(turn);
  });
  const { status, json } = await send(
    path,
    headers,
    bodyOf(() => new Promise(() => undefined) as never),
  );
  expect([status, json.code]).toEqual([408, "content-too-slow"]);
  expect(spans).toContain(LIMITS.bodyIdle);
});

test.each(ROUTES)(
  "a body that breaks off is its sender's doing, and not logged: %s",
  async (path, headers) => {
    const logged = vi.spyOn(console, "error");
    const { status, json } = await send(
      path,
      headers,
      bodyOf((body) => body.error(new Error("gone"))),
    );
    expect([status, json.code]).toEqual([400, "broken-content"]);
    expect(logged).not.toHaveBeenCalled();
  },
);

test("a body that comes in pieces is read as one", async () => {
  const rest = bodyOf((body) => {
    body.enqueue(new TextEncoder().encode('"dryRun":true}'));
    body.close();
  });
  expect(await send("/invalidate", JSON_BY_ADMIN, rest)).toMatchObject({
    status: 200,
    json: { dryRun: true },
  });
});
