// What may be served past its freshness: cases of refreshing behind clients' backs and of origins that fail.

import { expect } from "vitest";
import { type Fields, fieldOf } from "../../support/fields.ts";
import type { Spoken } from "../../support/scripted-origin.ts";
import { cached, type Exchange, fetched, fresh, get, type HttpCase, ORIGIN } from "../case.ts";

/** Ten seconds past its freshness, unless it is told otherwise. */
const old = (control: string, more: Fields = {}): Spoken => ({
  fields: { "Cache-Control": control, Age: "70", ETag: '"v1"', ...more },
});

const SWR = "max-age=60, stale-while-revalidate=60";
const SIE = "max-age=60, stale-if-error=600";

const WHILE_REVALIDATING: readonly HttpCase[] = [
  {
    claim: "a stale answer is served once and refreshed behind it",
    rfc: "RFC 5861 §3",
    origin: [old(SWR), fresh()],
    steps: [get(fetched("1")), get({ body: "1" }), { reached: 2 }, get(cached("2")), { reached: 2 }],
  },
  {
    claim: "however many are served stale, one request refreshes",
    rfc: "RFC 5861 §3",
    story: async (stage) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const answers = [old(SWR), fresh({}, { after: promise })];
      stage.edge.origin.script(stage.id, (_, nth) => answers[nth - 1] ?? fresh());
      await stage.send();
      await stage.edge.settled();
      const served = await Promise.all(Array.from({ length: 20 }, () => stage.send()));
      expect(new Set(served.map(({ text }) => text))).toEqual(new Set(["1"]));
      await stage.reached(2);
      resolve();
      await stage.edge.settled();
      expect([(await stage.send()).text, stage.asked().length]).toEqual(["2", 2]);
    },
  },
  {
    claim:
      "those who wait with one for an answer that is too old when it comes get the next one, asked for once",
    rfc: "RFC 9111 §4",
    story: async (stage) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const late = { ...old("max-age=60, must-revalidate", { Age: "100" }), after: promise };
      stage.edge.origin.script(stage.id, (_, nth) => (nth === 1 ? late : fresh()));
      const first = stage.send();
      await stage.reached(1);
      const others = Array.from({ length: 5 }, () => stage.send());
      // Behind those, and answered at once: they wait by now.
      await stage.send({ method: "OPTIONS" });
      resolve();
      expect((await first).text).toBe("1");
      for (const { text } of await Promise.all(others)) expect(text).not.toBe("1");
      expect(stage.asked()).toHaveLength(3);
    },
  },
  {
    claim: "the refresh is a validation",
    rfc: "RFC 9111 §4.3.1",
    origin: [old(SWR), { status: 304, fields: { ETag: '"v1"', "Cache-Control": "max-age=60" } }],
    steps: [
      get(fetched("1")),
      get({ body: "1" }),
      { reached: 2 },
      get(cached("1", { asked: { "if-none-match": '"v1"' } })),
    ],
  },
  {
    claim: "a refresh that fails leaves the stale answer in its window",
    rfc: "RFC 5861 §3",
    origin: [old(SWR), { status: 503, body: "no" }],
    steps: [get(fetched("1")), get({ body: "1" }), { reached: 2 }, get({ body: "1" })],
  },
  {
    claim: "a refresh that learns that the page is gone ends the stale answer, and is not repeated for it",
    rfc: "RFC 5861 §3",
    origin: [old(SWR), { status: 404, fields: { "Cache-Control": "no-store" }, body: "gone" }],
    steps: [
      get(fetched("1")),
      get({ body: "1" }),
      { reached: 2 },
      { ...get({ status: 404, body: "gone" }), eventually: true },
      get({ status: 404, body: "gone" }),
    ],
  },
  {
    claim:
      "those who ask while a validation is under way are content with the next one, and none pulls the whole",
    rfc: "RFC 9111 §4",
    story: async (stage) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const fields = { "Cache-Control": "no-cache", ETag: '"v1"' };
      stage.edge.origin.script(stage.id, ({ fields: sent }, nth) =>
        fieldOf(sent, "if-none-match") === null
          ? { fields, body: "whole" }
          : { status: 304, fields, ...(nth === 2 ? { after: promise } : {}) },
      );
      await stage.send();
      await stage.edge.settled();
      const first = stage.send();
      await stage.reached(2);
      const others = Array.from({ length: 12 }, () => stage.send());
      // Behind those, and answered at once: they wait by now.
      await stage.send({ method: "OPTIONS" });
      resolve();
      for (const { status, text } of await Promise.all([first, ...others]))
        expect([status, text]).toEqual([200, "whole"]);
      const gets = stage.asked().filter(({ method }) => method === "GET");
      expect(gets.map(({ fields: sent }) => fieldOf(sent, "if-none-match"))).toEqual([null, '"v1"', '"v1"']);
    },
  },
  {
    claim: "beyond its window nothing is served stale",
    rfc: "RFC 5861 §3",
    origin: [old(SWR, { Age: "130" }), fresh()],
    steps: [get(fetched("1")), get(fetched("2"))],
  },
  ...["must-revalidate", "proxy-revalidate", "no-cache"].map(
    (forbids): HttpCase => ({
      claim: `${forbids} forbids serving stale while revalidating`,
      rfc: "RFC 9111 §4.2.4",
      origin: [old(`${SWR}, ${forbids}`), fresh()],
      steps: [get(fetched("1")), get(fetched("2"))],
    }),
  ),
  {
    claim: "a policy's stale window gives way to s-maxage",
    rfc: "RFC 9111 §5.2.2.10",
    under: "/stale",
    origin: [old("s-maxage=60"), fresh()],
    steps: [get(fetched("1")), get(fetched("2"))],
  },
  {
    claim: "a policy's stale window holds where the origin names none",
    rfc: "Tidegate",
    under: "/stale",
    origin: [old("max-age=60"), fresh()],
    steps: [get(fetched("1")), get({ body: "1" }), { reached: 2 }, get(cached("2"))],
  },
];

