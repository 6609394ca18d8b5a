// What the overview says in each state of things, and that nothing in it is taken for markup.

import { describe, expect, test } from "vitest";
import type {
  Alerts,
  CacheMetrics,
  CacheMetricsSeries,
  DryRun,
  Edge,
  Receipt,
} from "../../client/schemas.ts";
import { DrawnHeat } from "../../control-plane/dashboard/charts/drawn-heat.tsx";
import { heatOf } from "../../control-plane/dashboard/charts/heat.ts";
import { chartsOf } from "../../control-plane/dashboard/charts/series-charts.ts";
import { safeLink } from "../../control-plane/dashboard/frame/format.ts";
import { localPath } from "../../control-plane/dashboard/frame/local-path.ts";
import type { Frame } from "../../control-plane/dashboard/frame/page.tsx";
import { OverviewPage } from "../../control-plane/dashboard/overview/overview-page.tsx";
import type { Overview } from "../../control-plane/dashboard/overview/read-overview.ts";
import { readView } from "../../control-plane/dashboard/overview/view.ts";
import { readPurgeFields } from "../../control-plane/dashboard/purge/purge-fields.ts";
import { ConfirmPurge } from "../../control-plane/dashboard/purge/purge-form.tsx";
import { ReceiptPage } from "../../control-plane/dashboard/purge/receipt-page.tsx";
import { ReferencePage } from "../../control-plane/dashboard/reference/reference-page.tsx";
import { ADMIN } from "../../control-plane/tokens/scopes.ts";

const frame: Frame = { theme: "auto", principal: ADMIN, form: "f0", here: "/", breaks: false };
const known = <T>(value: unknown) => ({ kind: "known" as const, value: value as T });
const refused = (status: 403 | 503) => ({ kind: "refused" as const, status, problem: null });
const page = { items: [], nextCursor: null };
const NOW = "2026-07-01T12:00:00.000Z";

const classOf = (requests: number, hits: number) => ({
  ...{ requests, hits, stale: 0, misses: requests - hits, passes: 0, errors: 0, coalesced: 0 },
  ...{
    hitRatio: requests === 0 ? null : hits / requests,
    p50Ms: 1,
    p99Ms: 9,
    originFetches: requests - hits,
    answeredBy: { l1Memory: { hit: hits }, origin: { miss: requests - hits } },
  },
});

const tier = { hits: 0, misses: 0, errors: 0 };

const metricsWith = (classes: Record<string, ReturnType<typeof classOf>>): Partial<CacheMetrics> => ({
  ...{
    at: "2026-11-26T12:00:00.000Z",
    windowSeconds: 3600,
    hitRatio: null,
    byteHitRatio: null,
    shardSkew: null,
  },
  ...{ classes: classes as unknown as CacheMetrics["classes"], shards: [], hotKeys: [], edges: [] },
  tiers: { l1Memory: tier, l1Cache: tier, l2: tier, origin: tier },
  invalidations: { accepted: 0, perSecond: 0, unfinished: 0 } as unknown as CacheMetrics["invalidations"],
  stale: {
    ...{ sampled: 0, watched: 0, stale: 0, staleRatio: null, violations: 0 },
    ...{ unknown: 0, unknownRatio: null, upperBound95: null },
    ...{ p99StalenessMs: null, byClass: {}, lastViolation: null, dropped: 0, originDiffers: 0, origin: {} },
  },
  stampede: { originConcurrencyMax: 0, coalescedRatio: null, leaseWaits: 0 },
  refresh: {
    behind: { fetched: 0, confirmed: 0, shed: 0, failed: 0 },
    due: { fetched: 0, confirmed: 0, shed: 0, failed: 0, missed: 0 },
  },
  origin: {
    ...{ granted: 0, grantedLocally: 0, retries: 0, queued: 0, meanQueuedMs: null, bySite: {} },
    shed: { rate: 0, concurrency: 0, queue: 0, breaker: 0 },
  },
  log: { position: "1-0", losses: [] },
  journal: { accepted: 0, delivered: 0, pending: 0, deadLettered: 0, losses: [] },
});

const edge = (id: string, state: Edge["state"] = "live"): Edge => ({
  ...{ id, url: "http://e", region: "here", position: "1-0", knownAgeMs: 100, memoryBytes: 1, state },
  ...{ lastSeenMs: 10, boot: null, version: null },
});

