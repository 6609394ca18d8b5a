// What can't be read of the journal in one reply, against a real redis-server and the embedded store.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import type { Result } from "../../shared/ports/journal.ts";
import type { Redis, RedisReply } from "../../shared/ports/redis.ts";
import { OneJournal } from "../support/one-journal.ts";
import { BACKENDS, type RestFixture, until } from "../support/redis-server.ts";

/** As the journal keeps what it is told to: eight octets, all zero. */
const BODY = "AAAAAAAAAAA=";

let rest: RestFixture;
let journal: OneJournal;
let garbles: boolean;

const garbled = (reply: RedisReply): RedisReply => {
  if (reply === BODY) return `${BODY.slice(1)}!`;
  return Array.isArray(reply) ? reply.map(garbled) : reply;
};

const garbling = (redis: Redis): Redis => ({
  async run(commands, deadline) {
    const outcome = await redis.run(commands, deadline);
    if (!garbles || outcome.kind === "unavailable") return outcome;
    const replies = outcome.replies.map((one) =>
      one.kind === "reply" ? { ...one, reply: garbled(one.reply) } : one,
    );
    return { ...outcome, replies };
  },
});

describe.each(BACKENDS)("%s", (_name, start) => {
  beforeEach(async () => {
    rest = await start();
    journal = new OneJournal(garbling(rest.redis), { putOffFor: millis(1) });
    garbles = true;
    await journal.write("w");
  });
  afterEach(() => rest.stop());

  /** What could not be read, as soon as it is handed out, after what became of `results` was told. */
  async function unreadable(results: readonly Result[] = []): Promise<readonly Result[]> {
    const found: Result[] = [];
    let told = results;
    await until("it is due", async () => {
      const asked = {
        partitions: [0, 1, 2, 3, 4, 5, 6, 7],
        most: 10,
        except: [],
        asOf: null,
        teller: { name: "one", toldAt: null },
        replicas: 0,
      };
      const outcome = await journal.journal.claim("one", { ...asked, results: told });
      told = [];
      if (outcome.kind === "claimed") found.push(...outcome.damaged);
      return found.length > 0;
    });
    return found;
  }

  test("is handed out again, and is sent where it can be read then", async () => {
    const [held] = await unreadable();
    expect(held).toMatchObject({ claimed: { id: "w" }, delivery: { kind: "held" } });
    garbles = false;
    await journal.claim({ results: held === undefined ? [] : [held], most: 0 });
    const read: string[] = [];
    await until("it is due", async () => read.push(...(await journal.claim()).map(({ id }) => id)) > 0);
    expect(read).toEqual(["w"]);
  });

  test("twice, is given up", async () => {
    expect(await unreadable(await unreadable())).toMatchObject([
      { claimed: { id: "w" }, delivery: { kind: "dead", why: "its record is damaged" } },
    ]);
  });
});
