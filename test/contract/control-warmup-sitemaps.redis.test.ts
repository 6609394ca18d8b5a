// What a warm-up makes of sitemaps: read through edges, page by page, and nothing of them that is not the site's own.
import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { advanceWarmups } from "../../control-plane/warmup/advance.ts";
import { runtimeHttp } from "../../shared/runtime/http.ts";
import type { DocumentReply } from "../../shared/wire/document.ts";
import { until } from "../support/http.ts";
import { ask } from "../support/redis-server.ts";
import type { TestPlane } from "./control-harness.ts";
import { at, index, pages, stageEach, type WarmupStage } from "./warmup-stage.ts";

const each = stageEach();
let stage: WarmupStage;
beforeEach(() => {
  stage = each.stage;
});

describe("a sitemap", () => {
  test("is read page by page through an edge, and each URL is fetched once", async () => {
    stage.documents.set(at("/sitemap.xml"), pages(...["/a", "/b", "/c", "/a", "/d"].map(at)));
    const job = await stage.begin({ sitemap: at("/sitemap.xml"), urls: [at("/b"), at("/x")] });
    expect((await stage.plane.call(job)).json).toMatchObject({
      ...{ state: "listing", total: 2, documents: { found: 1, read: 0 }, etaSeconds: null },
    });
    expect(await stage.ended(job)).toMatchObject({
      ...{ state: "done", total: 5, done: 5, failed: 0, errors: [], documents: { found: 1, read: 1 } },
    });
    expect(stage.warmed()).toEqual(["/a", "/b", "/c", "/d", "/x"].map(at));
    expect(stage.asked()).toHaveLength(3);
  });

  test("may name others, which may name others; each is read once, also where they go round in circles", async () => {
    stage.documents.set(at("/1"), index(at("/2"), at("/3"), at("/1")));
    stage.documents.set(at("/2"), index(at("/3"), at("/4.xml.gz")));
    stage.documents.set(at("/3"), pages(at("/a")));
    stage.documents.set(at("/4.xml.gz"), pages(at("/b")));
    const job = await stage.ended(await stage.begin({ sitemap: at("/1") }));
    expect(job).toMatchObject({ total: 2, done: 2, failed: 0, documents: { found: 4, read: 4 } });
    expect(stage.asked().filter((url) => url === at("/3"))).toHaveLength(1);
  });

  test("that lies too deep is told, and not read", async () => {
    for (let depth = 1; depth < 9; depth++) stage.documents.set(at(`/${depth}`), index(at(`/${depth + 1}`)));
    const job = await stage.ended(await stage.begin({ sitemap: at("/1"), urls: [at("/a")] }));
    expect(job).toMatchObject({ total: 2, done: 1, failed: 1 });
    expect(job.errors).toEqual([
      { url: at("/3"), variant: null, edge: "", reason: "is an index of sitemaps nested deeper than 3" },
    ]);
  });

  test("with URLs of others: they are errors of theirs, and asked for by nobody", async () => {
    const foreign = [
      "http://169.254.169.254/latest",
      "https://other.test/a",
      "ftp://shop.test/",
      "javascript:1",
      "http://localhost:6379/",
      "",
    ];
    stage.documents.set(at("/s"), pages(at("/a"), ...foreign, "https://eu.shop.test/b"));
    const job = await stage.ended(await stage.begin({ sitemap: at("/s") }));
    expect(job).toMatchObject({ total: 8, done: 2, failed: 6, skipped: 0 });
    expect(job.errors.map(({ url }: { url: string }) => url)).toEqual(foreign);
    expect(job.errors[1].reason).toBe("names the host other.test, which the site shop does not serve");
    expect(stage.warmed()).toEqual([at("/a"), "https://eu.shop.test/b"].sort());
  });

  test("of another site's is not read, though an index names it", async () => {
    stage.documents.set(at("/s"), index("http://169.254.169.254/s", "https://solo.test/s"));
    const job = await stage.ended(await stage.begin({ sitemap: at("/s") }));
    expect(job).toMatchObject({ total: 2, failed: 2, documents: { found: 1, read: 1 } });
    expect(stage.asked()).toEqual([at("/s")]);
  });

  test("is followed to where it has moved, within the site", async () => {
    stage.documents.set(at("/s"), { kind: "moved", to: "/new#x" });
    stage.documents.set(at("/new"), { kind: "moved", to: "https://eu.shop.test/newer" });
    stage.documents.set("https://eu.shop.test/newer", pages(at("/a")));
    expect(await stage.ended(await stage.begin({ sitemap: at("/s") }))).toMatchObject({ total: 1, done: 1 });
  });

  test.each([
    ["to another host", "http://169.254.169.254/latest/meta-data", /which names the host 169\.254\.169\.254/],
    ["to this machine", "http://[::1]:8780/", /which names the host/],
    ["to a file", "file:///etc/passwd", /must be an http\(s\) URL/],
    ["to itself", "/s", /redirected more than 5 times/],
  ])("that has moved %s is an error of it, and nobody goes there", async (_where, to, reason) => {
    stage.documents.set(at("/s"), { kind: "moved", to });
    const job = await stage.ended(await stage.begin({ sitemap: at("/s") }));
    expect(job).toMatchObject({ total: 1, done: 0, failed: 1, errors: [{ url: at("/s") }] });
    expect(job.errors[0].reason).toMatch(reason);
    expect(new Set(stage.asked())).toEqual(new Set([at("/s")]));
  });

  test("that fails for a moment is tried again, and one that goes on failing has failed", async () => {
    const failing: DocumentReply = { kind: "unreadable", reason: "was answered with 503", passing: true };
    stage.documents.set(at("/s"), index(at("/good"), at("/bad")));
    stage.documents.set(at("/good"), [failing, { kind: "later" }, failing, pages(at("/a"))]);
    stage.documents.set(at("/bad"), failing);
    const job = await stage.ended(await stage.begin({ sitemap: at("/s") }));
    expect(job).toMatchObject({ total: 2, done: 1, failed: 1, documents: { found: 3, read: 3 } });
    expect(job.errors).toMatchObject([{ url: at("/bad"), reason: "was answered with 503" }]);
  });

  test("that is damaged at its end gives what came before, and is told", async () => {
    stage.documents.set(at("/s"), {
      ...pages(at("/a"), at("/b"), at("/c")),
      fault: "breaks off",
    } as DocumentReply);
    const job = await stage.ended(await stage.begin({ sitemap: at("/s") }));
    expect(job).toMatchObject({
      total: 4,
      done: 3,
      failed: 1,
      errors: [{ url: at("/s"), reason: "breaks off" }],
    });
  });

  test("is read on after a restart where it was, and through another edge where one is gone", async () => {
    stage.documents.set(at("/s"), pages(...Array.from({ length: 7 }, (_, i) => at(`/${i}`))));
    const job = await stage.begin({ sitemap: at("/s") });
    const [stopped] = stage.edges;
    // The process ends when the second page has been read and before that is recorded.
    let asked = 0;
    const dying = {
      ...stage.plane.plane,
      callEdge: async (...call: Parameters<TestPlane["plane"]["callEdge"]>) => {
        asked += 1;
        if (asked === 2) throw new Error("killed");
        return stage.plane.plane.callEdge(...call);
      },
    };
    await expect(advanceWarmups(dying, new Map())).rejects.toThrow("killed");
    expect((await stage.plane.call(job)).json).toMatchObject({ state: "listing", total: 2 });
    await stopped?.stop();
    expect(await stage.ended(job, await stage.another())).toMatchObject({ total: 7, done: 7, failed: 0 });
  });

  test("is recorded once, though two processes read it at once", async () => {
    stage.documents.set(at("/s"), index(at("/1"), at("/2")));
    stage.documents.set(at("/1"), pages(...Array.from({ length: 9 }, (_, i) => at(`/a${i}`))));
    stage.documents.set(at("/2"), pages(...Array.from({ length: 9 }, (_, i) => at(`/b${i}`))));
    const job = await stage.begin({ sitemap: at("/s") });
    const other = await stage.another();
    for (let i = 0; i < 10; i++)
      await Promise.all([
        advanceWarmups(stage.plane.plane, new Map()),
        advanceWarmups(other.plane, new Map()),
      ]);
    expect(await stage.ended(job)).toMatchObject({ total: 18, done: 18, documents: { found: 3, read: 3 } });
  });

  test("shows in events and in an answer that was waited for, from its reading to its end", async () => {
    stage.documents.set(at("/s"), pages(at("/a"), at("/b"), at("/c")));
    const waiting = stage.plane.call("/warmup", { site: "shop", sitemap: at("/s"), wait: true });
    const begun = await until(
      async () => (await stage.plane.call("/warmups")).json.items,
      (items) => items.length === 1,
      { withinMs: 5000 },
    );
    const job = `/warmups/${begun[0].id}`;
    const events = stage.plane.call(`${job}/events`);
    await stage.ended(job);
    expect(await waiting).toMatchObject({ status: 200, json: { state: "done", total: 3, done: 3 } });
    const told = [...(await events).text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data));
    expect(told[0]).toMatchObject({ state: "listing", documents: { found: 1, read: 0 } });
    expect(told.at(-1)).toMatchObject({ state: "done", done: 3 });
  });

  test("can be cancelled while it is read", async () => {
    stage.documents.set(at("/s"), pages(at("/a")));
    const job = await stage.begin({ sitemap: at("/s") });
    const headers = { authorization: "Bearer admin-token" };
    expect((await stage.plane.ask(job, { method: "DELETE", headers })).json).toMatchObject({
      state: "cancelled",
    });
    await advanceWarmups(stage.plane.plane, new Map());
    expect(stage.warmed()).toEqual([]);
  });

  test("names no more than a warm-up may fetch, and the rest is told", async () => {
    const many = Array.from({ length: 12 }, (_, i) => at(`/${i}`));
    stage.documents.set(at("/s"), pages(...many));
    const variants = [{ headers: { accept: "a" } }, { headers: { accept: "b" } }];
    const job = await stage.begin({ sitemap: at("/s"), variants });
    const { id } = (await stage.plane.call(job)).json;
    // As if it had taken in nearly all that it may already.
    await ask(each.rest, "/", ["HSET", `tg:warmup:${id}`, "listed", String(LIMITS.warmupTargets / 2 - 3)]);
    await advanceWarmups(stage.plane.plane, new Map());
    const { json } = await stage.plane.call(job);
    expect(json).toMatchObject({ total: LIMITS.warmupTargets + 1, documents: { found: 1 } });
    expect(json.errors).toEqual([
      {
        url: "",
        variant: null,
        edge: "",
        reason: "there are more than 50000 URLs: the others were left out",
      },
    ]);
  });
});

test("whatever it is told, the control plane calls nobody but its edges", async () => {
  const called = new Set<string>();
  const send = runtimeHttp.send;
  const spied = { ...runtimeHttp };
  Object.assign(runtimeHttp, {
    send: (...args: Parameters<typeof send>) => {
      called.add(new URL(args[0].url).origin);
      return send(...args);
    },
  });
  try {
    stage.documents.set(
      at("/s"),
      index("http://10.0.0.1/s", "http://metadata.google.internal/", at("/t"), at("/m")),
    );
    stage.documents.set(at("/t"), pages("http://192.168.0.1/", "http://[fd00::1]/", at("/a")));
    stage.documents.set(at("/m"), { kind: "moved", to: "http://127.0.0.1:8780/" });
    await stage.ended(
      await stage.begin({ sitemap: at("/s"), manifest: { before: at("/m"), after: at("/none") } }),
    );
  } finally {
    Object.assign(runtimeHttp, spied);
  }
  expect(called).toEqual(new Set(stage.edges.map(({ url }) => url)));
});
