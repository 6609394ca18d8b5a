// The redis-server that tests run against.

import { ensureProgram } from "./ensure-program.ts";

/** The first one on PATH, installed if need be; throws an Error whose message is for the user. */
export const ensureRedis = (): string =>
  ensureProgram({
    programs: ["redis-server"],
    packages: { brew: "redis", "apt-get": "redis-server", apk: "redis", dnf: "redis" },
    without: "redis",
  });
