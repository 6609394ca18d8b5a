// What clients ask of a Redis, as MONITOR tells it: on a socket of its own, since client libraries mistake what comes in the packet of its `OK`.

import { connect } from "node:net";
import { createInterface } from "node:readline";

export interface Monitored {
  /** `<address>:<port>` of the client; `lua` of what a script asks. */
  readonly source: string;
  /** As they were sent, octets as the characters of their values. */
  readonly args: readonly string[];
}

/** Told of all that is asked from the moment on at which this resolves; rejects where there is no Redis. */
export function monitorRedis(port: number, heard: (command: Monitored) => void): Promise<{ close(): void }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ close(): void }>();
  const socket = connect({ host: "127.0.0.1", port }, () => socket.write("MONITOR\r\n"));
  socket.setEncoding("latin1");
  const close = (): void => {
    socket.destroy();
  };
  const fail = (error: Error): void => {
    close();
    reject(error);
  };
  socket.once("error", fail);
  socket.once("close", () => fail(new Error(`the Redis on port ${port} hung up`)));
  createInterface({ input: socket })
    // The socket's own, told again.
    .on("error", fail)
    .on("line", (line) => {
      if (line === "+OK") return resolve({ close });
      const command = readLine(line);
      if (command !== null) heard(command);
      else fail(new Error(`MONITOR told ${line.slice(0, 80)}`));
    });
  return promise;
}

/** `+<seconds> [<database> <source>] "<argument>" …`; null where it is something else. */
export function readLine(line: string): Monitored | null {
  const [, source, shown] = /^\+[\d.]+ \[\d+ ([^\]]*)\] (".*")$/.exec(line) ?? [];
  if (source === undefined || shown === undefined) return null;
  const args = [...shown.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, argument = ""]) => unescaped(argument));
  return { source, args };
}

/** What is not printable, a quote and a backslash are escaped. */
const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b" };

const unescaped = (shown: string): string =>
  shown.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, octet: string | undefined, char: string) =>
    octet === undefined ? (ESCAPED[char] ?? char) : String.fromCharCode(Number.parseInt(octet, 16)),
  );
