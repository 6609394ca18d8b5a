// Calls inside the cluster: only an answer signed for this very request is one.

import { expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import type { HttpOutcome, HttpRequest } from "../../shared/ports/http.ts";
import { systemDigest, systemRandom } from "../../shared/runtime/system.ts";
import { createCallEdge } from "../../shared/wire/call-edge.ts";
import { SIGNATURE_HEADER, SignatureChecker, signReply } from "../../shared/wire/signature.ts";

const KEY = "cluster-key";
const MESSAGE = { path: "/.tidegate/status", body: null };

type Answer = (request: HttpRequest) => Promise<HttpOutcome> | HttpOutcome;

function call(answer: Answer) {
  const http = { send: async (request: HttpRequest) => answer(request) };
  const clock = { wall: () => Date.now() };
  const callEdge = createCallEdge({ http, key: KEY, digest: systemDigest, random: systemRandom, clock });
  return callEdge({ url: "http://edge.test" }, MESSAGE, millis(100));
}

const signatureOf = ({ headers }: HttpRequest): string => headers[SIGNATURE_HEADER] ?? "";

/** What an edge says that holds this key. */
const signed =
  (text: string, key = KEY): Answer =>
  async (request) => {
    const signature = await signReply(
      { request: signatureOf(request), body: text },
      { key, digest: systemDigest },
    );
    return { kind: "answer", status: 200, text, header: () => signature };
  };

const REFUSED = { kind: "unreachable", reason: "refused" };

test("the request is one that an edge takes", async () => {
  const checker = new SignatureChecker({ key: KEY, digest: systemDigest, maxAgeMs: 1000 });
  let verdict: unknown;
  await call(async (request) => {
    const asked = { method: request.method, path: MESSAGE.path, body: request.body ?? "" };
    verdict = await checker.check(asked, signatureOf(request), Date.now());
    return { kind: "unreachable", reason: "refused" };
  });
  expect(verdict).toEqual({ kind: "genuine" });
});

test("an answer signed with the cluster's key is one", async () => {
  expect(await call(signed("{}"))).toEqual({ kind: "answer", text: "{}" });
});

test("one signed with another key, or not at all, is none", async () => {
  expect(await call(signed("{}", "another"))).toEqual(REFUSED);
  expect(await call(() => ({ kind: "answer", status: 200, text: "{}", header: () => null }))).toEqual(
    REFUSED,
  );
});

test("one whose text was changed on the way is none", async () => {
  const changed: Answer = async (request) =>
    ({ ...(await signed("{}")(request)), text: "[]" }) as HttpOutcome;
  expect(await call(changed)).toEqual(REFUSED);
});

test("an answer to another request, replayed, is none", async () => {
  let first: HttpOutcome | null = null;
  await call(async (request) => {
    first = await signed("{}")(request);
    return first;
  });
  expect(await call(() => first ?? { kind: "unreachable", reason: "refused" })).toEqual(REFUSED);
});

test("any status but 200 is none", async () => {
  const failed: Answer = async (request) =>
    ({ ...(await signed("{}")(request)), status: 404 }) as HttpOutcome;
  expect(await call(failed)).toEqual(REFUSED);
});

test("who can't be reached can't be reached", async () => {
  expect(await call(() => ({ kind: "unreachable", reason: "timeout" }))).toEqual({
    kind: "unreachable",
    reason: "timeout",
  });
});
