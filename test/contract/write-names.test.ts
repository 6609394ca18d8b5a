// What a write makes out of date: its own URL by all names, and nothing of another site.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { Router } from "../../edge/router.ts";
import { invalidationOf, UnsentWrites } from "../../edge/writes/unsent.ts";
import { parseSelector } from "../../shared/core/selector.ts";
import { instant } from "../../shared/core/units.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import { encodeSite, policyField, siteField } from "../../shared/wire/configuration.ts";

const siteOf = (name: string, host: string) => ({ name, hosts: [host], aliases: [], canonicalHost: host });

describe("a write to a path that origins may take for another", () => {
  test.each([
    "/%2Fb.test/x/..%2Fpage",
    "/%2Fb.test/page",
    "//b.test/page",
    "/%5Cb.test/page",
    "/;/b.test/page",
    "/%2F/b.test/page",
  ])("invalidates nothing of the host that it may look like: %s", (path) => {
    const router = new Router(siteOf("default", "*"), parseUrl);
    router.configure(
      new Map([
        ...["a", "b"].map((name): [string, string] => [
          siteField(name),
          encodeSite(siteOf(name, `${name}.test`)),
        ]),
        [policyField("a", "other"), JSON.stringify({ id: "other", key_pattern: "/b.test/*", class: "hot" })],
      ]),
    );
    const write = {
      ...{ operationId: "1", method: "POST", references: [], groups: [] },
      target: `https://a.test${path}`,
    };
    const by = { ...{ router, edge: "e", replicas: 0 }, position: { epoch: 1, seq: 1 } };
    for (const wide of [false, true]) {
      const { payload } = invalidationOf([write], { ...by, wide });
      const named =
        payload.kind === "invalidate" ? payload.selectors.map((one) => parseSelector(one)?.site) : [];
      expect([...new Set(named)]).toEqual(["a"]);
    }
  });
});

describe("a write to a long URL", () => {
  const target = `https://a.test/page?${"x".repeat(60_000)}`;
  const write = (operationId: string) => ({
    operationId,
    method: "POST",
    target,
    references: [],
    groups: [],
  });

  test("is named whole in the log, and by its beginning where people read of it", () => {
    const router = new Router(siteOf("a", "*"), parseUrl);
    router.configure(new Map([[siteField("a"), encodeSite(siteOf("a", "*"))]]));
    const by = { ...{ router, edge: "e", replicas: 0, wide: false }, position: { epoch: 1, seq: 1 } };
    const { payload, detail } = invalidationOf([write("1")], by);
    expect(payload.selectors).toContain(`a u ${target.slice("https://".length)}`);
    expect(detail).toMatch(/^POST \/page\?x+$/);
    expect(detail.length).toBeLessThan(1000);
  });

  test("takes the room of many among those that the log has not taken, until it has", async () => {
    const unsent = new UnsentWrites();
    const fits = Math.ceil(LIMITS.unsentSize / target.length);
    for (let i = 0; i < fits; i++) {
      expect(unsent.isFull).toBe(false);
      unsent.keep(write(`${i}`));
      unsent.keep(write(`${i}`));
    }
    expect([unsent.isFull, fits < LIMITS.unsentKept]).toEqual([true, true]);
    await unsent.flush(async ({ operationId }) => operationId === "0", instant(0));
    expect([unsent.isFull, unsent.size]).toEqual([false, fits - 1]);
  });
});
