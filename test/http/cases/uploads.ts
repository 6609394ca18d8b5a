// Content that its client breaks off or holds back: it is nobody else's trouble, and no origin's.

import { expect } from "vitest";
import { sendShort } from "../../support/wire-client.ts";
import { fresh, type HttpCase } from "../case.ts";
import type { Line, Stage } from "../stage.ts";

/** More than the failures in a row by which a breaker opens. */
const OFTEN = 12;
/** More than an origin is sent at once. */
const MANY = 300;
/** Larger than what is read before it is sent on. */
const LARGE = 3 << 20;

const breaksOff = (stage: Stage, line: Line, announced: number): Promise<string> =>
  sendShort(stage.edge.url, stage.request(line), { announced });

async function brokenOff(stage: Stage, line: Line, announced = 1000): Promise<void> {
  for (let i = 0; i < OFTEN; i++)
    expect(await breaksOff(stage, { ...line, at: `/${i}` }, announced)).toMatch(/^HTTP\/1\.1 [45]\d\d /);
}

const isWell = async (stage: Stage): Promise<void> => {
  const got = await stage.send({ at: "/well" });
  expect([got.status, got.text]).toEqual([200, "well"]);
};

const WELL = { fields: { "Cache-Control": "no-store" }, body: "well" };

export const UPLOADS: readonly HttpCase[] = [
  ...["POST", "PUT", "GET"].map(
    (method): HttpCase => ({
      claim: `a ${method} whose content breaks off is a 400, reaches no origin, and closes none`,
      rfc: "RFC 9110 §8.6",
      origin: [WELL],
      story: async (stage) => {
        for (let i = 0; i < OFTEN; i++)
          expect(await breaksOff(stage, { method, body: "abc" }, 1000)).toMatch(/^HTTP\/1\.1 400 /);
        expect(stage.asked()).toEqual([]);
        await isWell(stage);
      },
    }),
  ),
  {
    claim: "large content that breaks off while it is sent on closes no origin",
    rfc: "Tidegate",
    origin: [WELL],
    story: async (stage) => {
      await brokenOff(stage, { method: "POST", body: "x".repeat(LARGE / 2) }, LARGE);
      await isWell(stage);
    },
  },
  {
    claim: "a write that its client breaks off makes nothing out of date",
    rfc: "RFC 9111 §4.4",
    origin: [fresh({}, { body: "stored" })],
    story: async (stage) => {
      await stage.send();
      await stage.edge.settled();
      await breaksOff(stage, { method: "POST", body: "abc" }, 1000);
      const got = await stage.send();
      expect([got.text, stage.asked().length]).toEqual(["stored", 1]);
    },
  },
  {
    claim: "content that stalls takes no place from others at the origin",
    rfc: "Tidegate",
    origin: [WELL],
    story: async (stage) => {
      const leaves = Promise.withResolvers<void>();
      const lines = Array.from({ length: MANY }, (_, i) => ({ method: "POST", body: "abc", at: `/${i}` }));
      const stalled = lines.map((line, i) => {
        // Such as is waited for whole, and such as would be sent on.
        const announced = i % 2 === 0 ? 1000 : LARGE;
        return sendShort(stage.edge.url, stage.request(line), { announced, leaves: leaves.promise });
      });
      await isWell(stage);
      leaves.resolve();
      await Promise.all(stalled);
      expect(stage.asked()).toHaveLength(1);
    },
  },
  {
    claim: "content that arrives whole is sent on as it is, small and large, with its length",
    rfc: "RFC 9110 §8.6",
    origin: (asked) => ({ fields: { "Cache-Control": "no-store" }, body: `${asked.body.length}` }),
    story: async (stage) => {
      for (const octets of [0, 1, 70_000, 1 << 20, LARGE]) {
        const got = await stage.send({ method: "POST", body: "x".repeat(octets) });
        expect([got.status, got.text]).toEqual([200, String(octets)]);
        const [, length] =
          stage
            .asked()
            .at(-1)
            ?.fields.find(([name]) => /^content-length$/i.test(name)) ?? [];
        expect(length).toBe(String(octets));
      }
    },
  },
];
