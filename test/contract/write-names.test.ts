// What a write makes out of date: its own URL by all names, and nothing of another site.

import { describe, expect, test } from "vitest";
import { Router } from "../../edge/router.ts";
import { invalidationOf } from "../../edge/writes/unsent.ts";
import { parseSelector } from "../../shared/core/selector.ts";
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
