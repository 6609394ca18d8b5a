// Experiments in Redis, on a real server and the embedded store alike: one runs, each ends once, the oldest are forgotten.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { millis, minutes } from "../../shared/core/units.ts";
import { createExperiments, type Experiments } from "../../shared/mid-tier/experiments.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { BACKENDS, type RestFixture, replyTo } from "../support/redis-server.ts";

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let redis: Redis;
  let store: Experiments;

  beforeAll(async () => {
    rest = await start();
    redis = rest.redis;
    store = createExperiments(redis, { deadline: millis(2000), kept: minutes(1), remembered: 3 });
  });
  afterAll(() => rest.stop());
  beforeEach(() => replyTo(redis, "FLUSHALL"));

  const begin = (id: string, requestDigest = id) =>
    store.begin({ id, requestDigest, actor: "ann", reason: null, head: `head of ${id}` });
  const over = (id: string) => store.keep(id, { isOver: true, head: `end of ${id}`, course: "all of it" });

  test("one runs at a time, and the same request is the same experiment", async () => {
    expect(await store.running()).toEqual({ kind: "running", id: null });
    expect(await begin("a")).toEqual({ kind: "begun" });
    expect(await begin("a")).toEqual({ kind: "exists" });
    expect(await begin("a", "other")).toEqual({ kind: "conflict" });
    expect(await begin("b")).toEqual({ kind: "busy", id: "a" });
    expect(await store.running()).toEqual({ kind: "running", id: "a" });
    await over("a");
    expect(await begin("b")).toEqual({ kind: "begun" });
    expect(await begin("a"), "over, and still the same").toEqual({ kind: "exists" });
  });

  test("what has ended stays as it was first told, whoever had begun it", async () => {
    await begin("a");
    expect(await store.keep("a", { isOver: false, head: "now", course: "so far" })).toEqual({ kind: "kept" });
    expect(await over("a")).toEqual({ kind: "kept" });
    const late = { head: "late", course: "" };
    expect(await store.keep("a", { isOver: true, ...late })).toEqual({ kind: "known" });
    expect(await store.keep("a", { isOver: false, ...late })).toEqual({ kind: "known" });
    expect(await store.read("a")).toMatchObject({
      experiment: { actor: "ann", reason: null, isOver: true, head: "end of a", course: "all of it" },
    });
    expect(await store.keep("elsewhere", { isOver: false, ...late })).toEqual({ kind: "absent" });
    expect(await over("elsewhere")).toEqual({ kind: "kept" });
    expect(await store.read("elsewhere")).toMatchObject({ experiment: { actor: "", isOver: true } });
  });

  test("one that nobody has run is taken back, and another may begin", async () => {
    await begin("a");
    expect(await store.forget("a")).toEqual({ kind: "forgotten" });
    expect(await store.read("a")).toEqual({ kind: "absent" });
    expect(await begin("b")).toEqual({ kind: "begun" });
    await store.forget("a");
    expect(await store.running()).toEqual({ kind: "running", id: "b" });
  });

  test("lists go from the newest to the oldest that is remembered, page by page", async () => {
    for (const id of ["a", "b", "c", "d"]) {
      await begin(id);
      await over(id);
    }
    const first = await store.list(null, 2);
    expect(first).toMatchObject({ kind: "page", experiments: [{ id: "d" }, { id: "c" }] });
    const next = first.kind === "page" ? first.next : null;
    expect(await store.list(next, 2)).toMatchObject({ experiments: [{ id: "b" }], next: null });
  });
});
