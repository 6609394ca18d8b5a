// A crowd that the log reclassifies while it waits for the origin: it waits together all the same.

import { expect, test } from "vitest";
import { turns } from "../support/edges-together.ts";
import { loneEdge } from "../support/lone-edge.ts";

const POLICIES = [{ key_pattern: "/a", class: "standard", ttl: "60s", ttl_mode: "override" }];

test.each<[string, string, readonly [string, string][]]>([
  ["that wants the whole", "GET", []],
  ["that wants a part", "GET", [["range", "bytes=0-1"]]],
])("a crowd %s, and came before its edge knew the log, asks once more by the log's rules", async (...of) => {
  const [, method, headers] = of;
  const lone = loneEdge(POLICIES);
  lone.logAnswers = false;
  const began = Promise.withResolvers<void>();
  lone.origin = async () => {
    await began.promise;
    const bytes = new TextEncoder().encode("page");
    return {
      ...{ kind: "answer", status: 200, headers: [["cache-control", "max-age=60"]] },
      body: { kind: "bytes", bytes },
    };
  };
  const crowd = Array.from({ length: 30 }, () => lone.get("/a", { method, headers }));
  while (lone.asked.length === 0) await turns();
  lone.logAnswers = true;
  await lone.beat();
  began.resolve();
  const statuses = new Set((await Promise.all(crowd)).map(({ status }) => status));
  expect([...statuses].every((status) => status < 300)).toBe(true);
  expect(lone.asked).toHaveLength(2);
});
