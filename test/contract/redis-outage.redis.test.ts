// A redis-server that is killed, or stopped without a word, is a quick 503, and the gateway finds it again by itself.
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../dev/ports.ts";
import { launchRedisServer } from "../../dev/redis/launch.ts";
import { connectServer } from "../../dev/redis/server-backend.ts";
import { ask, type ServerFixture, startServerRest, until } from "../support/redis-server.ts";

let rest: ServerFixture;

beforeAll(async () => {
  rest = await startServerRest();
});

afterAll(() => rest.stop());

const PROMPT_MS = 1000;
const DEADLINE_MS = 2000;

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const start = performance.now();
  const result = await work();
  return { result, ms: performance.now() - start };
}

const isBack = async () => (await ask(rest, "/", ["PING"])).status === 200;

test("a killed server is a 503 at once, and what it acknowledged is there after its restart", async () => {
  expect((await ask(rest, "/", ["SET", "k", "v"])).status).toBe(200);
  await rest.kill();
  for (const [path, body] of [
    ["/", ["GET", "k"]],
    [
      "/pipeline",
      [
        ["GET", "k"],
        ["WAIT", "0", "0"],
      ],
    ],
    ["/multi-exec", [["GET", "k"]]],
  ] as const) {
    const { result, ms } = await timed(() => ask(rest, path, body));
    expect(result.status).toBe(503);
    expect(JSON.parse(result.body)).toEqual({ error: expect.stringMatching(/^ERR /) });
    expect(ms).toBeLessThan(PROMPT_MS);
  }
  await rest.restart();
  await until("the gateway has found it", isBack);
  expect(await ask(rest, "/", ["GET", "k"])).toEqual({ status: 200, body: '{"result":"dg=="}' });
});

test("requests under way when the server dies end, in success or in 503", async () => {
  const flood = Array.from({ length: 200 }, () => ask(rest, "/", ["INCR", "n"]));
  await Promise.race(flood);
  await rest.kill();
  const statuses = (await Promise.all(flood)).map(({ status }) => status);
  expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  await rest.restart();
  await until("the gateway has found it", isBack);
  const acknowledged = statuses.filter((status) => status === 200).length;
  const { body } = await ask(rest, "/", ["INCRBY", "n", "0"]);
  expect(JSON.parse(body).result).toBeGreaterThanOrEqual(acknowledged);
});

test("a server that hangs is a 503 within the deadline", async () => {
  const hangs = async (): Promise<boolean> => {
    process.kill(rest.pid(), "SIGSTOP");
    const { result, ms } = await timed(() => ask(rest, "/", ["GET", "k"]));
    process.kill(rest.pid(), "SIGCONT");
    expect(result.status).toBe(503);
    await until("it answers again", isBack);
    return ms < DEADLINE_MS + PROMPT_MS;
  };
  // Once more where this process was held up itself.
  await until("it is told within the deadline", hangs, 3 * DEADLINE_MS);
});

test("WAIT for replicas that do not exist stalls nobody else, and is bounded", async () => {
  const commands = [
    ["SET", "w", "1"],
    ["WAIT", "1", "0"],
  ];
  // Once more where the disk or this process took so long that the two could not be told apart.
  await until("a GET overtakes it, and it ends before the gateway's deadline", async () => {
    let isWaiting = true;
    const waiting = ask(rest, "/pipeline", commands).finally(() => {
      isWaiting = false;
    });
    await ask(rest, "/", ["GET", "k"]);
    const isOvertaken = isWaiting;
    const { status, body } = await waiting;
    if (status === 200) expect(body).toBe('[{"result":"OK"},{"result":0}]');
    return isOvertaken && status === 200;
  });
});

test.each([
  ["shared", [["GET", "k"]]],
  [
    "of a WAIT",
    [
      ["GET", "k"],
      ["WAIT", "0", "0"],
    ],
  ],
])("a connection that hangs for good (%s) is given up for a new one", async (_, commands) => {
  const way = await startWay(rest.port);
  const backend = connectServer({ host: "127.0.0.1", port: way.port }, { commandTimeoutMs: 100 });
  const answers = () =>
    backend.pipeline(commands).then(
      (replies) => replies.length === commands.length,
      () => false,
    );
  try {
    await until("it is connected", answers);
    way.forget();
    expect(await answers()).toBe(false);
    await until("it is connected anew", answers);
  } finally {
    await backend.dispose();
    await way.close();
  }
});

/** To a server: what it has forgotten of goes nowhere, and nobody is told. */
async function startWay(to: number) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(to, "127.0.0.1");
    for (const [from, onto] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("data", (octets) => onto.write(octets));
      from.on("error", () => undefined);
      from.on("close", () => onto.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    forget: () => {
      for (const socket of sockets) socket.removeAllListeners("data").resume();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a server that cannot start says why", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-never-used-"));
  await expect(launchRedisServer({ port: rest.port, dir })).rejects.toThrow("port is in use");
  const nowhere = { port: await freePort(), dir, binary: "/nowhere/redis-server" };
  await expect(launchRedisServer(nowhere)).rejects.toThrow("Cannot run /nowhere/redis-server");
  rmSync(dir, { recursive: true });
});
