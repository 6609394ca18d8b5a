// Calls that wait for an origin leave room for others: so many at once, in their order, and no longer than they take.

import { expect, test } from "vitest";
import { fewAtOnce } from "../../control-plane/edges/few-at-once.ts";
import { millis } from "../../shared/core/units.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import type { CallEdge, EdgeAnswer } from "../../shared/wire/call-edge.ts";
import { WARM_PATH } from "../../shared/wire/internal.ts";
import { startFakeEdge, startPlane } from "./control-harness.ts";

const DEADLINE = millis(1000);

function stage() {
  const begun: string[] = [];
  const ends = new Map<string, (answer: EdgeAnswer) => void>();
  const calls: CallEdge = ({ url }) => {
    begun.push(url);
    const { promise, resolve } = Promise.withResolvers<EdgeAnswer>();
    ends.set(url, resolve);
    return promise;
  };
  return { begun, calls, end: (url: string) => ends.get(url)?.({ kind: "answer", text: url }) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("no more of a line are under way than it lets, and others go past it", async () => {
  const { begun, calls, end } = stage();
  const call = fewAtOnce(calls, [
    { paths: ["/warm", "/document"], atOnce: 2 },
    { paths: ["/renew"], atOnce: 1 },
  ]);
  const ask = (url: string, path: string) => call({ url }, { path, body: null }, DEADLINE);
  const all = ["a", "b", "c", "d"].map((url, index) => ask(url, index === 1 ? "/document" : "/warm"));
  const others = [ask("renewal", "/renew"), ask("push", "/push"), ask("status", "/push")];
  await settled();
  expect(begun).toEqual(["push", "status", "a", "b", "renewal"]);
  end("b");
  await settled();
  expect(begun.slice(5)).toEqual(["c"]);
  end("a");
  end("c");
  await settled();
  expect(begun.slice(5)).toEqual(["c", "d"]);
  for (const url of ["d", "renewal", "push", "status"]) end(url);
  const answers = await Promise.all([...all, ...others]);
  expect(answers.map((answer) => answer.kind === "answer" && answer.text)).toEqual([
    ...["a", "b", "c", "d", "renewal", "push", "status"],
  ]);
});

test("a place is free again whatever became of the call", async () => {
  let broken = true;
  const calls: CallEdge = async () => {
    if (broken) throw new Error("broken");
    return { kind: "unreachable", reason: "timeout" };
  };
  const call = fewAtOnce(calls, [{ paths: ["/warm"], atOnce: 1 }]);
  const ask = () => call({ url: "edge" }, { path: "/warm", body: null }, DEADLINE);
  await expect(Promise.all([ask(), ask()])).rejects.toThrow("broken");
  broken = false;
  expect(await ask()).toEqual({ kind: "unreachable", reason: "timeout" });
  expect(await ask()).toEqual({ kind: "unreachable", reason: "timeout" });
});

test("calls of requests wait for nobody's: limits are the beat's own", async () => {
  const edge = await startFakeEdge("one");
  const gate = Promise.withResolvers<"stored">();
  const five = Promise.withResolvers<void>();
  let asked = 0;
  edge.fate = () => {
    asked += 1;
    if (asked === 5) five.resolve();
    return gate.promise;
  };
  const away: Redis = { run: async () => ({ kind: "unavailable", reason: "away" }) };
  const { plane } = await startPlane(away);
  const call = (n: number) => {
    const body = JSON.stringify({ v: 1, urls: [`http://site.test/${n}`], concurrency: 1, into: "edges" });
    return plane.callEdge(edge, { path: WARM_PATH, body }, DEADLINE);
  };
  const calls = [1, 2, 3, 4, 5].map(call);
  await five.promise;
  gate.resolve("stored");
  expect((await Promise.all(calls)).map(({ kind }) => kind)).toEqual(calls.map(() => "answer"));
  await edge.stop();
});
