// Both workers bundle for the network as their configurations say: what is tested here is what gets deployed.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

test.each(["wrangler.toml", "control-plane/wrangler.toml"])(
  "%s builds a worker",
  (config) => {
    const out = mkdtempSync(join(tmpdir(), "tidegate-deploy-"));
    try {
      const printed = execFileSync("wrangler", ["deploy", "--dry-run", "-c", config, "--outdir", out], {
        encoding: "utf8",
        env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", CI: "true" },
      });
      expect(readdirSync(out)).toContain("worker.js");
      expect(printed).not.toMatch(/\[WARNING\]/);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  },
  60_000,
);
