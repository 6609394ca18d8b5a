// Content of clients before it reaches an origin, or the journal: what is waited for, for how long, and what its failures say.

import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { Reply } from "../../edge/request.ts";
import { kibibytes } from "../../shared/core/units.ts";
import { type Body, NO_BODY } from "../../shared/ports/body.ts";
import type { Journal, JournalAccepted } from "../../shared/ports/journal.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { systemTimers } from "../../shared/runtime/system.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const OFTEN = LIMITS.originBreaker.failures + 2;
const LARGE = LIMITS.sharedBody + 1;

let lone: LoneEdge;
/** What ends at the deadline of an upload. */
let deadlines: (() => void)[];
/** What the journal says of a write. */
let journal: () => Promise<JournalAccepted>;

beforeEach(() => {
  deadlines = [];
  const timers: typeof systemTimers = {
    ...systemTimers,
    after(span, action) {
      if (span !== LIMITS.uploadDeadline) return systemTimers.after(span, action);
      deadlines.push(action);
      return () => {
        deadlines = deadlines.filter((other) => other !== action);
      };
    },
  };
  journal = async () => ({ kind: "accepted", id: "1", etag: '"1"' });
  lone = loneEdge([{ id: "sessions", key_pattern: "/session/*", class: "session" }], {
    timers,
    journal: { ...UNREACHABLE, accept: () => journal() },
  });
  lone.origin = () => answer(204);
});

const UNREACHABLE: Journal = {
  placeOf: () => null,
  accept: async () => ({ kind: "unavailable", reason: "away" }),
  read: async () => ({ kind: "unavailable", reason: "away" }),
  claim: async () => ({ kind: "unavailable", reason: "away" }),
  yields: async () => "unavailable",
};

const answer = (status: number): OriginOutcome => ({ kind: "answer", status, headers: [], body: NO_BODY });
const REFUSED: OriginOutcome = { kind: "unreachable", reason: "refused", detail: "closed" };

interface Content {
  /** Octets of each piece, then the end, or what `ending` comes to. */
  readonly pieces: readonly number[];
  readonly ending?: () => Promise<unknown>;
}

function contentOf({ pieces, ending }: Content): Body & { reads: number; cancelled: boolean } {
  const left = pieces.map((octets) => new Uint8Array(octets));
  const body = {
    kind: "source" as const,
    reads: 0,
    cancelled: false,
    source: {
      length: null,
      async read() {
        body.reads += 1;
        const piece = left.shift();
        if (piece === undefined) await ending?.();
        return piece ?? null;
      },
      cancel() {
        body.cancelled = true;
      },
    },
  };
  return body;
}

const put = (path: string, announced: number | null, body: Body): Promise<Reply> =>
  lone.get(path, {
    method: "PUT",
    headers: announced === null ? [] : [["content-length", String(announced)]],
    body,
  });

/** Over a time in which a breaker would open, of content that is sent on while it comes. */
async function putOften(): Promise<void> {
  for (let i = 0; i < OFTEN; i++) {
    lone.now += LIMITS.originBreaker.lasting / LIMITS.originBreaker.failures;
    await put(`/${i}`, LARGE, contentOf({ pieces: [LARGE] }));
  }
}

describe("content that is sent on while its client sends it", () => {
  test("closes no origin where it fails", async () => {
    lone.origin = () => REFUSED;
    await putOften();
    lone.origin = () => answer(204);
    expect((await lone.get("/well")).status).toBe(204);
  });

  test("closes one that answers so, and opens it again when it is well", async () => {
    lone.origin = () => answer(503);
    await putOften();
    const asked = lone.asked.length;
    expect((await lone.get("/closed")).status).toBe(503);
    expect(lone.asked).toHaveLength(asked);
    lone.origin = () => answer(204);
    lone.now += LIMITS.originBreaker.pause;
    expect((await put("/again", LARGE, contentOf({ pieces: [LARGE] }))).status).toBe(204);
    expect((await lone.get("/well")).status).toBe(204);
  });

  test("says nothing of how long an origin takes", async () => {
    await lone.get("/usual");
    const before = lone.edge.guards.of("default").slots.size;
    lone.origin = () => {
      lone.now += 20_000;
      return answer(204);
    };
    for (let i = 0; i < 40; i++) await put(`/${i}`, LARGE, contentOf({ pieces: [LARGE] }));
    expect(lone.edge.guards.of("default").slots.size).toBe(before);
  });
});

const gone = (): Promise<never> => Promise.reject(new Error("gone"));

