// The Grafana dashboards: each is whole, takes its data source from a variable, and asks for what Prometheus can read.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const FOLDER = fileURLToPath(new URL("../../ops/grafana/", import.meta.url));
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

const source = z.object({ type: z.literal("prometheus"), uid: z.string().regex(/^\$\{datasource\}$/) });
const cell = z.number().int().min(0);
const dashboardSchema = z.object({
  uid: z.string().min(1).max(40),
  title: z.string().startsWith("Tidegate: "),
  tags: z.array(z.string()),
  schemaVersion: z.number().int().min(36),
  templating: z.object({
    list: z.tuple([
      z.object({
        name: z.literal("datasource"),
        type: z.literal("datasource"),
        query: z.literal("prometheus"),
      }),
    ]),
  }),
  panels: z
    .array(
      z.object({
        id: z.number().int(),
        type: z.enum(["timeseries", "stat"]),
        title: z.string().min(1),
        datasource: source,
        gridPos: z.object({ x: cell.max(23), y: cell, w: cell.max(24), h: cell }),
        targets: z
          .array(
            z.object({
              refId: z.string(),
              datasource: source,
              expr: z.string().min(1),
              legendFormat: z.string(),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});

const dashboards = files.map((name) => ({
  name,
  dashboard: dashboardSchema.parse(JSON.parse(readFileSync(join(FOLDER, name), "utf8"))),
}));

describe.each(dashboards)("ops/grafana/$name", ({ name, dashboard }) => {
  test("is named by its file, and its panels lie apart", () => {
    expect(`${dashboard.uid}.json`).toBe(name);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const { gridPos, title } of dashboard.panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x, title).toBeLessThan(24);
          expect(taken.has(`${x} ${y}`), `${title} at ${x} ${y}`).toBe(false);
          taken.add(`${x} ${y}`);
        }
  });
});

test("there is one for each question", () => {
  expect(files.sort()).toEqual([
    "tidegate-invalidations.json",
    "tidegate-origin.json",
    "tidegate-overview.json",
    "tidegate-shards.json",
  ]);
});

test("whoever is turned away shows, by every why there is", () => {
  const asking = dashboards.flatMap(({ dashboard }) =>
    dashboard.panels.filter(({ targets }) => targets.some(({ expr }) => expr.includes("access_refused"))),
  );
  expect(asking.map(({ targets }) => targets)).toMatchObject([[{ legendFormat: "{{reason}}" }]]);
  // None is left out by a label, nor summed up with another.
  expect(asking[0]?.targets[0]?.expr).toMatch(/^sum by \(reason\) \(rate\(tidegate_access_refused_total\[/);
});

test("every query is one that Prometheus can read", () => {
  const queries = dashboards.flatMap(({ dashboard }) =>
    dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  );
  // As rules, so that promtool reads them: with a span in place of Grafana's own.
  const rules = queries.map((query, index) => {
    const expr = query.replaceAll("$__rate_interval", "1m").replaceAll("$__range", "1h");
    return `      - record: panel:of_${index}\n        expr: ${JSON.stringify(expr)}`;
  });
  const folder = mkdtempSync(join(tmpdir(), "tidegate-grafana-"));
  try {
    writeFileSync(join(folder, "panels.yml"), `groups:\n  - name: panels\n    rules:\n${rules.join("\n")}\n`);
    const said = execFileSync("promtool", ["check", "rules", "panels.yml"], {
      cwd: folder,
      encoding: "utf8",
      timeout: 30_000,
      stdio: "pipe",
    });
    expect(said).toContain(`SUCCESS: ${rules.length} rules found`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
