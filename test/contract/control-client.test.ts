// The control client against a scripted control plane, in virtual time: what it sends, sends again, and throws.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../../client/config.ts";
import { type ControlClient, createControlClient } from "../../client/control-client.ts";
import { TidegateError } from "../../client/tidegate-error.ts";
import { instant } from "../../shared/core/units.ts";
import { problem, type ScriptedControl, type Step, scriptedControl } from "../support/scripted-control.ts";

const URL_BASE = "http://control.test/admin/";

function clientOf(answer: Parameters<typeof scriptedControl>[0]): {
  control: ScriptedControl;
  client: ControlClient;
} {
  const control = scriptedControl(answer);
  const { fetch, runtime } = control;
  return { control, client: createControlClient({ url: URL_BASE, token: "secret", fetch, runtime }) };
}

/** What the call throws. */
async function failing(control: ScriptedControl, task: Promise<unknown>): Promise<TidegateError> {
  const error = await control.finish(
    task.then(
      () => null,
      (thrown: unknown) => thrown,
    ),
  );
  expect(error).toBeInstanceOf(TidegateError);
  return error as TidegateError;
}

const ACCEPTED = { id: "i", position: "1-1", accepted: {}, receipt: "/invalidations/i" };
const accepted: Step = { status: 202, json: ACCEPTED };
const gone = problem(503, "unavailable");

