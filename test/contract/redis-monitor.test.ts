// What MONITOR tells is read as it was asked, from its first line on.

import { createServer } from "node:net";
import { expect, test } from "vitest";
import { type Monitored, monitorRedis, readLine } from "../../bench/outside/redis-monitor.ts";

test("arguments are told as they were sent, whatever is in them", () => {
  const line = String.raw`+1795749380.165078 [0 127.0.0.1:34288] "EVAL" "-- one\nlocal a = \"b\\n\"" "" "\x00\xff\t"`;
  const args = ["EVAL", '-- one\nlocal a = "b\\n"', "", "\x00\xff\t"];
  expect(readLine(line)).toEqual({ source: "127.0.0.1:34288", args });
  expect(readLine('+1.5 [0 lua] "GET" "a"')).toEqual({ source: "lua", args: ["GET", "a"] });
  for (const other of ["-ERR unknown command", "$5", "+PONG"]) expect(readLine(other)).toBeNull();
});

/** A server that answers MONITOR by this text. */
async function telling(text: string) {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.write(text));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { port, close: () => new Promise((resolve) => server.close(resolve)) };
}

test("what comes in the packet of the OK is heard too", async () => {
  const server = await telling('+OK\r\n+1.5 [0 127.0.0.1:1] "TIME"\r\n+1.6 [0 127.0.0.1:1] "PING"\r\n');
  const heard: Monitored[] = [];
  const second = Promise.withResolvers<undefined>();
  const monitor = await monitorRedis(server.port, (command) => {
    heard.push(command);
    if (heard.length === 2) second.resolve(undefined);
  });
  await second.promise;
  expect(heard.map(({ args }) => args)).toEqual([["TIME"], ["PING"]]);
  monitor.close();
  await server.close();
});

test("a server that refuses, and one that is not there, are told of", async () => {
  const server = await telling("-NOAUTH Authentication required.\r\n");
  await expect(monitorRedis(server.port, () => undefined)).rejects.toThrow("NOAUTH");
  await server.close();
  await expect(monitorRedis(server.port, () => undefined)).rejects.toThrow("ECONNREFUSED");
});