const overviewWith = (given: Partial<Overview> = {}): Overview => ({
  view: readView(() => undefined),
  metrics: known(metricsWith({})),
  series: known({ stepSeconds: 60, points: [] }),
  alerts: known({ ...page, judging: "current", evaluatedAt: NOW, unmeasured: [], refused: null }),
  ...{ markers: known(page), audit: known(page) },
  edges: known({ ...page, items: [edge("edge-1"), edge("edge-2"), edge("edge-3")] }),
  receipts: known(page),
  warmups: known(page),
  suggestions: known({ items: [], tooLittle: [], observedForSeconds: 0 }),
  journal: known({ ...page, silent: [], shards: {} }),
  sites: known({ ...page, items: [{ site: { name: "default" } }] }),
  chaos: known({ ...page, enabled: false }),
  ...given,
});

const shown = (overview: Overview, may = true): string =>
  String(OverviewPage({ frame, overview, may: () => may }));

const point = (at: string, more: object) =>
  ({
    ...{ at, reports: 3, requests: 0, hits: 0, stale: 0, misses: 0, hitRatio: null, classes: {} },
    ...{ shards: {}, journalPending: null, memoryBytes: null, p50Ms: null, p99Ms: null, ...more },
  }) as unknown as CacheMetricsSeries["points"][number];

