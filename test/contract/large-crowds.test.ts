// A crowd on something large that nobody holds yet: L2 does not take it, and the origin is not asked by each of them.

import { expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { Body } from "../../shared/ports/body.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { type EdgesTogether, edgesTogether } from "../support/edges-together.ts";
import { HOST } from "../support/lone-edge.ts";
import { blobsIn, readAll } from "../support/memory-blobs.ts";

const LARGE = LIMITS.sharedBody + 1;
const HALF = Math.floor(LARGE / 2);
const EACH = 10;
const TTFB = 50;

/** In two pieces, with so long before the second. */
function large(together: EdgesTogether, takes: number, headers: HeaderList = []): OriginOutcome {
  const pieces = [new Uint8Array(HALF), new Uint8Array(LARGE - HALF), null];
  const source = {
    length: LARGE,
    async read() {
      if (pieces.length === 2) await together.takes(takes);
      return pieces.shift() ?? null;
    },
    cancel: () => undefined,
  };
  const body: Body = { kind: "source", source };
  return { kind: "answer", status: 200, headers: [["cache-control", "max-age=60"], ...headers], body };
}

/** Who comes at once, at each edge; what each is told, once he has all of it. */
async function crowd(together: EdgesTogether, span = 1500, headers: HeaderList = []): Promise<string[]> {
  const told: string[] = [];
  for (const edge of together.edges)
    for (let n = 0; n < EACH; n++)
      void edge.open("/a", { headers }).then(async ({ body, cacheStatus }) => {
        expect(await readAll(body)).toHaveLength(LARGE);
        told.push(cacheStatus);
      });
  await together.pass(span);
  expect(told).toHaveLength(EACH * together.edges.length);
  return told;
}

const bringing = async (
  together: EdgesTogether,
  takes: number,
  headers: HeaderList = [],
): Promise<OriginOutcome> => {
  await together.takes(TTFB);
  return large(together, takes, headers);
};

const PASSED = "tidegate-l1; fwd=bypass; fwd-status=200; detail=pass";

test("each data centre asks once", async () => {
  const together = await edgesTogether(3, [], blobsIn(["a", "b", "c"]));
  together.origin(() => bringing(together, 100));
  const told = await crowd(together);
  expect(told).not.toContain(PASSED);
  expect(together.edges.map(({ asked }) => asked.length)).toEqual([1, 1, 1]);
});

test("isolates of one data centre wait for the one that has the lease", async () => {
  const together = await edgesTogether(4, [], blobsIn(["a", "a", "a", "a"]));
  together.origin(() => bringing(together, 100));
  expect(await crowd(together)).not.toContain(PASSED);
  expect(together.asked()).toBe(1);
});

test("those of another agree on who of them asks", async () => {
  const together = await edgesTogether(7, [], blobsIn(["a", "b", "b", "b", "b", "b", "b"]));
  together.origin(() => bringing(together, 100));
  expect(await crowd(together)).not.toContain(PASSED);
  // Several of them find out at once that nobody does so yet.
  expect(together.asked()).toBe(2);
});

test("so they do where it varies, which none of them knows yet", async () => {
  for (const dataCentres of [
    ["a", "a", "a"],
    ["a", "b", "b", "b"],
  ]) {
    const together = await edgesTogether(dataCentres.length, [], blobsIn(dataCentres));
    together.origin(() => bringing(together, 100, [["vary", "x-kind"]]));
    expect(await crowd(together, 1500, [["x-kind", "one"]])).not.toContain(PASSED);
    expect(together.asked()).toBe(new Set(dataCentres).size);
  }
});

test("another variant than the one that is on its way is fetched beside it", async () => {
  const together = await edgesTogether(2, [], blobsIn(["a", "a"]));
  together.origin(() => bringing(together, 100, [["vary", "x-kind"]]));
  const waited: number[] = [];
  for (const [at, edge] of together.edges.entries()) {
    const since = edge.now;
    void edge.open("/a", { headers: [["x-kind", `${at}`]] }).then(async ({ body }) => {
      expect(await readAll(body)).toHaveLength(LARGE);
      waited.push(edge.now - since);
    });
  }
  await together.pass(1000);
  expect([waited.length, together.asked()]).toEqual([2, 2]);
});

test("what has come and is purged at once is fetched anew at once, and once", async () => {
  const together = await edgesTogether(3, [], blobsIn(["a", "a", "a"]));
  together.origin(() => bringing(together, 100));
  await crowd(together, 500);
  const selectors = [`default u ${HOST}/a` as Selector];
  for (const edge of together.edges) {
    edge.append({ kind: "invalidate", mode: "hard", selectors });
    await edge.beat();
  }
  await crowd(together, 500);
  expect(together.asked()).toBe(2);
});

test("nobody waits for what another isolate has failed to fetch", async () => {
  const together = await edgesTogether(2, [], blobsIn(["a", "a"]));
  const life: HeaderList = [["cdn-cache-control", "max-age=3"]];
  together.origin(async () => {
    if (together.asked() !== 2) return bringing(together, 0, life);
    await together.takes(TTFB);
    return { kind: "unreachable", reason: "refused", detail: "" };
  });
  await crowd(together, 3500);
  // The lease's marker still says that it is large.
  const statuses: number[] = [];
  for (const edge of together.edges) void edge.open("/a").then(({ status }) => statuses.push(status));
  await together.pass(1000);
  expect([statuses.toSorted((a, b) => a - b), together.asked()]).toEqual([[200, 502], 3]);
});

const SOON: HeaderList = [["cdn-cache-control", "max-age=3"]];

/** As an earlier crowd has left them: the answer has expired, and the lease's marker says that it is large. */
async function afterAnother(together: EdgesTogether, next: () => Promise<OriginOutcome>): Promise<void> {
  together.origin(() => (together.asked() === 1 ? bringing(together, 0, SOON) : next()));
  await crowd(together, 3500);
  expect(together.asked()).toBe(1);
}

test("an origin that takes its time is waited for by all but one", async () => {
  const together = await edgesTogether(4, [], blobsIn(["a", "a", "a", "a"]));
  await afterAnother(together, async () => {
    await together.takes(6000);
    return large(together, 0);
  });
  await crowd(together, 8000);
  expect(together.asked()).toBe(2);
});

test("but not for ever", async () => {
  const together = await edgesTogether(2, [], blobsIn(["a", "a"]));
  await afterAnother(together, async () => {
    if (together.asked() === 2) await together.takes(60_000);
    return large(together, 0);
  });
  const [hung, next] = together.edges;
  void hung?.open("/a");
  await together.pass(100);
  const since = next?.now ?? 0;
  let waited = 0;
  void next?.open("/a").then(() => {
    waited = next.now - since;
  });
  await together.pass(2 * LIMITS.bodyPatience);
  expect(waited).toBeGreaterThan(2 * LIMITS.shortPatience);
  expect(waited).toBeLessThanOrEqual(LIMITS.bodyPatience + 2 * LIMITS.slowPollInterval);
});

test("nor for one after the other, where what each brings is past its life", async () => {
  const together = await edgesTogether(4, [], blobsIn(["a", "a", "a", "a"]));
  await afterAnother(together, async () => {
    await together.takes(4000);
    return large(together, 0, SOON);
  });
  await crowd(together, 2 * 4000 + LIMITS.shortPatience + 1000);
});

test("who knows of a purge does not wait for what was asked for before it, and others wait for him", async () => {
  const together = await edgesTogether(3, [], blobsIn(["a", "a", "a"]));
  await afterAnother(together, async () => {
    await together.takes(together.asked() === 2 ? 1000 : 3000);
    return large(together, 0);
  });
  const served: number[] = [];
  const take = (at: number): void => {
    const edge = together.edges[at];
    const since = edge?.now ?? 0;
    void edge?.open("/a").then(async ({ body }) => {
      await readAll(body);
      served.push(edge.now - since);
    });
  };
  take(0);
  await together.pass(100);
  for (const edge of together.edges) {
    edge.append({ kind: "invalidate", mode: "hard", selectors: [`default u ${HOST}/a` as Selector] });
    await edge.beat();
  }
  take(1);
  // By then the first has brought what nobody wants any more, and has taken back what it said; not what the second says.
  await together.pass(2000);
  take(2);
  await together.pass(3000);
  expect(together.asked()).toBe(3);
  expect(served).toHaveLength(3);
  expect(Math.max(...served)).toBeLessThan(3500);
});

test("one that comes while another isolate's client takes it slowly waits for no longer than its patience", async () => {
  const together = await edgesTogether(2, [], blobsIn(["a", "a"]));
  together.origin(async () => large(together, together.asked() === 1 ? 60_000 : 0));
  const [slow, next] = together.edges;
  void slow?.open("/a").then(({ body }) => readAll(body));
  await together.pass(100);
  let waited: number | null = null;
  const since = next?.now ?? 0;
  void next?.open("/a").then(async ({ body }) => {
    expect(await readAll(body)).toHaveLength(LARGE);
    waited = next.now - since;
  });
  await together.pass(2 * LIMITS.shortPatience);
  expect(waited).toBeLessThanOrEqual(LIMITS.shortPatience + 2 * LIMITS.besideInterval);
});

test("nor for one that announces it after the first has not brought it", async () => {
  const together = await edgesTogether(3, [], blobsIn(["a", "a", "a"]));
  together.origin(async () => large(together, 60_000));
  for (const [at, edge] of together.edges.entries()) {
    void edge.open("/a");
    await together.pass(at === 0 ? 100 : 0);
  }
  await together.pass(LIMITS.shortPatience + 2 * LIMITS.besideInterval);
  expect(together.asked()).toBe(3);
});

test("what it fetches after a purge that came while it waited is stored as from after it", async () => {
  const together = await edgesTogether(2, [], blobsIn(["a", "a"]));
  together.origin(async () => large(together, together.asked() === 1 ? 60_000 : 0));
  const [slow, next] = together.edges;
  void slow?.open("/a").then(({ body }) => readAll(body));
  await together.pass(100);
  const take = (): void => void next?.open("/a").then(({ body }) => readAll(body));
  take();
  await together.pass(1000);
  for (const edge of together.edges) {
    edge.append({ kind: "invalidate", mode: "hard", selectors: [`default u ${HOST}/a` as Selector] });
    await edge.beat();
  }
  await together.pass(LIMITS.shortPatience);
  take();
  await together.pass(1000);
  expect(together.asked()).toBe(2);
});

test("who wants nothing that is stored does not wait for it", async () => {
  const honors = { id: "h", key_pattern: "/*", class: "standard", request_directives: "honor" };
  const together = await edgesTogether(2, [honors], blobsIn(["a", "a"]));
  together.origin(() => bringing(together, LIMITS.shortPatience));
  const waited: number[] = [];
  for (const edge of together.edges) {
    const since = edge.now;
    void edge
      .open("/a", { headers: [["cache-control", "no-cache"]] })
      .then(() => waited.push(edge.now - since));
  }
  await together.pass(LIMITS.shortPatience);
  expect([waited.length, Math.max(...waited) < 5 * TTFB]).toEqual([2, true]);
});

test("what an origin takes longer than that to send is waited for where it will soon be here", async () => {
  const together = await edgesTogether(1, [], blobsIn([]));
  together.origin(() => bringing(together, LIMITS.shortPatience + 1000));
  expect(await crowd(together, 2 * LIMITS.shortPatience)).not.toContain(PASSED);
  expect(together.asked()).toBe(1);
});

test("where it will not, those who wait begin anew together once, and then go for themselves", async () => {
  const together = await edgesTogether(1, [], blobsIn([]));
  const [pieces, cancel] = [() => together.takes(120_000).then(() => null), () => undefined];
  together.origin(async () => {
    await together.takes(TTFB);
    const answer = large(together, 0);
    if (together.asked() > 2) return answer;
    return { ...answer, body: { kind: "source", source: { length: LARGE, read: pieces, cancel } } };
  });
  const [edge] = together.edges;
  let done = 0;
  const take = async (): Promise<void> => {
    const reply = await edge?.open("/a");
    if (reply !== undefined) await readAll(reply.body);
    done += 1;
  };
  for (let n = 0; n < EACH; n++) void take();
  await together.pass(LIMITS.shortPatience + 2 * TTFB);
  expect(together.asked()).toBe(2);
  await together.pass(LIMITS.shortPatience + 2 * TTFB);
  expect([together.asked(), done]).toEqual([EACH, EACH - 2]);
});
