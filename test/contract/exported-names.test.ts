// What Prometheus and Grafana are told to ask for: every name is one that `GET /metrics` has.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { RULES } from "../../control-plane/alerts/rules.ts";
import { COUNTERS, GAUGES, HISTOGRAMS } from "../../control-plane/metrics/families.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, "utf8");
const namesIn = (text: string): string[] => text.match(/\btidegate_[a-z0-9_]+/g) ?? [];

const exported = new Set([
  ...[...COUNTERS, ...GAUGES].map(({ name }) => name),
  ...HISTOGRAMS.flatMap(({ name }) => ["_bucket", "_sum", "_count"].map((end) => name + end)),
  // Those that are worked out from what is known of the edges.
  ...namesIn(read("control-plane/metrics/prometheus.ts")),
]);
const unknownIn = (text: string): string[] => namesIn(text).filter((name) => !exported.has(name));

test("the alert rules ask for what is exported", () => {
  const asked = RULES.flatMap(({ prometheus: { value, sample = "" } }) => [value, sample]);
  expect(unknownIn(asked.join("\n"))).toEqual([]);
  expect(unknownIn(read("ops/prometheus/tidegate.rules.test.yml"))).toEqual([]);
});

test.each(readdirSync(`${ROOT}ops/grafana`))("ops/grafana/%s asks for what is exported", (name) => {
  expect(unknownIn(read(`ops/grafana/${name}`))).toEqual([]);
  expect(unknownIn("sum(tidegate_no_such_total)")).toHaveLength(1);
});
