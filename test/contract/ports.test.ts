// The ports that a run chooses for itself: none twice, none that is taken, none that an outgoing connection could have.

import { createServer } from "node:net";
import { expect, test } from "vitest";
import { freePort, freePortRange } from "../../dev/ports.ts";

const FIRST_OF_OUTGOING = 32_768;

test("no port is handed out twice, nor one that outgoing connections are given", async () => {
  const ports = await Promise.all(Array.from({ length: 200 }, () => freePort()));
  expect(new Set(ports).size).toBe(ports.length);
  expect(Math.max(...ports)).toBeLessThan(FIRST_OF_OUTGOING);
});

test("a range leaves out what is taken", async () => {
  const taken = (await freePort()) + 1;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(taken, "127.0.0.1", resolve));
  try {
    const first = await freePortRange(4);
    expect([first, first + 1, first + 2, first + 3]).not.toContain(taken);
  } finally {
    server.close();
  }
});
