// Cache servers to compare with, where they are installed: nginx and Varnish, configured here, on a port of their own.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../dev/ports.ts";
import { findProgram, startProgram } from "../peers/program.ts";
import type { Started } from "./worker.ts";

export type ServerName = "nginx" | "varnish";

interface Plan {
  readonly dir: string;
  /** Of the origin, on loopback. */
  readonly origin: number;
}

/** Null where it is not installed. */
export async function startServer(name: ServerName, plan: Plan): Promise<Started | null> {
  const path = findProgram(name === "nginx" ? "nginx" : "varnishd");
  if (path === null) return null;
  const dir = join(plan.dir, name);
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  // Leads a group of its own: its workers' CPU time is counted with its own.
  const { pid, stop } = await startProgram(path, ARGUMENTS[name]({ ...plan, dir, port }), port);
  return { port, pid, rounds: [], stop };
}

const ARGUMENTS: Readonly<Record<ServerName, (of: Plan & { port: number }) => string[]>> = {
  nginx({ dir, port, origin }) {
    const file = join(dir, "nginx.conf");
    writeFileSync(file, nginxConfiguration({ dir, port, origin }));
    return ["-p", dir, "-e", join(dir, "error.log"), "-c", file];
  },
  varnish({ dir, port, origin }) {
    const file = join(dir, "default.vcl");
    writeFileSync(file, `vcl 4.1;\nbackend default { .host = "127.0.0.1"; .port = "${origin}"; }\n`);
    const memory = ["-s", "default=malloc,64m"];
    // Jailed it would become somebody else, as nginx above.
    return ["-j", "none", "-F", "-n", join(dir, "state"), "-a", `127.0.0.1:${port}`, "-f", file, ...memory];
  },
};

/**
 * One worker, as there is one thread in a worker of the other sides; what it has read once the page cache holds. Started by
 * root it would become somebody else, who may not write into the directory.
 */
const nginxConfiguration = ({ dir, port, origin }: Plan & { port: number }): string => `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  proxy_cache_path ${dir}/cache keys_zone=bench:8m max_size=64m;
  open_file_cache max=64 inactive=10m;
  sendfile on;
  tcp_nodelay on;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${origin};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache bench;
      add_header Cache-Status "nginx; hit; ttl=3600" always;
      add_header Age "1" always;
    }
  }
}
`;