describe("sending", () => {
  test("a call has its token, its body, and a key of its own, below the URL's path", async () => {
    const { control, client } = clientOf([accepted]);
    expect(await control.finish(client.invalidate({ tags: ["a"] }))).toEqual(ACCEPTED);
    await control.finish(client.invalidate({ tags: ["b"] }));
    const [first, second] = control.sent;
    expect(first).toMatchObject({
      method: "POST",
      url: "http://control.test/admin/invalidate",
      body: { tags: ["a"] },
    });
    expect(first?.headers).toMatchObject({
      authorization: "Bearer secret",
      "content-type": "application/json",
    });
    expect(first?.headers["idempotency-key"]).not.toBe(second?.headers["idempotency-key"]);
  });

  test("what stands in a path or a query is escaped", async () => {
    const { control, client } = clientOf([{ status: 200, json: {} }]);
    await control.finish(client.invalidations.get("a/b?c"));
    await control.finish(client.policies.list({ site: "a&b" }));
    expect(control.sent.map(({ url }) => url.slice(URL_BASE.length))).toEqual([
      "invalidations/a%2Fb%3Fc",
      "policies?site=a%26b",
    ]);
  });

  test("a policy is changed from the version that was read", async () => {
    const { control, client } = clientOf([
      { status: 200, json: { id: "p" }, headers: { etag: '"v1"' } },
      { status: 200, json: { version: "v2" } },
      { status: 204, headers: { "tidegate-position": "1-7" } },
    ]);
    const { version } = await control.finish(client.policies.get("p", { site: "shop" }));
    const row = { key_pattern: "/*", class: "hot" };
    await control.finish(client.policies.put("p", row, { ifMatch: version, site: "shop" }));
    expect(await control.finish(client.policies.delete("p", { ifMatch: "v2" }))).toEqual({ position: "1-7" });
    expect(control.sent.map(({ headers }) => headers["if-match"])).toEqual([undefined, '"v1"', '"v2"']);
    expect(control.sent[1]?.url).toBe(`${URL_BASE}policies/p?site=shop`);
  });

  test("a site is changed from the version that was read, and says what becomes of answers and policies", async () => {
    const { control, client } = clientOf([
      { status: 200, json: { name: "a b" }, headers: { etag: '"v1"' } },
      { status: 200, json: { version: "v2" } },
      { status: 204, headers: { "tidegate-position": "1-7" } },
    ]);
    const { version, site } = await control.finish(client.sites.get("a b"));
    await control.finish(
      client.sites.put("a b", { hosts: ["a.test"] }, { ifMatch: version, answers: "keep" }),
    );
    const gone = await control.finish(client.sites.delete("a b", { ifMatch: "v2", policies: "delete" }));
    expect([site, gone]).toEqual([{ name: "a b" }, { position: "1-7" }]);
    expect(
      control.sent.map(({ method, url, headers }) => [
        method,
        url.slice(URL_BASE.length),
        headers["if-match"],
      ]),
    ).toEqual([
      ["GET", "sites/a%20b", undefined],
      ["PUT", "sites/a%20b?answers=keep", '"v1"'],
      ["DELETE", "sites/a%20b?policies=delete", '"v2"'],
    ]);
  });

  test("the other calls find their routes", async () => {
    const { control, client } = clientOf([{ status: 200, json: {} }]);
    await control.finish(client.sites.list());
    await control.finish(client.sites.create({ name: "a", hosts: ["a.test"] }));
    await control.finish(client.sites.validate([{ name: "a" }]));
    await control.finish(client.policies.suggestions({ site: "a" }));
    await control.finish(client.warmups.list({ limit: 2 }));
    await control.finish(client.warmups.start({ sitemap: "/sitemap.xml", dryRun: true }));
    await control.finish(client.journal.get("o"));
    await control.finish(client.journal.retry("o"));
    await control.finish(client.journal.drop("o"));
    expect(control.sent.map(({ method, url, body }) => [method, url.slice(URL_BASE.length), body])).toEqual([
      ["GET", "sites", null],
      ["POST", "sites", { name: "a", hosts: ["a.test"] }],
      ["POST", "sites/validate", { sites: [{ name: "a" }] }],
      ["GET", "policies/suggestions?site=a", null],
      ["GET", "warmups?limit=2", null],
      ["POST", "warmup", { sitemap: "/sitemap.xml", dryRun: true }],
      ["GET", "journal/o", null],
      ["POST", "journal/o/retry", null],
      ["DELETE", "journal/o", null],
    ]);
  });

  test("the journal is read page by page, to its end", async () => {
    const page = (id: string, nextCursor: string | null): Step => ({
      status: 200,
      json: { items: [{ id }], nextCursor },
    });
    const { control, client } = clientOf([page("a", "s/1/a"), page("b", "s/2/b"), page("c", null)]);
    const ids: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const { items } of client.journal.pages({ state: "dead-lettered", limit: 1 }))
        ids.push(...items.map(({ id }) => id));
    };
    await control.finish(reading());
    expect(ids).toEqual(["a", "b", "c"]);
    const query = "state=dead-lettered&limit=1";
    expect(control.sent.map(({ url }) => url.slice(URL_BASE.length))).toEqual([
      `journal?${query}`,
      `journal?${query}&cursor=s%2F1%2Fa`,
      `journal?${query}&cursor=s%2F2%2Fb`,
    ]);
  });
});

