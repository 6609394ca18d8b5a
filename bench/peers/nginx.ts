// nginx as a peer, where it is installed: a cache on disk a node, as it comes or with its lock.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePortRange } from "../../dev/ports.ts";
import type { Absent, Peer } from "./peer.ts";
import { findProgram, startProgram } from "./program.ts";

export interface NodesOf {
  readonly name: string;
  readonly nodes: number;
  /** `host:port` */
  readonly origin: string;
  readonly dir: string;
}

export async function startNginx(of: NodesOf & { readonly lock: boolean }): Promise<Peer | Absent> {
  const { name, nodes, origin, lock } = of;
  const binary = findProgram("nginx");
  if (binary === null) return { name, why: "there is no nginx on this machine" };
  const first = await freePortRange(nodes);
  const ports = Array.from({ length: nodes }, (_, node) => first + node);
  const programs = await Promise.all(
    ports.map((port) => {
      const dir = join(of.dir, `nginx-${port}`);
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, "nginx.conf"), configuration({ dir, port, origin, lock }));
      return startProgram(binary, ["-p", dir, "-c", join(dir, "nginx.conf"), "-e", "stderr"], port);
    }),
  );
  return {
    ...{ name, ports },
    pids: () => programs.map(({ pid }) => pid),
    async stop() {
      await Promise.all(programs.map((program) => program.stop()));
    },
  };
}

/** One process, as every other node has one; what it keeps is below the directory that is removed in the end. */
function configuration(of: { dir: string; port: number; origin: string; lock: boolean }): string {
  const { dir, port, origin, lock } = of;
  const user = process.getuid?.() === 0 ? "user root root;" : "";
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
    daemon off; worker_processes 1; ${user} pid ${dir}/pid; error_log stderr crit;
    worker_rlimit_nofile 16384;
    events { worker_connections 8192; }
    http {
      access_log off; keepalive_requests 1000000;
      ${temporary.map((kind) => `${kind}_temp_path ${dir}/${kind};`).join(" ")}
      proxy_cache_path ${dir}/cache keys_zone=bench:16m max_size=256m;
      upstream origin { server ${origin}; keepalive 64; }
      server {
        listen 127.0.0.1:${port} backlog=4096;
        location / {
          proxy_pass http://origin; proxy_http_version 1.1;
          proxy_set_header Connection ""; proxy_set_header Host $host;
          proxy_cache bench; proxy_cache_key $host$request_uri; ${lock ? "proxy_cache_lock on;" : ""}
        }
      }
    }`;
}