describe("the overview says", () => {
  test("that nobody has asked for anything, which is neither well nor ill", () => {
    const html = shown(overviewWith());
    expect(html).toContain("Idle.");
    expect(html).toContain("No class was asked for anything.");
  });

  test("how far requests get by who answered them: what warms looks into tiers, and asks for nothing", () => {
    const looks = { ...tier, hits: 1000 };
    const tiers = { l1Memory: looks, l1Cache: tier, l2: tier, origin: looks };
    const figures = { ...metricsWith({ hot: classOf(100, 90), standard: classOf(60, 10) }), tiers };
    const funnelOf = (only: string | null): string[] => {
      const view = { ...readView(() => undefined), only };
      const html = shown(overviewWith({ view, metrics: known(figures) }));
      return [...html.matchAll(/answered <b>([^<]*)<\/b> <span class="muted">\((\d+)\)/g)].map(
        ([, share, count]) => `${share} ${count}`,
      );
    };
    expect(funnelOf(null)).toEqual(["62.5 % 100", "0.0 % 0", "0.0 % 0", "37.5 % 60"]);
    expect(funnelOf("hot")).toEqual(["90.0 % 90", "0.0 % 0", "0.0 % 0", "10.0 % 10"]);
  });

  test("what of its URL nobody can mean, and what is shown instead", () => {
    const asked = (query: string): string =>
      shown(overviewWith({ view: readView((name) => new URLSearchParams(query).get(name) ?? undefined) }));
    expect(asked("range=9y")).toContain(
      "There is no range &quot;9y&quot;: it is one of 15m, 1h, 6h, 24h. The last hour is shown.",
    );
    expect(asked("class=warm")).toContain("There is no class &quot;warm&quot;: it is one of hot, ");
    expect(asked("site=a%20b")).toContain("There is no site &quot;a b&quot;: no site can have that name.");
    expect(asked("range=6h&class=hot&site=shop")).not.toContain("There is no ");
    expect(asked("range=&class=&site=")).not.toContain("There is no ");
  });

  test("which site its figures are of, where there are several or one was named", () => {
    const chosen = (site: string | null, names: readonly string[]): string =>
      shown(
        overviewWith({
          view: { ...readView(() => undefined), site },
          sites: known({ ...page, items: names.map((name) => ({ site: { name } })) }),
        }),
      );
    expect(chosen(null, ["default"])).not.toContain('aria-label="Site"');
    expect(chosen(null, ["default", "shop"])).toContain('<a href="/?site=shop">shop</a>');
    expect(chosen("shop", ["shop"])).toContain('<a href="/?site=shop" aria-current="true">shop</a>');
    expect(chosen("gone", ["shop"])).toContain('<a href="/?site=gone" aria-current="true">gone</a>');
  });

  test("that a few requests are too few for a ratio, and shows none", () => {
    const html = shown(overviewWith({ metrics: known(metricsWith({ hot: classOf(19, 1) })) }));
    expect(html).toContain("too few for a ratio");
    expect(html).not.toContain("5.3 %");
    expect(shown(overviewWith({ metrics: known(metricsWith({ hot: classOf(20, 1) })) }))).toContain("5.0 %");
  });

  test("that no alert fires only where the rules are judged", () => {
    const alerts = (judging: Alerts["judging"], evaluatedAt: string | null): string =>
      shown(
        overviewWith({
          alerts: known({ ...page, judging, evaluatedAt, unmeasured: ["edge-silent"], refused: null }),
        }),
      );
    expect(alerts("current", NOW)).toContain("No alert fires.");
    for (const [judging, at, words] of [
      ["stopped", NOW, "The alert rules were last judged "],
      ["not-begun", null, "No alert rule has been judged yet."],
      ["unreachable", null, "no alert rule can be judged."],
    ] as const) {
      expect(alerts(judging, at)).toContain(words);
      expect(alerts(judging, at)).toContain("Not measured lately: edge-silent.");
      expect(alerts(judging, at)).not.toContain("No alert fires.");
    }
  });

  test("that nobody is told of alerts, and why", () => {
    const alerts = (refused: Alerts["refused"]): string =>
      shown(
        overviewWith({
          alerts: known({ ...page, judging: "current", evaluatedAt: NOW, unmeasured: [], refused }),
        }),
      );
    expect(alerts({ since: NOW, reason: "it answered 500" })).toMatch(
      /Nobody is told of alerts: .* it answered 500\./,
    );
    expect(alerts(null)).not.toContain("Nobody is told of alerts");
  });

  test("that nothing is stale of what was judged, and how much was not", () => {
    const { stale, ...others } = metricsWith({});
    const judged = { ...stale, sampled: 30, unknown: 10, unknownRatio: 0.25, upperBound95: 0.1 };
    const html = shown(overviewWith({ metrics: known({ ...others, stale: judged }) }));
    expect(html).toContain("Not one of 30 reads judged, so with 95 % confidence fewer than 10");
    expect(html).toContain("could not be judged.");
    expect(html).toContain("10 · 25");
  });

  test("how many edges report, and which do not", () => {
    const items = [edge("edge-1"), edge("edge-2"), edge("edge-3", "silent")];
    const html = shown(overviewWith({ edges: known({ ...page, items }) }));
    expect(html).toContain("2 of 3 edges reporting.");
    expect(html).toContain("Missing: edge-3.");
  });

  test("which experiment runs, with its switch for whoever may press it", () => {
    const running = {
      ...{ id: "c1", experiment: "kill-edge", target: "edge-2", state: "running", phase: "fault" },
      ...{ startedAt: "2026-11-26T12:00:00.000Z", endedAt: null, verdicts: [], actor: "ops" },
      report: "/chaos/c1/report",
    };
    const overview = overviewWith({ chaos: known({ ...page, enabled: true, items: [running] }) });
    expect(shown(overview)).toContain("kill-edge: edge-2.");
    expect(shown(overview)).toContain('action="/chaos/c1/abort"');
    expect(shown(overview, false)).not.toContain("/chaos/c1/abort");
    expect(shown(overviewWith())).not.toContain("broken on purpose");
  });

  test("when nobody reported, apart from when nothing was asked for", () => {
    const quiet = point("2026-11-26T11:58:00.000Z", { reports: 3, originFetches: 0 });
    const silent = point("2026-11-26T11:59:00.000Z", { reports: 0 });
    const bands = (points: CacheMetricsSeries["points"]): number =>
      shown(overviewWith({ series: known({ stepSeconds: 60, points }) })).split('class="gap"').length - 1;
    expect(bands([quiet, quiet])).toBe(0);
    expect(bands([quiet, silent])).toBeGreaterThan(0);
  });

  test("nothing of the time before anybody reported for the first time", () => {
    const at = "2026-11-26T11:58:00.000Z";
    const points = [30, 40].flatMap((length, which) =>
      Array.from({ length }, () => point(at, { reports: which })),
    );
    const { ratio } = chartsOf({ stepSeconds: 60, points }, { marks: [], only: null });
    expect(ratio.times).toHaveLength(41);
  });

  test("when which shard was asked for how much, where it failed, and that one was asked for nothing", () => {
    const asked = (hits: number, errors = 0) => ({ hits, misses: 0, errors });
    const points = [
      point("2026-11-26T11:57:00.000Z", { shards: { first: asked(6000) } }),
      point("2026-11-26T11:58:00.000Z", { shards: { first: asked(600), second: asked(0, 60) } }),
      point("2026-11-26T11:59:00.000Z", { reports: 0 }),
    ];
    const shards = ["first", "second", "third"];
    const heat = heatOf({ stepSeconds: 60, points }, { shards, marks: [] });
    expect(heat.rows.map(({ shard }) => shard)).toEqual(shards);
    expect(heat.most).toBe(100);
    expect(heat.rows[0]?.cells).toEqual([{ perSecond: 100, errors: 0 }, { perSecond: 10, errors: 0 }, null]);
    const html = String(DrawnHeat({ heat, beside: (shard) => shard }));
    expect(html).toContain("first: at most 100/s, at 11:57; no errors; no report in 1");
    expect(html).toContain("second: at most 1/s, at 11:58; errors in 1 of 3 columns");
    expect(html).toContain("third: asked for nothing.");
    expect(html.split('class="failed"')).toHaveLength(3);
  });

  test("a day of many shards in no more cells than a page can hold", () => {
    const shards = Object.fromEntries(
      Array.from({ length: 16 }, (_, at) => [`s${at}`, { hits: 1, misses: 0, errors: 0 }]),
    );
    const points = Array.from({ length: 145 }, () => point("2026-11-26T11:57:00.000Z", { shards }));
    const { rows, step } = heatOf({ stepSeconds: 600, points }, { shards: [], marks: [] });
    expect(rows.reduce((sum, { cells }) => sum + cells.length, 0)).toBeLessThanOrEqual(480);
    expect(step).toBe(3000);
  });

  test("that Redis is away, and shows nothing as nought that is unknown", () => {
    const away = refused(503);
    const html = shown(
      overviewWith({
        ...{ metrics: away, series: away, alerts: away, edges: away, receipts: away, warmups: away },
        ...{ suggestions: away, journal: away, sites: away, markers: away, audit: away },
      }),
    );
    expect(html).toContain("Redis does not answer.");
    expect(html).toContain("Unknown while Redis does not answer.");
    expect(html).not.toMatch(/Idle\.|None was made|>0</);
  });

  test("nothing that a token may not see, and offers nothing that it may not do", () => {
    const html = shown(overviewWith({ metrics: refused(403), receipts: refused(403) }), false);
    expect(html).toContain("This token may not see it.");
    expect(html).not.toContain('action="/purge"');
    expect(html).not.toContain('action="/warm"');
    expect(shown(overviewWith())).toContain('action="/purge"');
  });
});

