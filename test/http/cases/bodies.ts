// Content: cases of answers that are cut short, too long, large, or in no hurry.

import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { fieldOf } from "../../support/fields.ts";
import { sha256 } from "../../support/http.ts";
import type { Spoken } from "../../support/scripted-origin.ts";
import { type Received, sendAndLeave, sendUntil } from "../../support/wire-client.ts";
import { CACHE, cached, fetched, fresh, get, type HttpCase, head, ORIGIN, stale } from "../case.ts";
import type { Stage } from "../stage.ts";

const MEBIBYTE = 1024 * 1024;
const EVERY_OCTET = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

const THREE_MEBIBYTES = Buffer.alloc(3 * MEBIBYTE, "the whole ");
/** Stale on arrival, and allowed to stand in for a failed origin. */
const old = (more: Partial<Spoken>): Spoken => ({
  fields: { "Cache-Control": "max-age=60, stale-if-error=600", Age: "70" },
  ...more,
});

const SHORT: readonly HttpCase[] = [
  {
    claim: "an answer that is cut short is not stored",
    rfc: "RFC 9111 §3.3",
    origin: [fresh({}, { body: "0123456789", cutAfter: 4 }), fresh({}, { body: "0123456789" })],
    story: async (stage) => {
      const first = await stage.send();
      if (first.status === 200) expect(first.whole).toBe(false);
      await stage.edge.settled();
      expect((await stage.send()).text).toBe("0123456789");
      expect(stage.asked().length).toBe(2);
    },
  },
  {
    claim: "an answer that is cut short replaces nothing that is whole",
    rfc: "RFC 9111 §3.3",
    origin: (asked, nth) => {
      if (nth === 1) return stale({}, { body: "the whole of one" });
      if (nth === 2) return fresh({ ETag: '"v2"' }, { body: "the whole of two", cutAfter: 5 });
      const known = fieldOf(asked.fields, "if-none-match") === '"v1"';
      return known
        ? { status: 304, fields: { ETag: '"v1"', "Cache-Control": "max-age=60" } }
        : fresh({}, { body: "the whole of three" });
    },
    story: async (stage) => {
      for (let i = 0; i < 4; i++) {
        const got = await stage.send();
        if (i !== 1)
          expect([got.status, got.text]).toEqual([200, expect.stringMatching(/^the whole of (one|three)$/)]);
        await stage.edge.settled();
      }
    },
  },
  {
    claim: "a large answer that is cut short replaces nothing that is whole",
    rfc: "RFC 9111 §3.3",
    origin: (_, nth) => {
      if (nth === 1) return old({ body: THREE_MEBIBYTES });
      if (nth === 2) return old({ body: THREE_MEBIBYTES, cutAfter: 2 * MEBIBYTE });
      return { status: 503, body: "down" };
    },
    story: async (stage) => {
      const first = await stage.send();
      expect(first.body.equals(THREE_MEBIBYTES)).toBe(true);
      await stage.edge.settled();
      expect((await stage.send()).whole).toBe(false);
      await stage.edge.settled();
      const third = await stage.send();
      expect([third.status, third.body.equals(THREE_MEBIBYTES)]).toEqual([200, true]);
    },
  },
  {
    claim: "an answer that ends before its first octet is not stored",
    rfc: "RFC 9111 §3.3",
    origin: [fresh({}, { body: "0123456789", cutAfter: 0 }), fresh({}, { body: "0123456789" })],
    story: async (stage) => {
      await stage.send();
      await stage.edge.settled();
      expect((await stage.send()).text).toBe("0123456789");
    },
  },
  {
    claim: "octets behind an answer are nobody's answer",
    rfc: "RFC 9112 §6.3",
    origin: (asked) =>
      asked.target.endsWith("/a")
        ? fresh(
            {},
            {
              body: "hello",
              extra: "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nCache-Control: max-age=60\r\n\r\npoison",
            },
          )
        : fresh({}, { body: `true ${asked.target}` }),
    story: async (stage) => {
      expect((await stage.send({ at: "/a" })).text).toBe("hello");
      const texts = [];
      for (const at of ["/b", "/c", "/d", "/b"]) texts.push((await stage.send({ at })).text);
      expect(texts).toEqual(["/b", "/c", "/d", "/b"].map((at) => `true ${stage.path}${at}`));
    },
  },
];

const FRAMED: readonly HttpCase[] = [
  {
    claim: "every octet passes",
    rfc: "RFC 9110 §6.4",
    origin: [fresh({}, { body: EVERY_OCTET })],
    steps: [get(fetched(EVERY_OCTET)), get(cached(EVERY_OCTET))],
  },
  {
    claim: "a chunked answer passes whole",
    rfc: "RFC 9112 §7.1",
    origin: [fresh({}, { body: EVERY_OCTET, framing: "chunked" })],
    steps: [get(fetched(EVERY_OCTET)), get({ body: EVERY_OCTET })],
  },
  {
    claim: "an answer that ends with its connection passes whole",
    rfc: "RFC 9112 §6.3",
    origin: [fresh({}, { body: EVERY_OCTET, framing: "close" })],
    steps: [get(fetched(EVERY_OCTET)), get({ body: EVERY_OCTET })],
  },
  {
    claim: "an empty answer is an answer",
    rfc: "RFC 9111 §3",
    origin: [fresh({}, { body: "" })],
    steps: [get(fetched("")), get(cached(""))],
  },
  {
    claim: "a HEAD tells the length and has no content",
    rfc: "RFC 9110 §9.3.2",
    origin: [fresh({}, { body: "0123456789" })],
    steps: [get(ORIGIN), head({ ...CACHE, body: "", fields: { "content-length": "10" } })],
  },
  {
    claim: "what has no content has no length either",
    rfc: "RFC 9110 §8.6",
    origin: [fresh({ "Content-Length": "0" }, { status: 204 })],
    steps: [
      head({ ...ORIGIN, status: 204, fields: { "content-length": null } }),
      get({ ...ORIGIN, status: 204, fields: { "content-length": null } }),
      head({ ...CACHE, status: 204, fields: { "content-length": null } }),
    ],
  },
  {
    claim: "a HEAD on a miss tells the length, and serves no later GET",
    rfc: "RFC 9110 §9.3.2",
    origin: [fresh({}, { body: "0123456789" })],
    steps: [head({ ...ORIGIN, body: "", fields: { "content-length": "10" } }), get({ body: "0123456789" })],
  },
];

