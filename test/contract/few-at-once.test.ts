// Calls that wait for an origin leave room for others: so many at once, in their order, and no longer than they take.

import { expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { fewAtOnce, fewAtOrigins, slowTurns, Turns } from "../../control-plane/edges/few-at-once.ts";
import { millis } from "../../shared/core/units.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import type { CallEdge, EdgeAnswer } from "../../shared/wire/call-edge.ts";
import { DOCUMENT_PATH } from "../../shared/wire/document.ts";
import { PUSH_PATH, STATUS_PATH, WARM_PATH } from "../../shared/wire/internal.ts";
import { RENEW_PATH } from "../../shared/wire/renewal.ts";
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

/** What a worker's runtime lets out at once. */
const CONNECTIONS = 6;

test("what may hang leaves two of the runtime's connections, and each of its kinds one for the others", () => {
  const { slowCallsAtOnce, originCallsAtOnce, warmCallsAtOnce, renewCallsAtOnce } = LIMITS;
  expect(CONNECTIONS - slowCallsAtOnce).toBe(2);
  expect(slowCallsAtOnce - originCallsAtOnce).toBeGreaterThan(0);
  expect(originCallsAtOnce - warmCallsAtOnce).toBeGreaterThan(0);
  expect(originCallsAtOnce - renewCallsAtOnce).toBeGreaterThan(0);
});

test("warm-ups and renewals take turns with all that may hang, and whatever else is asked goes past them", async () => {
  const { begun, calls, end } = stage();
  const slow = slowTurns();
  const call = fewAtOrigins(calls, slow);
  const silent = Array.from({ length: LIMITS.slowCallsAtOnce }, () => slow.takeNow());
  expect([...silent, slow.takeNow()]).toEqual([true, true, true, true, false]);
  const ask = (url: string, path: string) => call({ url }, { path, body: null }, DEADLINE);
  const paths = [WARM_PATH, DOCUMENT_PATH, WARM_PATH, RENEW_PATH, RENEW_PATH, PUSH_PATH, STATUS_PATH];
  const all = paths.map((path, index) => ask(`${index}`, path));
  await settled();
  expect(begun.splice(0)).toEqual(["5", "6"]);
  for (let i = 0; i < LIMITS.slowCallsAtOnce; i++) slow.giveBack();
  await settled();
  // Two of the one, and one of the other, until one of them has ended.
  expect(begun.splice(0)).toEqual(["0", "1", "3"]);
  expect(slow.left).toBe(1);
  end("3");
  await settled();
  expect(begun.splice(0)).toEqual(["4"]);
  end("0");
  await settled();
  expect(begun.splice(0)).toEqual(["2"]);
  for (const url of ["1", "2", "4", "5", "6"]) end(url);
  await Promise.all(all);
  expect(slow.left).toBe(LIMITS.slowCallsAtOnce);
});

test("a turn that somebody waits for is nobody else's", async () => {
  const turns = new Turns(1);
  await turns.take();
  const next = turns.take();
  expect(turns.takeNow()).toBe(false);
  turns.giveBack();
  expect(turns.takeNow()).toBe(false);
  await next;
  turns.giveBack();
  expect(turns.takeNow()).toBe(true);
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