test("a hot URL of which a secret is left out leads to no explanation", () => {
  const row = { site: "default", class: "hot", headers: {}, share: 0.5, requestsPerSecond: 1, hot: true };
  const html = shown(
    overviewWith({
      metrics: known({
        ...metricsWith({ hot: classOf(50, 40) }),
        hotKeys: [
          { ...row, url: "http://a.test/x?sig=***", masked: true },
          { ...row, url: "http://a.test/y?n=1", masked: false },
        ],
      }),
    }),
  );
  expect(html).toContain("http://a.test/x?sig=***");
  expect(html).not.toContain(encodeURIComponent("http://a.test/x"));
  expect(html).toContain(encodeURIComponent("http://a.test/y?n=1"));
});

test("what a purge leaves out that may be meant is said before it is made, and by its receipt", () => {
  const warnings = [{ pointer: "/urls/0", message: "names the path on a.test alone" }];
  const said = "It names the path on a.test alone.";
  const fields = readPurgeFields(new Map([["values", "/x"]]));
  const dry = { dryRun: true, accepted: {}, selectors: [], edges: [], warnings } as unknown as DryRun;
  const estimate = { exact: true, memory: [], l2: [] };
  const asked = ConfirmPurge({ frame, fields, dry: { ...dry, estimate }, operation: "o" });
  expect(String(asked)).toContain(said);
  const edges: Receipt["edges"] = [];
  const receipt = { id: "r", state: "converged", edges, selectors: [], warnings } as unknown as Receipt;
  const shownReceipt = { ...receipt, dirty: 0, maxMs: null, p50Ms: null, acceptedAt: NOW, fencedAt: null };
  expect(String(ReceiptPage({ frame, receipt: shownReceipt }))).toContain(said);
  const spares = (dirty: number) => String(ReceiptPage({ frame, receipt: { ...shownReceipt, dirty } }));
  expect(spares(0)).not.toContain("does not hit");
  expect(spares(2)).toContain("It does not hit 2 values that the journal has and the origin does not yet.");
});

