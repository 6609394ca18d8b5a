// What the Cache API is asked for a blob: each call counts among the few that one request has.

import { expect, test } from "vitest";
import { cacheApiStore } from "../../edge/runtime/blob-store.ts";
import { millis } from "../../shared/core/units.ts";

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
