// What a warm-up makes of manifests and variants, and what it would do, before it does it.
import { beforeEach, describe, expect, test } from "vitest";
import type { DocumentReply } from "../../shared/wire/document.ts";
import { at, index, pages, stageEach, type WarmupStage } from "./warmup-stage.ts";

const each = stageEach();
let stage: WarmupStage;
beforeEach(() => {
  stage = each.stage;
});

describe("two releases' manifests", () => {
  const VITE = {
    "src/main.ts": {
      file: "assets/main.2.js",
      css: ["assets/main.1.css"],
      assets: ["assets/logo.2.svg"],
      isEntry: true,
      imports: ["_v.js"],
    },
    "_v.js": { file: "assets/v.1.js" },
  };
  test.each<[string, unknown, unknown, string[]]>([
    ["lists of paths", ["/a.1.js", "/b.1.js"], ["/a.1.js", "/b.2.js", "/c.js"], ["/b.2.js", "/c.js"]],
    [
      "names and paths",
      { "a.js": "/a.1.js", "b.js": "b.1.js" },
      { "a.js": "/a.2.js", "b.js": "b.1.js" },
      ["/a.2.js"],
    ],
    [
      "digests",
      [
        { url: "/a", digest: "1" },
        { url: "/b", digest: "1" },
      ],
      [
        { url: "/a", digest: "2" },
        { url: "/b", digest: "1" },
      ],
      ["/a"],
    ],
    [
      "Vite's",
      ["assets/v.1.js", "/assets/main.1.css", "assets/main.1.css"],
      VITE,
      ["/assets/logo.2.svg", "/assets/main.2.js"],
    ],
    [
      "nothing before",
      undefined,
      VITE,
      ["/assets/logo.2.svg", "/assets/main.1.css", "/assets/main.2.js", "/assets/v.1.js"],
    ],
  ])("as %s: what is new or has changed is fetched", async (_how, before, after, paths) => {
    await stage.ended(
      await stage.begin({ manifest: { ...(before === undefined ? {} : { before }), after, base: at("/") } }),
    );
    expect(stage.warmed().map((url) => new URL(url).pathname)).toEqual(paths);
  });

  test("come from the site where they are named by URL, one with the other", async () => {
    const text = (value: unknown): DocumentReply => ({ kind: "text", text: JSON.stringify(value) });
    stage.documents.set(at("/old.json"), text(["a.js"]));
    stage.documents.set(at("/new.json"), [{ kind: "moved", to: "/newer.json" }]);
    stage.documents.set(at("/newer.json"), text(["a.js", "b.js"]));
    const job = await stage.begin({
      manifest: { before: at("/old.json"), after: at("/new.json"), base: at("/static") },
    });
    expect((await stage.plane.call(job)).json).toMatchObject({ state: "listing" });
    expect(await stage.ended(job)).toMatchObject({ total: 1, done: 1 });
    expect(stage.warmed()).toEqual([at("/static/b.js")]);
    await stage.ended(
      await stage.begin({ manifest: { before: ["a.js"], after: at("/newer.json"), base: at("/mixed/") } }),
    );
    expect(stage.warmed()).toContain(at("/mixed/b.js"));
  });

  test("with faults there: each by its place, and nothing is fetched", async () => {
    stage.documents.set(at("/new.json"), { kind: "text", text: '{"a":1,"b/c":{"file":""}}' });
    const job = await stage.ended(await stage.begin({ manifest: { after: at("/new.json") } }));
    expect(job).toMatchObject({ total: 2, failed: 2, documents: { found: 1, read: 1 } });
    expect(job.errors.map(({ reason }: { reason: string }) => reason)).toEqual([
      "/a must be a path, or an object that names one",
      "/b~1c/file must be a path or a URL",
    ]);
    stage.documents.set(at("/html"), { kind: "text", text: "<html>" });
    const html = await stage.ended(await stage.begin({ manifest: { after: at("/html") } }));
    expect(html.errors[0].reason).toBe(
      "the manifest must be a list of paths, or an object of names and paths",
    );
  });
});

