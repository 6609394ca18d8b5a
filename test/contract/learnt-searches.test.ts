// What answers have said of their queries is remembered within bounds: clients choose the paths.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { Router } from "../../edge/router.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import { encodeSite, siteField } from "../../shared/wire/configuration.ts";

const SITE = { name: "a", hosts: ["*"], aliases: [], canonicalHost: "a" };

const NOTHING = { keyOrder: false, parameters: { kind: "but", names: ["utm"] } } as const;

describe("of paths that are", () => {
  test.each([
    ["short", "x", LIMITS.routesRemembered],
    ["long", "x".repeat(50_000), Math.floor(LIMITS.searchesSize / 50_100)],
  ])("%s, the last ones are known", (_, path, fits) => {
    const router = new Router(SITE, parseUrl);
    router.configure(new Map([[siteField("a"), encodeSite(SITE)]]));
    const asked = (nth: number) => ({ url: `https://a.test/${path}/${nth}?utm=1`, header: () => null });
    const learn = (nth: number): void => {
      const route = router.route(asked(nth));
      if (route === null) throw new Error("no route");
      router.learnSearch(route, asked(nth), NOTHING);
    };
    const isKnown = (nth: number): boolean => router.route(asked(nth))?.variance !== null;
    for (let nth = 0; nth < fits; nth++) learn(nth);
    // Once more is no more.
    learn(0);
    expect([isKnown(0), isKnown(fits - 1)]).toEqual([true, true]);
    for (let nth = fits; nth < fits + 3; nth++) learn(nth);
    expect([isKnown(1), isKnown(fits + 2)]).toEqual([false, true]);
  });
});
