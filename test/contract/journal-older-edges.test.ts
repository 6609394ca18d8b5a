// What clients are shown of a key while a journal that came back as an older copy holds it, and after: an edge in virtual time.

import { beforeEach, describe, expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import type { Edge } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import { explain } from "../../edge/internal/explain.ts";
import type { EdgeRequest } from "../../edge/request.ts";
import { readWhole } from "../../edge/share-body.ts";
import { kickFlush } from "../../edge/writes/flush.ts";
import { JOURNAL_LIMITS } from "../../edge/writes/journal-limits.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { JOURNAL_PARTITIONS } from "../../shared/mid-tier/journal.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { Chance } from "../simulator/chance.ts";
import { DIGEST } from "../simulator/digest.ts";
import { VirtualTime } from "../simulator/virtual-time.ts";
import { bareEdge } from "../support/bare-edge.ts";
import { answer, JournalOrigin } from "../support/journal-origin.ts";
import { twoDatabases } from "../support/two-databases.ts";
import { virtualHost } from "../support/virtual-host.ts";

const SITES = [{ name: "a", hosts: ["a.test"], aliases: [], canonicalHost: "a.test" }];
const POLICIES = [{ id: "all", site: "a", key_pattern: "/*", class: "session" }];
const [X, OTHER] = ["http://a.test/x", "http://a.test/other"];
/** Longer than what is under way is waited for, and shorter than what has failed. */
const SOON = 200;

let time: VirtualTime;
let databases: Awaited<ReturnType<typeof twoDatabases>>;
let origin: JournalOrigin;
/** What the origin says to a write. */
let writing: (request: OriginRequest) => OriginOutcome;
let edge: Edge;

/** Takes it, and can't say so. */
function takenUnsaid(request: OriginRequest): OriginOutcome {
  origin.take(request);
  return answer(502, "");
}

beforeEach(async () => {
  time = new VirtualTime();
  const chance = new Chance("older");
  databases = await twoDatabases(time, chance.fork("redis"));
  const { redis } = databases;
  origin = new JournalOrigin();
  writing = (request) => origin.take(request);
  origin.instead = (request) => {
    if (request.method !== "GET") return writing(request);
    const headers: HeaderList = [["cache-control", "max-age=600"]];
    return { ...answer(200, origin.values.get(request.url) ?? "nothing"), headers };
  };
  const env = { CLUSTER_KEY: "k", SITES: JSON.stringify(SITES), POLICIES: JSON.stringify(POLICIES) };
  const { settings } = readEnvironment(env, null);
  const booted = bootConfiguration({ log: createLog(redis, LOG_LIMITS), digest: DIGEST, settings });
  await time.runUntil(200);
  expect(await booted).toEqual({ kind: "done" });
  edge = bareEdge(redis, origin, undefined, { host: virtualHost(time, chance.fork("edge")) });
  await within(edge.view.pull(UNKEPT));
  origin.values.set(X, "0");
  for (let times = 0; times < 2; times++) expect(await get(X)).toBe("200 0");
  expect(origin.asked).toHaveLength(1);
  origin.asked.length = 0;
});

function requestOf(method: string, url: string, body: string | null, more: HeaderList = []): EdgeRequest {
  const bytes = new TextEncoder().encode(body ?? "") as Uint8Array<ArrayBuffer>;
  const headers: HeaderList = body === null ? more : [...more, ["content-length", String(bytes.length)]];
  return {
    ...{ method, url, background: UNKEPT, purpose: "client", arrivedAt: edge.clock.now() },
    body: body === null ? NO_BODY : { kind: "bytes", bytes },
    header: (name) => headerValue(headers, name),
    headers: () => headers,
  };
}

/** What comes of it within that time. */
async function within<T>(asked: T | Promise<T>, span = SOON): Promise<T> {
  await time.runUntil(time.now + span);
  return asked;
}

async function get(url: string, more?: HeaderList): Promise<string> {
  const { status, body } = await within(handleRequest(edge, requestOf("GET", url, null, more)));
  if (body.kind === "none") return `${status} `;
  const bytes = body.kind === "bytes" ? body.bytes : await within(readWhole(body.source, 1000));
  return `${status} ${new TextDecoder().decode(bytes ?? undefined)}`;
}

async function put(url: string, body: string): Promise<void> {
  expect((await within(handleRequest(edge, requestOf("PUT", url, body)))).status).toBe(202);
}

/** As the beat has it done. */
async function flushed(span: number): Promise<void> {
  for (let partition = 0; partition < JOURNAL_PARTITIONS; partition++)
    kickFlush(edge, { shard: "one", partition }, UNKEPT);
  await time.runUntil(time.now + span);
}

/** The origin has the write and could not say so; what was delivered since is lacking. */
async function lost(): Promise<void> {
  writing = takenUnsaid;
  await put(X, "1");
  const copied = time.now;
  writing = (request) => (request.url === X ? answer(503, "") : origin.take(request));
  await put(OTHER, "other");
  databases.journal.rollBack(copied);
  await flushed(2000);
  expect(origin.values.get(X)).toBe("1");
}

describe("what is held", () => {
  test("is read from the origin, and not from what was stored before it was written", async () => {
    await lost();
    expect(await get(X)).toBe("200 1");
    expect(await get(X)).toBe("200 1");
    expect(origin.asked.filter(({ method }) => method === "GET")).toHaveLength(2);
    const look = await within(explain(edge, requestOf("GET", X, null)));
    expect(look.journal).toEqual({ kind: "held" });
  });

  test("is not fetched for whoever wants what is stored alone", async () => {
    await lost();
    expect(await get(X, [["cache-control", "only-if-cached"]])).toMatch(/^504 /);
  });
});

test("the log is told of what took its place and was refused, since the origin may have had it", async () => {
  await lost();
  await put(X, "2");
  expect(await get(X)).toBe("200 2");
  writing = () => answer(403, "no");
  await time.runUntil(time.now + JOURNAL_LIMITS.claimedFor);
  await flushed(SOON);
  expect(await get(X)).toBe("200 1");
});