describe("variants", () => {
  test("each URL is asked for once with each, all with the first before any with the next", async () => {
    const variants = [
      { headers: { "Accept-Language": "de" } },
      { headers: { "x-side": "left", cookie: "lang=fr" } },
      { headers: {} },
    ];
    const [one] = stage.edges;
    if (one === undefined) throw new Error("no edge");
    const job = await stage.ended(
      await stage.begin({ urls: [at("/a"), at("/b")], variants, edges: ["one"], concurrency: 1 }),
    );
    expect(job).toMatchObject({ total: 6, done: 6, variants: 3 });
    expect(one.warmed).toEqual([
      `${at("/a")}\naccept-language: de`,
      `${at("/b")}\naccept-language: de`,
      `${at("/a")}\ncookie: lang=fr\nx-side: left`,
      `${at("/b")}\ncookie: lang=fr\nx-side: left`,
      at("/a"),
      at("/b"),
    ]);
  });

  test("an error says which it was", async () => {
    for (const edge of stage.edges)
      edge.fate = (target) => (target.includes("fr") ? { status: 500, result: "failed" } : "stored");
    const variants = ["de", "fr"].map((language) => ({ headers: { "accept-language": language } }));
    stage.documents.set(at("/s"), pages(at("/a")));
    const job = await stage.ended(await stage.begin({ sitemap: at("/s"), variants }));
    expect(job).toMatchObject({ total: 2, done: 1, failed: 1 });
    expect(job.errors).toMatchObject([{ url: at("/a"), variant: 1, reason: "answered with 500" }]);
  });
});

describe("a dry run", () => {
  test("says what would be fetched, and who holds it; nothing is begun", async () => {
    stage.documents.set(at("/s"), index(at("/1"), at("/1"), at("/none")));
    stage.documents.set(
      at("/1"),
      pages(...Array.from({ length: 30 }, (_, i) => at(`/${i}`)), "https://other.test/"),
    );
    const [one, two] = stage.edges;
    if (one === undefined || two === undefined) throw new Error("no edges");
    one.holds = (target) => (target.endsWith("/0") ? "memory" : null);
    const body = {
      site: "shop",
      sitemap: at("/s"),
      variants: [{ headers: { accept: "a" } }, { headers: {} }],
      ratePerSecond: 6,
    };
    const { status, json } = await stage.plane.call("/warmup", { ...body, dryRun: true });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      ...{ dryRun: true, site: "shop", total: 62, complete: true, failed: 2, takesSeconds: 11 },
      ...{
        edges: [
          { edge: "one", held: 0 },
          { edge: "two", held: 0 },
        ],
      },
    });
    expect(json.errors.map(({ url }: { url: string }) => url)).toEqual(["https://other.test/", at("/none")]);
    expect(json.targets).toHaveLength(20);
    expect(json.targets[0]).toMatchObject({ url: at("/0"), variant: 0 });
    expect((await stage.plane.call("/warmups")).json.items).toEqual([]);
    expect(stage.warmed()).toEqual([]);
    await two.stop();
    const plain = (
      await stage.plane.call("/warmup", { site: "shop", urls: [at("/0"), at("/1")], dryRun: true })
    ).json;
    expect(plain).toMatchObject({
      total: 2,
      edges: [
        { edge: "one", held: 1 },
        { edge: "two", held: null },
      ],
    });
    expect(plain.targets[0].held).toEqual([
      { edge: "one", tier: "memory" },
      { edge: "two", tier: "unknown" },
    ]);
  });

  test("that can't read all sitemaps in time says so", async () => {
    stage.documents.set(at("/s"), { kind: "later" });
    const { json } = await stage.plane.call("/warmup", {
      site: "shop",
      urls: [at("/a")],
      sitemap: at("/s"),
      dryRun: true,
    });
    expect(json).toMatchObject({ total: 1, complete: false });
  });
});
