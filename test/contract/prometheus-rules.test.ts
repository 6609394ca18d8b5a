// The alert rules as Prometheus has them: made from the same data, valid, and firing for the same.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { RULES } from "../../control-plane/alerts/rules.ts";
import { alertName } from "../../control-plane/alerts/webhook/message.ts";
import { prometheusRules } from "../../scripts/prometheus-rules.ts";

const OPS = fileURLToPath(new URL("../../ops/prometheus/", import.meta.url));
const text = (name: string): string => readFileSync(`${OPS}${name}`, "utf8");
/** What it says; throws, with its faults, where it finds any. */
const promtool = (...args: string[]): string =>
  execFileSync("promtool", args, { cwd: OPS, encoding: "utf8", timeout: 60_000, stdio: "pipe" });

describe("ops/prometheus/tidegate.rules.yml", () => {
  test("is what the rules make of it: `node --import ./scripts/lua-loader.mjs scripts/prometheus-rules.ts`", () => {
    expect(text("tidegate.rules.yml")).toBe(prometheusRules());
  });

  test("holds every rule, with its runbook", () => {
    const rules = text("tidegate.rules.yml");
    for (const { id } of RULES) {
      expect(rules).toContain(`alert: ${alertName(id)}\n`);
      expect(rules).toContain(`runbook_url: ops/runbooks/${id}.md\n`);
    }
  });

  test("is valid", () => {
    expect(promtool("check", "rules", "tidegate.rules.yml")).toContain(
      `SUCCESS: ${RULES.length + 1} rules found`,
    );
    expect(promtool("check", "config", "--syntax-only", "prometheus.yml")).toContain("SUCCESS");
  });

  test("fires for what each rule is about, and is silent while all is well", { timeout: 60_000 }, () => {
    expect(promtool("test", "rules", "tidegate.rules.test.yml")).toContain("SUCCESS");
  });

  test("is tested rule by rule", () => {
    const tests = text("tidegate.rules.test.yml");
    const untested = RULES.filter(({ id }) => !tests.includes(`alertname="${alertName(id)}"`));
    expect(untested.map(({ id }) => id)).toEqual([]);
  });
});