const failing = (status: number): Spoken => ({ status, body: "failed" });
const standsIn = (more: Exchange["expect"] = {}): Exchange =>
  get({ body: "1", fields: { etag: '"v1"' }, ...more });

const IF_ERROR: readonly HttpCase[] = [
  {
    claim: "an error that says how long it lasts does not take the place of what may stand in for it",
    rfc: "RFC 5861 §4",
    origin: [old(SIE), { status: 503, fields: { "Cache-Control": "max-age=60" }, body: "no" }],
    steps: [get(fetched("1")), get({ body: "1" }), { reached: 2 }, get({ body: "1" }), get({ body: "1" })],
  },
  {
    claim: "an error that says how long it lasts is kept where nothing may stand in for it",
    rfc: "RFC 9111 §3",
    origin: [{ status: 503, fields: { "Cache-Control": "max-age=60" }, body: "no" }],
    steps: [get({ status: 503, from: "origin" }), get({ status: 503, from: "cache" })],
  },
  ...[500, 502, 503, 504, 521].map(
    (status): HttpCase => ({
      claim: `a stale answer stands in for a ${status}`,
      rfc: "RFC 5861 §4",
      origin: [old(SIE), failing(status)],
      steps: [get(fetched("1")), standsIn({ from: "origin" })],
    }),
  ),
  {
    claim: "a stale answer stands in for a connection that is dropped",
    rfc: "RFC 5861 §4",
    origin: [old(SIE), { drops: true }],
    steps: [get(fetched("1")), standsIn({ from: "origin" })],
  },
  {
    claim: "a stale answer stands in for an origin that refuses connections",
    rfc: "RFC 5861 §4",
    origin: [old(SIE), fresh()],
    story: async (stage) => {
      await stage.send();
      await stage.edge.settled();
      await stage.edge.origin.refuse();
      const got = await stage.send().finally(() => stage.edge.origin.accept());
      expect([got.status, got.text]).toEqual([200, "1"]);
    },
  },
  {
    claim: "what stands in has its true age",
    rfc: "RFC 9111 §5.1",
    origin: [old(SIE), failing(503)],
    steps: [get(fetched("1")), standsIn({ fields: { age: (value) => Number(value) >= 70 } })],
  },
  {
    claim: "a 404 is no failure",
    rfc: "RFC 5861 §4",
    origin: [old(SIE), { status: 404, body: "gone" }],
    steps: [get(fetched("1")), get(fetched("gone", { status: 404 }))],
  },
  {
    claim: "a 501 tells of the request, and nothing stands in for it",
    rfc: "RFC 5861 §4",
    origin: [old(SIE), failing(501)],
    steps: [get(fetched("1")), get(fetched("failed", { status: 501 }))],
  },
  {
    claim: "beyond its window nothing stands in",
    rfc: "RFC 5861 §4",
    origin: [old(SIE, { Age: "700" }), failing(503)],
    steps: [get(fetched("1")), get(fetched("failed", { status: 503 }))],
  },
  {
    claim: "where no window is named an error is the answer",
    rfc: "RFC 9111 §4.2.4",
    origin: [old("max-age=60"), failing(503)],
    steps: [get(fetched("1")), get(fetched("failed", { status: 503 }))],
  },
  {
    claim: "where no window is named a dropped connection is a 502",
    rfc: "RFC 9110 §15.6.3",
    origin: [old("max-age=60"), { drops: true }],
    steps: [get(fetched("1")), get({ ...ORIGIN, status: [502, 504] })],
  },
  ...["must-revalidate", "proxy-revalidate", "no-cache"].map(
    (forbids): HttpCase => ({
      claim: `${forbids} forbids standing in`,
      rfc: "RFC 9111 §4.2.4",
      origin: [old(`${SIE}, ${forbids}`), failing(503)],
      steps: [get(fetched("1")), get({ ...ORIGIN, status: [502, 503, 504] })],
    }),
  ),
  {
    claim: "an error after a stale answer does not end its life",
    rfc: "RFC 9111 §4.3.3",
    origin: [
      old(SIE),
      failing(500),
      { status: 304, fields: { ETag: '"v1"', "Cache-Control": "max-age=60" } },
    ],
    story: async (stage) => {
      const texts = [(await stage.send()).text];
      await stage.edge.settled();
      texts.push((await stage.send()).text, (await stage.send()).text);
      expect(texts).toEqual(["1", "1", "1"]);
    },
  },
];

export const STALE: readonly HttpCase[] = [...WHILE_REVALIDATING, ...IF_ERROR];
