// Calls that wait for an origin leave room for others: so many at once, in their order, and no longer than they take.

import { expect, test } from "vitest";
import { fewAtOnce } from "../../control-plane/edges/few-at-once.ts";
import { millis } from "../../shared/core/units.ts";
import type { CallEdge, EdgeAnswer } from "../../shared/wire/call-edge.ts";

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