const digests = (octets: Buffer) => (got: Received) => expect(sha256(got.body)).toBe(sha256(octets));

const LARGE: readonly HttpCase[] = [2, 20].map((mebibytes) => {
  const octets = randomBytes(mebibytes * MEBIBYTE);
  const at = octets.length - 1000;
  return {
    claim: `${mebibytes} MiB pass octet for octet, are stored, and are cut`,
    rfc: "RFC 9110 §14.1.2",
    origin: [fresh({ ETag: '"large"' }, { body: octets })],
    steps: [
      get({ ...ORIGIN, also: digests(octets) }),
      { ...get({ ...CACHE, also: digests(octets) }), eventually: true },
      get(
        { ...CACHE, status: 206, body: octets.subarray(at, at + 100) },
        { Range: `bytes=${at}-${at + 99}` },
      ),
      get({ ...CACHE, status: 206, body: octets.subarray(-10) }, { Range: "bytes=-10" }),
    ],
  };
});

const RULED: HttpCase = {
  claim: "a large answer is stored without its cookies and without what is private",
  rfc: "RFC 9111 §5.2.2.7",
  under: "/strip-cookie",
  origin: [
    fresh(
      {
        "Cache-Control": 'max-age=60, private="X-Own"',
        "X-Own": "mine",
        "Set-Cookie": "sid=1",
        Connection: "X-Hop",
        "X-Hop": "1",
      },
      { body: randomBytes(2 * MEBIBYTE) },
    ),
  ],
  steps: [
    get(ORIGIN),
    { ...get({ ...CACHE, fields: { "x-own": null, "set-cookie": null, "x-hop": null } }), eventually: true },
  ],
};

/** Answers of so many octets stop in the middle until they are let go. */
async function leavesInTheMiddle(stage: Stage, octets: Buffer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const half = Math.floor(octets.length / 2);
  stage.edge.origin.script(stage.id, (_, nth) =>
    fresh({}, nth === 1 ? { body: octets, stopsAt: { octets: half, until: promise } } : { body: octets }),
  );
  await sendAndLeave(stage.edge.url, stage.request(), 1);
  resolve();
  for (let i = 0; i < 3; i++) digests(octets)(await stage.send());
}

const LEAVING: readonly HttpCase[] = [
  ...[64 * 1024, 3 * MEBIBYTE].map(
    (length): HttpCase => ({
      claim: `a client that leaves in the middle of ${length} octets leaves nothing cut behind`,
      rfc: "RFC 9111 §3.3",
      story: (stage) => leavesInTheMiddle(stage, randomBytes(length)),
    }),
  ),
  ...["first", "last"].map(
    (which): HttpCase => ({
      claim: `of fifty who ask at once the ${which} leaves: the others get the whole, of one request`,
      rfc: "Tidegate",
      story: async (stage) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        stage.edge.origin.script(stage.id, () => fresh({}, { body: EVERY_OCTET, after: promise }));
        const leaves = Promise.withResolvers<void>();
        const leaver = (): Promise<void> => sendUntil(stage.edge.url, stage.request(), leaves.promise);
        const left = which === "first" ? [leaver()] : [];
        if (which === "first") await stage.reached(1);
        const others = Array.from({ length: 49 }, () => stage.send());
        if (which === "last") left.push(leaver());
        await stage.reached(1);
        // Whatever came in before this has been taken up by now.
        await stage.edge.settled();
        leaves.resolve();
        await Promise.all(left);
        await stage.edge.settled();
        resolve();
        for (const got of await Promise.all(others)) digests(EVERY_OCTET)(got);
        expect(stage.asked().length).toBe(1);
      },
    }),
  ),
];

const MANY: readonly HttpCase[] = [
  {
    claim: "those who wait for a large answer take it from where it is stored: the origin sends it once",
    rfc: "RFC 9111 §4",
    story: async (stage) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      stage.edge.origin.script(stage.id, ({ method }) =>
        method === "OPTIONS" ? {} : fresh({}, { body: THREE_MEBIBYTES, after: promise }),
      );
      const first = stage.send();
      await stage.reached(1);
      const others = Array.from({ length: 7 }, () => stage.send());
      await stage.send({ method: "OPTIONS" });
      resolve();
      for (const got of await Promise.all([first, ...others]))
        expect(got.body.equals(THREE_MEBIBYTES)).toBe(true);
      expect(stage.asked().filter(({ method }) => method === "GET")).toHaveLength(1);
    },
  },
  {
    claim: "an answer that has grown large is stored in place of the small one",
    rfc: "RFC 9111 §4",
    origin: (_, nth) => (nth === 1 ? stale({}, { body: "small" }) : fresh({}, { body: THREE_MEBIBYTES })),
    steps: [
      get(fetched("small")),
      get(fetched(THREE_MEBIBYTES)),
      { ...get(cached(THREE_MEBIBYTES)), eventually: true },
    ],
  },
];

export const BODIES: readonly HttpCase[] = [...SHORT, ...FRAMED, ...LARGE, ...MANY, RULED, ...LEAVING];