describe("content that is waited for", () => {
  test.each<[string, number | null, Content, number]>([
    ["breaks off", 10, { pieces: [3], ending: gone }, 400],
    ["is shorter than announced", 10, { pieces: [3] }, 400],
    ["is as long as announced", 10, { pieces: [3, 7] }, 204],
    ["has no announced length", null, { pieces: [3, 7] }, 204],
    ["begins to be large, and breaks off", LARGE, { pieces: [3], ending: gone }, 400],
  ])("and %s", async (_, announced, content, status) => {
    expect((await put("/a", announced, contentOf(content))).status).toBe(status);
    expect(lone.asked).toHaveLength(status === 204 ? 1 : 0);
  });

  test("for no longer than its deadline", async () => {
    const reads = Promise.withResolvers<void>();
    const body = contentOf({
      pieces: [3],
      ending: () => {
        reads.resolve();
        return new Promise(() => undefined);
      },
    });
    const reply = put("/slow", 10, body);
    await reads.promise;
    expect(deadlines).toHaveLength(1);
    for (const end of deadlines) end();
    expect([(await reply).status, body.cancelled, lone.asked.length]).toEqual([408, true, 0]);
    expect(deadlines).toEqual([]);
  });

  test("is held up to a limit in all, and makes room when it has gone", async () => {
    const gate = Promise.withResolvers<void>();
    const each = LIMITS.sharedBody;
    const fitting = LIMITS.uploadsHeldOfSite / each;
    const held = Array.from({ length: fitting }, (_, i) =>
      put(`/${i}`, each, contentOf({ pieces: [each], ending: () => gate.promise })),
    );
    const beyond = await put("/beyond", 1, contentOf({ pieces: [1] }));
    expect(beyond.status).toBe(503);
    gate.resolve();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual(Array(fitting).fill(204));
    expect((await put("/after", 1, contentOf({ pieces: [1] }))).status).toBe(204);
  });

  test("holds what has come, and not what was announced", async () => {
    const never = new Promise<null>(() => undefined);
    const idle = (): Body => ({
      kind: "source",
      source: {
        length: null,
        read: () => never,
        cancel: () => undefined,
        arrived(_most, mayHold) {
          mayHold(1);
          return never;
        },
      },
    });
    const headers = [["content-length", String(LIMITS.sharedBody)]] as const;
    for (let i = 0; i < 40; i++) void lone.get(`/${i}`, { headers, body: idle() });
    expect((await put("/well", 3, contentOf({ pieces: [3] }))).status).toBe(204);
  });

  test("is given up for lost long after its request can have ended", async () => {
    const each = LIMITS.sharedBody;
    const never = new Promise(() => undefined);
    for (let i = 0; i < LIMITS.uploadsHeldOfSite / each; i++)
      void put(`/${i}`, each, contentOf({ pieces: [each], ending: () => never }));
    expect((await put("/beyond", 1, contentOf({ pieces: [1] }))).status).toBe(503);
    lone.now += LIMITS.uploadDeadline + LIMITS.followerGuard + 1;
    await lone.beat();
    expect((await put("/after", 1, contentOf({ pieces: [1] }))).status).toBe(204);
  });

  test("is not where it would be turned away", async () => {
    lone.origin = () => answer(503);
    await putOften();
    const body = contentOf({ pieces: [3] });
    expect((await put("/closed", 3, body)).status).toBe(503);
    expect(body.reads).toBe(0);
  });
});

describe("content that the journal is to take", () => {
  /** What is kept of a session at most. */
  const WHOLE = kibibytes(64);
  /** One more is beyond what is held of one site. */
  const FITTING = LIMITS.uploadsHeldOfSite / WHOLE;
  const fill = (ending: () => Promise<unknown>): Promise<Reply>[] =>
    Array.from({ length: FITTING }, (_, i) =>
      put(`/session/${i}`, WHOLE, contentOf({ pieces: [WHOLE], ending })),
    );

  test("is held up to the same limit, and makes room when it has gone", async () => {
    const gate = Promise.withResolvers<void>();
    const held = fill(() => gate.promise);
    const beyond = [await put("/session/beyond", 1, contentOf({ pieces: [1] }))];
    beyond.push(await put("/beyond", 1, contentOf({ pieces: [1] })));
    expect(beyond.map(({ status }) => status)).toEqual([503, 503]);
    gate.resolve();
    const statuses = (await Promise.all(held)).map(({ status }) => status);
    expect(statuses).toEqual(Array(FITTING).fill(202));
    expect((await put("/session/after", 1, contentOf({ pieces: [1] }))).status).toBe(202);
  });

  test("is held until the journal has answered", async () => {
    const gate = Promise.withResolvers<JournalAccepted>();
    let asked = 0;
    const all = Promise.withResolvers<void>();
    journal = () => {
      asked += 1;
      if (asked === FITTING) all.resolve();
      return gate.promise;
    };
    const held = fill(async () => undefined);
    await all.promise;
    expect((await put("/beyond", 1, contentOf({ pieces: [1] }))).status).toBe(503);
    gate.resolve({ kind: "unavailable", reason: "away" });
    const statuses = (await Promise.all(held)).map(({ status }) => status);
    expect(statuses).toEqual(Array(FITTING).fill(503));
    expect((await put("/after", 1, contentOf({ pieces: [1] }))).status).toBe(204);
  });

  test("is given up at the deadline of uploads", async () => {
    const reads = Promise.withResolvers<void>();
    const ending = (): Promise<unknown> => {
      reads.resolve();
      return new Promise(() => undefined);
    };
    const body = contentOf({ pieces: [3], ending });
    const reply = put("/session/slow", 10, body);
    await reads.promise;
    for (const end of deadlines) end();
    expect([(await reply).status, body.cancelled]).toEqual([408, true]);
  });

  test.each<[string, number | null, Content, number]>([
    ["breaks off", 10, { pieces: [3], ending: gone }, 400],
    ["is shorter than announced", 10, { pieces: [3] }, 400],
    ["is larger than is kept", null, { pieces: [WHOLE, 1] }, 413],
  ])("leaves nothing held where it %s", async (_, announced, content, status) => {
    expect((await put("/session/a", announced, contentOf(content))).status).toBe(status);
    const held = fill(async () => undefined);
    expect((await Promise.all(held)).map((reply) => reply.status)).toEqual(Array(FITTING).fill(202));
  });
});
