// redis-servers of a test's own as the shards of a cluster: each can be killed, and begins empty when it comes back.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../dev/ports.ts";
import { launchRedisServer, type RedisServer } from "../../dev/redis/launch.ts";

export class ShardServers {
  readonly ports: number[] = [];
  private readonly dir = mkdtempSync(join(tmpdir(), "tidegate-shards-"));
  private readonly running: (RedisServer | null)[] = [];
  private lives = 0;

  async begin(count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      this.ports.push(await freePort());
      await this.launch(at);
    }
  }

  get urls(): string[] {
    return this.ports.map((port) => `redis://127.0.0.1:${port}`);
  }

  async launch(at: number): Promise<void> {
    this.lives += 1;
    const dir = join(this.dir, String(this.lives));
    this.running[at] = await launchRedisServer({ port: this.ports[at] ?? 0, dir });
  }

  kill(at: number): void {
    this.running[at]?.process.kill("SIGKILL");
    this.running[at] = null;
  }

  async end(): Promise<void> {
    for (const server of this.running) await server?.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