describe("sending again", () => {
  test.each<[string, Step]>([
    ["no connection", "refused"],
    ["503", gone],
    ["429", problem(429, "too-many-repeats")],
  ])("after %s a purge is sent again with the same key", async (_, failure) => {
    const { control, client } = clientOf([failure, failure, accepted]);
    expect(await control.finish(client.invalidate({ tags: ["a"] }))).toEqual(ACCEPTED);
    const keys = control.sent.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toEqual(["token-1", "token-1", "token-1"]);
  });

  test("pauses grow, are jittered, and end after a bounded number of tries", async () => {
    const { control, client } = clientOf(["refused"]);
    expect(await failing(control, client.edges.list())).toMatchObject({ code: "unreachable", status: null });
    const at = control.sent.map((request) => request.at);
    // Half of each longest pause, as half is what is drawn.
    expect(at).toEqual([0, 125, 375, 875]);
    expect(at).toHaveLength(LIMITS.tries);
  });

  test("Retry-After is waited out, on top of the drawn pause", async () => {
    const { control, client } = clientOf([
      { ...gone, headers: { "retry-after": "3" } },
      { status: 200, json: {} },
    ]);
    await control.finish(client.edges.list());
    expect(control.sent[1]?.at).toBe(3125);
  });

  test("a Retry-After beyond the deadline is not begun", async () => {
    const { control, client } = clientOf([{ ...gone, headers: { "retry-after": "60" } }]);
    expect(await failing(control, client.edges.list())).toMatchObject({ code: "unavailable", status: 503 });
    expect([control.sent.length, control.time.now]).toEqual([1, 0]);
  });

  test.each([400, 401, 404, 409, 412, 422, 500, 502])("a %i is not sent again", async (status) => {
    const { control, client } = clientOf([problem(status, "internal")]);
    expect((await failing(control, client.invalidate({ tags: ["a"] }))).status).toBe(status);
    expect(control.sent).toHaveLength(1);
  });

  test("a policy that is put is known again by its key; one that is taken out, by its version", async () => {
    const row = { key_pattern: "/*", class: "hot" };
    const put = clientOf(["refused", { status: 200, json: {} }]);
    await put.control.finish(put.client.policies.put("p", row, { ifMatch: "v1" }));
    expect(put.control.sent.map(({ headers }) => headers["idempotency-key"])).toEqual(["token-1", "token-1"]);
    // Its first try was carried out, and only the answer was lost.
    const deleted = clientOf(["refused", problem(404, "not-found")]);
    const outcome = deleted.client.policies.delete("p", { ifMatch: "v1" });
    expect(await deleted.control.finish(outcome)).toEqual({ position: null });
    const absent = clientOf([problem(404, "not-found")]);
    const error = await failing(absent.control, absent.client.policies.delete("p", { ifMatch: "v1" }));
    expect(error.code).toBe("not-found");
  });

  test("a site and an operation that are gone after a lost answer are gone by this call", async () => {
    const site = clientOf(["refused", problem(404, "not-found")]);
    const outcome = site.client.sites.delete("s", { ifMatch: "v1" });
    expect(await site.control.finish(outcome)).toEqual({ position: null });
    const operation = clientOf([gone, problem(404, "not-found")]);
    await operation.control.finish(operation.client.journal.drop("o"));
    expect(operation.control.sent).toHaveLength(2);
    const absent = clientOf([problem(404, "not-found")]);
    expect((await failing(absent.control, absent.client.journal.drop("o"))).code).toBe("not-found");
  });

  test("what could undo somebody else's work is sent once", async () => {
    for (const call of [
      (client: ControlClient) => client.policies.delete("p"),
      (client: ControlClient) => client.policies.delete("p", { ifMatch: "*" }),
      (client: ControlClient) => client.sites.delete("s"),
      (client: ControlClient) => client.shards.put("s", { out: true }),
      (client: ControlClient) => client.health.ready(),
    ]) {
      const { control, client } = clientOf(["refused", { status: 200, json: {} }]);
      expect((await failing(control, call(client))).code).toBe("unreachable");
      expect(control.sent).toHaveLength(1);
    }
  });
});

