// What an edge tells of its counters: those that have changed since the control plane last said what it had taken in.
import { describe, expect, test } from "vitest";
import { type RouteCounters, routeCounters } from "../../edge/counters.ts";
import { CounterReports } from "../../edge/internal/counter-reports.ts";
import { flatCounters } from "../../edge/internal/flat-counters.ts";
import { isGauge } from "../../shared/wire/counter-report.ts";
import { Chance } from "../simulator/chance.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const reports = (countersTold = 100) => new CounterReports({ countersTold, counterReports: 3 });

describe("a report", () => {
  test("tells totals of what has changed since the last one that was acknowledged, and from where", () => {
    const of = reports();
    const first = of.report({ a: 3, b: 1, c: 0 }, null);
    expect(first).toEqual({ counters: { a: 3, b: 1, c: 0 }, told: { number: 1, before: {}, more: false } });
    expect(of.report({ a: 5, b: 1, c: 2 }, 1)).toEqual({
      counters: { a: 5, c: 2 },
      told: { number: 2, before: { a: 3, c: 0 }, more: false },
    });
  });

  test("tells nothing where nothing has changed, but every gauge", () => {
    const of = reports();
    of.report({ a: 3, "gauge|lag": 7 }, null);
    expect(of.report({ a: 3, "gauge|lag": 7 }, 1).counters).toEqual({ "gauge|lag": 7 });
  });

  test("tells again what was not acknowledged, with all that has come since", () => {
    const of = reports();
    of.report({ a: 3 }, null);
    of.report({ a: 4 }, 1);
    expect(of.report({ a: 4, b: 1 }, 1)).toMatchObject({
      counters: { a: 4, b: 1 },
      told: { before: { a: 3 } },
    });
  });

  test("tells each who asks what none has acknowledged, and an acknowledgement that comes late takes nothing back", () => {
    const of = reports();
    of.report({ a: 3 }, null);
    of.report({ a: 5 }, null);
    expect(of.report({ a: 5 }, 2).counters).toEqual({});
    expect(of.report({ a: 5 }, 1).counters).toEqual({});
  });

  test("takes no acknowledgement for a report that it no longer knows, or never made", () => {
    const of = reports();
    of.report({ a: 3 }, null);
    for (let at = 0; at < 3; at++) of.report({ a: 4 + at }, null);
    expect(of.report({ a: 6 }, 1).counters).toEqual({ a: 6 });
    expect(of.report({ a: 6 }, 99).counters).toEqual({ a: 6 });
  });

  test("holds so many, says that there are more, and leaves none out for ever while all of them change", () => {
    const of = reports(4);
    const told = new Set<string>();
    let last: number | null = null;
    for (let round = 1; round <= 3; round++) {
      const all = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`name-${at}`, round]));
      const { counters, told: report } = of.report(all, last);
      expect(Object.keys(counters)).toHaveLength(4);
      expect(report.more).toBe(true);
      for (const name of Object.keys(counters)) told.add(name);
      last = report.number;
    }
    expect(told.size).toBe(10);
  });
});

test("an edge is told by the beat which of its reports is folded, and tells only what has changed since", async () => {
  const lone = loneEdge();
  lone.origin = () => ({
    ...{ kind: "answer", status: 200, headers: [["cache-control", "max-age=60"]] },
    body: { kind: "bytes", bytes: new TextEncoder().encode("ok") },
  });
  for (let at = 0; at < 3; at++) await lone.get("/a");
  const { told } = await lone.beat();
  await lone.get("/a");
  const folded = { boot: "boot", number: told?.number ?? 0 };
  const next = await lone.beat({ folded: { ...folded, boot: "another" } });
  expect(next.counters).toMatchObject({ "requests|default|standard|miss|origin": 1 });
  const { counters, told: report } = await lone.beat({ folded });
  const requests = Object.entries(counters).filter(([name]) => name.startsWith("requests|"));
  expect(requests).toEqual([["requests|default|standard|hit|l1Memory", 3]]);
  expect(report?.before["requests|default|standard|hit|l1Memory"]).toBe(2);
});

describe("what has been counted of many sites", () => {
  const SITES = Array.from({ length: 20 }, (_, at) => `site-${at}`);
  const routeOf = ({ edge }: LoneEdge, site: string): RouteCounters =>
    routeCounters(edge.counters, { site, class: "hot" });
  const report = ({ edge }: LoneEdge, of: CounterReports, taken: number | null) => {
    const { counters, sums } = flatCounters(edge, of.isTold);
    return { walked: sums.size, ...of.report(counters, taken, sums) };
  };

  test("is flattened where something was, and not for all of them with every beat", () => {
    const [lone, of] = [loneEdge(), reports(1000)];
    for (const site of SITES) routeOf(lone, site).requests.hit.l1Memory += 1;
    const first = report(lone, of, null);
    expect(report(lone, of, first.told.number).walked).toBe(SITES.length);
    expect(report(lone, of, null).walked).toBe(0);
    routeOf(lone, "site-3").notStored.set("private", 1);
    routeOf(lone, "site-5").took[2] = 1;
    const { walked, counters } = report(lone, of, null);
    expect(walked).toBe(2);
    const named = Object.keys(counters).filter((name) => !isGauge(name));
    expect(named.sort()).toEqual(["notStored|site-3|hot|private", "took|site-5|hot|2"]);
  });

  function count(of: RouteCounters, what: number): void {
    if (what === 0) of.requests.miss.origin += 1;
    else if (what === 1) of.tiers.l2.errors += 2;
    else if (what === 2) of.bytesServed += 1000;
    else if (what === 3) of.refreshes.due.shed += 1;
    else of.notStored.set("vary", (of.notStored.get("vary") ?? 0) + 1);
  }

  test.each([5, 40, 1000])(
    "arrives in the end, however many reports and acknowledgements are lost: %s at once",
    (countersTold) => {
      const chance = new Chance(`counters ${countersTold}`);
      const [lone, of] = [loneEdge(), reports(countersTold)];
      const taken = new Map<string, number>();
      let acknowledged: number | null = null;
      const beat = (isLossy: boolean): boolean => {
        const { counters, told } = report(lone, of, isLossy && chance.unit() < 0.4 ? null : acknowledged);
        if (isLossy && chance.unit() < 0.3) return true;
        for (const [name, total] of Object.entries(counters)) taken.set(name, total);
        acknowledged = told.number;
        return told.more;
      };
      for (let round = 0; round < 400; round++) {
        for (let times = 0; times < 3; times++)
          count(routeOf(lone, chance.pick(SITES)), chance.between(0, 4));
        beat(true);
      }
      while (beat(false));
      const all = Object.entries(flatCounters(lone.edge).counters).filter(([name]) => !isGauge(name));
      expect(Object.fromEntries(all.map(([name]) => [name, taken.get(name)]))).toEqual(
        Object.fromEntries(all),
      );
    },
  );
});
