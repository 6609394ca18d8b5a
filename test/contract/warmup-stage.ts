// A site whose documents a test directs, read through stand-ins for edges, and warm-ups of it carried to their end.

import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { advanceWarmups } from "../../control-plane/warmup/advance.ts";
import type { DocumentCall, DocumentReply } from "../../shared/wire/document.ts";
import { ask, type ServerFixture, startServerRest } from "../support/redis-server.ts";
import { type FakeEdge, SITES, startFakeEdge, startPlane, type TestPlane } from "./control-harness.ts";

const SITE = "https://shop.test";
const POLICIES = [
  { site: "shop", key_pattern: "/*", class: "hot", key: { headers: ["x-side"], cookies: ["lang"] } },
];

export interface WarmupStage {
  readonly edges: readonly FakeEdge[];
  readonly plane: TestPlane;
  /** What the site has, by URL; of several the last one stays. */
  readonly documents: Map<string, DocumentReply | DocumentReply[]>;
  /** Another process on the same Redis. */
  another(): Promise<TestPlane>;
  begin(body: Record<string, unknown>): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: answers of the API are read field by field
  ended(job: string, by?: TestPlane): Promise<any>;
  /** Targets, each once. */
  warmed(): string[];
  /** Documents that edges were asked for, in all. */
  asked(): string[];
  stop(): Promise<unknown>;
}

export const at = (path: string): string => SITE + path;

export const pages = (...locations: string[]): DocumentReply & { kind: "sitemap" } => ({
  ...{ kind: "sitemap", of: "pages", locations, next: null, fault: null },
});

export const index = (...locations: string[]): DocumentReply => ({ ...pages(...locations), of: "sitemaps" });

/** Sets one before each of a file's tests, on one redis-server for all of them. */
export function stageEach(): { rest: ServerFixture; stage: WarmupStage } {
  const each = {} as { rest: ServerFixture; stage: WarmupStage };
  beforeAll(async () => {
    each.rest = await startServerRest();
  });
  afterAll(() => each.rest.stop());
  beforeEach(async () => {
    each.stage = await setWarmupStage(each.rest);
  });
  afterEach(() => each.stage.stop());
  return each;
}

async function setWarmupStage(rest: ServerFixture): Promise<WarmupStage> {
  await ask(rest, "/", ["FLUSHALL"]);
  const edges = await Promise.all(["one", "two"].map(startFakeEdge));
  const documents: WarmupStage["documents"] = new Map();
  for (const edge of edges) edge.read = (call) => readIn(documents, call);
  const another = (): Promise<TestPlane> =>
    startPlane(rest, { SITES, POLICIES, EDGES: edges.map(({ id, url }) => ({ id, url })) });
  const plane = await another();
  // The policies' recipes are those of the log.
  expect(await bootConfiguration(plane.plane)).toEqual({ kind: "done" });
  return {
    ...{ edges, plane, documents, another },
    async begin(body) {
      const sent = { site: "shop", ratePerSecond: 10_000, concurrency: 64, ...body };
      const { status, json } = await plane.call("/warmup", sent);
      expect(status, JSON.stringify(json)).toBe(202);
      return json.job;
    },
    async ended(job, by = plane) {
      for (let beats = 0; beats < 50; beats++) {
        const { json } = await by.call(job);
        if (json.state === "done") return json;
        expect(await advanceWarmups(by.plane, new Map())).toEqual({ kind: "done" });
      }
      throw new Error("it does not end");
    },
    warmed: () => [...new Set(edges.flatMap((edge) => edge.warmed))].sort(),
    asked: () => edges.flatMap((edge) => edge.documents),
    stop: () => Promise.all(edges.map((edge) => edge.stop())),
  };
}

function readIn(documents: WarmupStage["documents"], { url, from }: DocumentCall): DocumentReply {
  const told = documents.get(url);
  const one = Array.isArray(told) ? (told.length > 1 ? told.shift() : told[0]) : told;
  if (one === undefined) return { kind: "unreadable", reason: "was answered with 404", passing: false };
  if (one.kind !== "sitemap") return one;
  // Pages of two, so that there are several.
  const locations = one.locations.slice(from, from + 2);
  const next = from + 2 < one.locations.length ? from + 2 : null;
  return { ...one, locations, next, fault: next === null ? one.fault : null };
}