describe("deadlines", () => {
  test("a call that nothing ever answers ends by its own deadline, though its last try may end with it", async () => {
    const { sent, time, fetch, runtime, finish } = scriptedControl(["silent"]);
    let looks = 0;
    const node = {
      ...runtime,
      // As in Node: each look at the clock comes a little later, and a timer has whole milliseconds.
      clock: { now: () => instant(time.now + 0.1 * Math.min(5, looks++)) },
      timers: {
        after: (span: number, action: () => void) => runtime.timers.after(Math.trunc(span), action),
      },
    };
    const client = createControlClient({ url: URL_BASE, token: "secret", fetch, runtime: node });
    const call = finish(client.invalidate({ tags: ["a"] }));
    const message = `There was no answer within ${LIMITS.deadline} ms.`;
    await expect(call).rejects.toMatchObject({ code: "deadline", message });
    expect(sent).toHaveLength(3);
  });

  test("a connection that goes dead is given up for another try", async () => {
    const { control, client } = clientOf(["silent", { status: 200, json: { items: [] } }]);
    expect(await control.finish(client.edges.list())).toEqual({ items: [] });
    expect(control.sent[1]?.at).toBe(LIMITS.tryDeadline + 125);
  });

  test("a call ends at its deadline, wherever it is", async () => {
    for (const answer of [["silent"], ["refused"]] as const) {
      const { control, client } = clientOf(answer);
      const error = await failing(control, client.edges.list({}, { deadlineMs: 300 }));
      expect(error.code).toBe(answer[0] === "silent" ? "deadline" : "unreachable");
      expect(control.time.now).toBeLessThanOrEqual(350);
    }
  });

  test("a purge that the control plane waits in is waited for", async () => {
    const { control, client } = clientOf(["silent"]);
    const error = await failing(control, client.invalidate({ tags: ["a"], wait: true, timeoutMs: 20_000 }));
    expect(control.sent[1]?.at).toBe(20_000 + LIMITS.waitMargin + LIMITS.tryDeadline + 125);
    expect(error.code).toBe("deadline");
  });

  test("the caller's signal ends it, before and while it is under way", async () => {
    const early = clientOf(["silent"]);
    const error = await failing(
      early.control,
      early.client.edges.list({}, { signal: AbortSignal.abort("no") }),
    );
    expect(error).toMatchObject({ code: "aborted", cause: "no" });
    const late = clientOf(["silent"]);
    const leaving = new AbortController();
    late.control.time.after(500, () => leaving.abort());
    expect(await failing(late.control, late.client.edges.list({}, leaving))).toMatchObject({
      code: "aborted",
    });
    expect(late.control.sent).toHaveLength(1);
    expect(late.control.time.now).toBeLessThanOrEqual(600);
  });
});

describe("errors", () => {
  test("a refusal has its code, status, fields and request", async () => {
    const errors = [{ pointer: "/tags/0", message: "must not be empty" }];
    const { control, client } = clientOf([problem(422, "invalid-body", { errors })]);
    const error = await failing(control, client.invalidate({ tags: [""] }));
    expect(error).toMatchObject({ code: "invalid-body", status: 422, errors, requestId: "request-1" });
    expect(error.message).toBe("It is invalid-body.");
  });

  test.each<[string, Step]>([
    ["another server's page", { status: 502, text: "<h1>Bad gateway</h1>" }],
    ["a success that is no JSON", { status: 200, text: "<h1>Welcome</h1>" }],
    ["a redirection", { status: 302, text: "", headers: { location: "http://elsewhere.test/" } }],
  ])("%s is told as what it is", async (_, step) => {
    const { control, client } = clientOf([step]);
    expect((await failing(control, client.edges.list())).code).toBe("unexpected-answer");
    expect(control.sent).toHaveLength(1);
  });

  test("what can't be reached says why", async () => {
    const { control, client } = clientOf(["refused"]);
    const error = await failing(control, client.edges.list());
    expect(error.message).toContain("http://control.test/admin");
    expect((error.cause as Error).cause).toMatchObject({ message: "ECONNREFUSED" });
  });

  test("a URL that is none is refused at once", () => {
    for (const url of ["nonsense", "ftp://control.test"])
      expect(() => createControlClient({ url })).toThrow(TypeError);
  });
});

