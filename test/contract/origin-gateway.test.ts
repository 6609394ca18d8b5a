// The gateway before local origins: whatever an origin sends, only well-formed answers come through, and each to its own request.

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OriginGateway, startOriginGateway } from "../../dev/origin-gateway.ts";

/** What the origin sends for a path, octet for octet; it then ends the connection. */
const ANSWERS: Readonly<Record<string, string>> = {
  "/plain": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood",
  "/long": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlongHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL",
  "/short": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour",
  "/odd-status": "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
  "/odd-reason": "HTTP/1.1 200 O\x01K\r\nContent-Length: 4\r\n\r\ngood",
  "/odd-chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n",
  "/coded-chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n",
  "/coded": "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\ngood",
  "/nobodys-coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: as-you-like-it\r\n\r\ngood",
  "/unasked": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
  "/named": "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-Kept: 2\r\nContent-Length: 4\r\n\r\ngood",
  "/refused": "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
  "/until-close": "HTTP/1.1 200 OK\r\n\r\nhalf",
  "/opened": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst",
};

/** What is not ended: the test breaks the connection. */
const UNENDED = "/until-reset";
const UNENDED_SHORT = "/short-until-end";
/** What is never answered. */
const SILENT = "/silent";

let origin: Server;
/** On which that was asked for. */
let unended: Socket | null = null;
/** On which that was asked for which is never answered. */
const awaited = Promise.withResolvers<Socket>();
let gateway: OriginGateway;

beforeAll(async () => {
  origin = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (head) => {
      const path = head.toString().split(" ")[1] ?? "";
      if (path === SILENT) return awaited.resolve(socket);
      if (path !== UNENDED && path !== UNENDED_SHORT) return socket.end(ANSWERS[path] ?? "");
      unended = socket;
      return socket.write(ANSWERS[path === UNENDED ? "/until-close" : "/short"] ?? "");
    });
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const { port } = origin.address() as AddressInfo;
  gateway = await startOriginGateway(new URL(`http://127.0.0.1:${port}`));
});

afterAll(async () => {
  await gateway.close();
  origin.close();
});

/** Everything that comes back on one connection until it ends. */
function ask(path: string, more = "Connection: close\r\n", onPiece = (_: string) => {}): Promise<string> {
  const [host, port] = gateway.address.split(":");
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(port), host);
    let text = "";
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
      onPiece(text);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: site.test\r\n${more}\r\n`);
  });
}

const UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n";

describe("an answer", () => {
  test("comes through whole", async () =>
    expect(await ask("/plain")).toMatch(/^HTTP\/1\.1 200 [\s\S]*good$/));

  test("that ends with its connection is whole where that is closed, and broken where it is reset (RFC 9112 §8)", async () => {
    expect(await ask("/until-close")).toMatch(/half\r\n0\r\n\r\n$/);
    const broken = await ask(UNENDED, "", (text) => text.includes("half") && unended?.resetAndDestroy());
    expect(broken).toMatch(/half\r\n$/);
  });

  test("that is followed by another ends where it says, and the other is nobody's (RFC 9112 §6.3)", async () => {
    const texts = await Promise.all(["/long", "/plain", "/long", "/plain"].map((path) => ask(path)));
    for (const text of texts) expect(text).not.toContain("EVIL");
    expect(texts[1]).toMatch(/good$/);
  });

  test("that is cut short is not made whole", async () => {
    const text = await ask("/short");
    expect(text === "" || /Content-Length: 10[\s\S]*four$/i.test(text)).toBe(true);
  });

  test.each(["/odd-status", "/odd-chunks", "/coded-chunks", "/coded", "/unasked"])(
    "that is none (%s) ends the connection, and nothing else",
    async (path) => {
      expect(await ask(path)).toBe("");
      expect(await ask("/plain")).toMatch(/good$/);
    },
  );

  test("that names a transfer coding which is nobody's is read to its end", async () => {
    expect(await ask("/nobodys-coding")).toMatch(/good/);
  });

  test("with an odd reason does no harm", async () => {
    await ask("/odd-reason");
    expect(await ask("/plain")).toMatch(/good$/);
  });

  test("loses what its Connection names, and no more (RFC 9110 §7.6.1)", async () => {
    const text = await ask("/named");
    expect(text).toMatch(/x-kept: 2/i);
    expect(text).not.toMatch(/x-hop/i);
  });
});

describe("a handshake", () => {
  test("that is refused is answered as the origin did", async () => {
    expect(await ask("/refused", UPGRADE)).toMatch(/^HTTP\/1\.1 403 [\s\S]*no$/);
  });

  test("whose answer breaks off ends with it", async () => {
    const broken = await ask(UNENDED_SHORT, UPGRADE, (text) => text.endsWith("four") && unended?.end());
    expect(broken).toMatch(/Content-Length: 10[\s\S]*four$/i);
  });

  test("whose client leaves ends at the origin too", async () => {
    const [host, port] = gateway.address.split(":");
    const client = connect(Number(port), host);
    const reached = awaited.promise;
    client.write(`GET ${SILENT} HTTP/1.1\r\nHost: site.test\r\n${UPGRADE}\r\n`);
    const socket = await reached;
    const gone = new Promise((resolve) => socket.once("close", resolve));
    client.end();
    await gone;
  });

  test("keeps what came right behind its answer", async () => {
    expect(await ask("/opened", UPGRADE)).toMatch(/^HTTP\/1\.1 101 [\s\S]*first$/);
  });
});
