// What the Cache API is asked for a blob: each call counts among the few that one request has.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { cacheApiStore } from "../../edge/runtime/blob-store.ts";
import { millis } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";

function recordingCache() {
  const calls: string[] = [];
  const kept = new Map<string, Response>();
  const cache = {
    async match(url: string) {
      calls.push("match");
      return kept.get(url);
    },
    async put(url: string, response: Response) {
      calls.push("put");
      kept.set(url, response);
    },
    async delete(url: string) {
      calls.push("delete");
      return kept.delete(url);
    },
  };
  return { calls, store: cacheApiStore(() => cache as never) };
}

const small = { kind: "bytes", bytes: new TextEncoder().encode("small") } as const;

test("a small answer costs one call to be stored, also where one stands already", async () => {
  const { calls, store } = recordingCache();
  for (const record of ["first", "second"])
    await store.put("key", { record, body: small, length: small.bytes.length }, millis(1000));
  expect(calls).toEqual(["put", "put"]);
  expect(await store.match("key")).toMatchObject({ kind: "hit", blob: { record: "second" } });
});

describe("where it hangs", () => {
  const forEver = (): Promise<never> => Promise.withResolvers<never>().promise;
  const headed = (response: Response): Response => {
    response.headers.set("x-tidegate-blob", `${Date.now()} 5 - record`);
    return response;
  };
  const hanging = cacheApiStore(() => ({ match: forEver, put: forEver }) as never);
  const stalled = cacheApiStore(
    () => ({ match: async () => headed(new Response(new ReadableStream())) }) as never,
  );

  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => vi.useRealTimers());

  const restated = { isMeant: () => true, record: "record", keepFor: millis(1000) };
  test.each([
    ["a look", () => hanging.match("key")],
    ["a look for a part", () => hanging.matchRange("key", { from: 0, to: 1 })],
    ["the reading of what was found", () => stalled.match("key")],
    ["another record", () => hanging.restate("key", restated)],
    [
      "a record without a body",
      () => hanging.put("key", { record: "r", body: NO_BODY, length: 0 }, millis(1000)),
    ],
  ])("%s is given up at its deadline", async (_name, call) => {
    const outcome = call();
    await vi.advanceTimersByTimeAsync(LIMITS.cacheApiDeadline);
    expect(await outcome).toEqual({ kind: "unavailable", reason: "TimeoutError" });
  });

  test("what is read of a large body is given up as well", async () => {
    const length = LIMITS.sharedBody + 1;
    const headers = { "x-tidegate-blob": `${Date.now()} ${length} - record` };
    const match = async (): Promise<Response> => new Response(new ReadableStream(), { headers });
    const found = await cacheApiStore(() => ({ match }) as never).match("key");
    const read = found.kind === "hit" && found.blob.body.kind === "source" && found.blob.body.source.read();
    const given = expect(read).rejects.toThrow("nothing came");
    await vi.advanceTimersByTimeAsync(LIMITS.originIdle);
    await given;
  });

  const never = cacheApiStore(() => ({ delete: forEver, put: forEver }) as never);
  test("a body that is here is given up as well, and what deletes waits for nothing", async () => {
    const [deleted, put] = [
      never.delete("key"),
      never.put("key", { record: "r", body: small, length: small.bytes.length }, millis(1000)),
    ];
    await vi.advanceTimersByTimeAsync(LIMITS.cacheApiPutDeadline);
    expect(await deleted).toBeUndefined();
    expect(await put).toMatchObject({ kind: "unavailable" });
  });

  test("so is one that has been streamed in, a deadline after its last octet", async () => {
    vi.stubGlobal("FixedLengthStream", function stream() {
      return new TransformStream();
    });
    let read = 0;
    const cache = {
      match: async () => undefined,
      async put(_: string, response: Response) {
        read = (await response.arrayBuffer()).byteLength;
        return forEver();
      },
    };
    const pieces = [new Uint8Array(3), new Uint8Array(4), null];
    const source = { length: 7, read: async () => pieces.shift() ?? null, cancel: () => undefined };
    const blob = { record: "r", body: { kind: "source", source } as const, length: 7 };
    const put = cacheApiStore(() => cache as never).put("key", blob, millis(1000));
    await vi.waitFor(() => expect(read).toBe(7));
    await vi.advanceTimersByTimeAsync(LIMITS.cacheApiDeadline);
    expect(await put).toEqual({ kind: "unavailable" });
    vi.unstubAllGlobals();
  });
});