describe("waiting for a receipt", () => {
  const receipt = (state: string, ...edges: string[]) => ({
    state,
    edges: edges.map((one) => ({ state: one })),
  });

  test("it is looked at until it has converged, and what is new is told", async () => {
    const { control, client } = clientOf([
      { status: 200, json: receipt("converging", "pending", "pending") },
      { status: 200, json: receipt("converging", "pending", "pending") },
      { status: 200, json: receipt("converging", "applied", "pending") },
      { status: 200, json: receipt("converged", "applied", "fenced") },
    ]);
    const told: unknown[] = [];
    const onProgress = ({ edges }: { edges: readonly { state: string }[] }) =>
      told.push(edges.map(({ state }) => state));
    const last = await control.finish(client.invalidations.converged("i", { onProgress }));
    expect(last.state).toBe("converged");
    expect(told).toEqual([
      ["pending", "pending"],
      ["applied", "pending"],
      ["applied", "fenced"],
    ]);
  });

  test("patience that runs out leaves it converging, and is no error", async () => {
    const { control, client } = clientOf([{ status: 200, json: receipt("converging", "pending") }]);
    const last = await control.finish(client.invalidations.converged("i", { timeoutMs: 2000 }));
    expect(last.state).toBe("converging");
    expect(control.sent.at(-1)?.at).toBe(2000);
    expect(control.sent.length).toBeLessThan(12);
  });
});

test("a receipt that can't be read any more is not waited for much longer than was asked", async () => {
  const { control, client } = clientOf([{ status: 200, json: { state: "converging", edges: [] } }, "silent"]);
  const error = await failing(control, client.invalidations.converged("i", { timeoutMs: 2000 }));
  expect(error.code).toBe("deadline");
  expect(control.time.now).toBeLessThanOrEqual(2000 + LIMITS.waitMargin + 100);
});

describe("a warm-up's events", () => {
  const job = (done: number, ended = false) => ({
    id: "j",
    done,
    finishedAt: ended ? "2026-01-01T00:00:00Z" : null,
  });
  const stream = (text: string): Step => ({
    status: 200,
    text,
    headers: { "content-type": "text/event-stream" },
  });
  const event = (shown: unknown) => `event: progress\r\ndata: ${JSON.stringify(shown)}\r\n\r\n`;

  const collected = async (control: ScriptedControl, client: ControlClient): Promise<number[]> => {
    const seen: number[] = [];
    await control.finish(
      (async () => {
        for await (const { done } of client.warmups.events("j")) seen.push(done);
      })(),
    );
    return seen;
  };

  test("each is told as it comes, until the job has ended", async () => {
    const { control, client } = clientOf([
      stream(`${event(job(0))}:\n\n${event(job(1))}${event(job(2, true))}`),
    ]);
    expect(await collected(control, client)).toEqual([0, 1, 2]);
    expect(control.sent.map(({ url }) => url)).toEqual([`${URL_BASE}warmups/j/events`]);
  });

  test("a stream that breaks off is taken up again, and nothing is told twice", async () => {
    const { control, client } = clientOf(({ url }, at) =>
      url.endsWith("/events")
        ? stream(at === 0 ? event(job(1)) + event(job(2)) : event(job(2)) + event(job(3, true)))
        : { status: 200, json: job(2) },
    );
    expect(await collected(control, client)).toEqual([1, 2, 3]);
  });

  test.each<[string, Step]>([
    ["refused", problem(500, "internal")],
    ["something else", { status: 200, json: {} }],
    ["silent", "silent"],
  ])("where streams are %s, the job is looked at instead", async (_, events) => {
    let looks = 0;
    const { control, client } = clientOf(({ url }) =>
      url.endsWith("/events") ? events : { status: 200, json: job(++looks, looks === 3) },
    );
    expect(await collected(control, client)).toEqual([1, 2, 3]);
  });

  test("a job that there is not is told", async () => {
    const { control, client } = clientOf([problem(404, "not-found")]);
    const task = (async () => {
      for await (const _ of client.warmups.events("j"));
    })();
    expect((await failing(control, task)).code).toBe("not-found");
    expect(control.sent).toHaveLength(1);
  });

  test("whoever stops listening ends the stream, and not the job", async () => {
    const { control, client } = clientOf(["silent"]);
    const leaving = new AbortController();
    control.time.after(100, () => leaving.abort());
    const task = (async () => {
      for await (const _ of client.warmups.events("j", leaving));
    })();
    expect((await failing(control, task)).code).toBe("aborted");
    expect(control.sent.map(({ method }) => method)).toEqual(["GET"]);
  });
});