const HOSTILE = `"><img src=x onerror=alert(1)>'<script>alert(2)</script>`;

test("what others have written is text wherever it is shown", () => {
  const receipt: Receipt = {
    ...{ id: HOSTILE, position: "1-1", site: HOSTILE, mode: "hard", reason: HOSTILE, actor: HOSTILE },
    ...{ selectors: [{ kind: "tag", value: HOSTILE }], selectorsTotal: 1, acceptedAt: HOSTILE },
    ...{
      state: "converging",
      edges: [{ edge: HOSTILE, state: "pending", position: HOSTILE, afterMs: null }],
    },
    ...{ fencedAt: null, dirty: 0, p50Ms: null, maxMs: null },
    warnings: [{ pointer: "/urls/0", message: HOSTILE }],
  };
  const html = shown(
    overviewWith({
      view: { range: "1h", only: HOSTILE, site: HOSTILE, unmeant: [HOSTILE] },
      metrics: known({
        ...metricsWith({ [HOSTILE]: classOf(50, 40) }),
        hotKeys: [
          {
            site: HOSTILE,
            class: HOSTILE,
            url: HOSTILE,
            masked: false,
            headers: {},
            share: 0.5,
            requestsPerSecond: 1,
            hot: true,
          },
        ],
      }),
      alerts: known({
        ...{
          nextCursor: null,
          judging: "stopped",
          evaluatedAt: HOSTILE,
          unmeasured: [HOSTILE],
          refused: { since: HOSTILE, reason: HOSTILE },
        },
        items: [
          {
            ...{
              id: HOSTILE,
              rule: HOSTILE,
              title: HOSTILE,
              severity: "page",
              state: "firing",
              since: HOSTILE,
            },
            ...{ value: 1, threshold: 1, unit: "count", summary: HOSTILE, labels: { class: HOSTILE } },
            ...{ runbook: `javascript:${HOSTILE}`, measured: true, acknowledged: null },
          },
        ],
      }),
      markers: known({
        ...page,
        items: [{ at: HOSTILE, kind: HOSTILE, text: HOSTILE, link: `javascript:${HOSTILE}` }],
      }),
      edges: known({ ...page, items: [edge(HOSTILE)] }),
      receipts: known({ ...page, items: [receipt] }),
      sites: known({ ...page, items: [{ site: { name: HOSTILE } }, { site: { name: "b" } }] }),
    }),
  );
  for (const text of [html, String(ReceiptPage({ frame, receipt }))]) {
    expect(text).toContain("&lt;script&gt;");
    expect(text).not.toContain("<img");
    expect(text).not.toContain("<script>");
    expect(text).not.toMatch(/(?:href|action)="javascript:/);
    // Quotes stand around attributes' values alone: those of texts are escaped.
    expect(text.replaceAll(/"[^"]*"/g, "")).not.toMatch(/<[^>]* (?:style|on\w+)=/);
  }
});

test("a link leads to the web or to a path of this control plane, and nowhere else", () => {
  for (const link of ["/runs", "https://example.com/x", "http://example.com/"])
    expect(safeLink(link)).toBe(link);
  for (const link of [
    "//evil.test",
    "/\\evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://x/",
    "x",
  ])
    expect(safeLink(link), link).toBeNull();
  expect(localPath("/?range=6h")).toBe("/?range=6h");
});

test("what the API's document says in code is shown as code", () => {
  const get = { summary: "Its progress: `progress` until `done`", description: "With `wait`" };
  const properties = { ttl: { type: "string", description: "Such as `30s`" } };
  const document = {
    info: { title: "API", version: "1" },
    paths: { "/x": { get } },
    components: { schemas: { X: { type: "object", properties } } },
  };
  const html = String(ReferencePage({ frame, document }));
  expect(html).not.toContain("`");
  for (const code of ["progress", "done", "wait", "30s"]) expect(html).toContain(`<code>${code}</code>`);
});
