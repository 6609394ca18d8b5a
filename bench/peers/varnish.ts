// Varnish as a peer, where it is installed: in memory, without grace, so that what has expired is fetched as elsewhere.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePortRange } from "../../dev/ports.ts";
import type { NodesOf } from "./nginx.ts";
import type { Absent, Peer } from "./peer.ts";
import { findProgram, startProgram } from "./program.ts";

export async function startVarnish({ name, nodes, origin, dir }: NodesOf): Promise<Peer | Absent> {
  const binary = findProgram("varnishd");
  if (binary === null) return { name, why: "there is no varnishd on this machine" };
  const first = await freePortRange(nodes);
  const ports = Array.from({ length: nodes }, (_, node) => first + node);
  const [host, port] = origin.split(":");
  const recipe = join(dir, "bench.vcl");
  writeFileSync(recipe, `vcl 4.1; backend default { .host = "${host}"; .port = "${port}"; }`);
  const programs = await Promise.all(
    ports.map((port) => {
      const own = join(dir, `varnish-${port}`);
      mkdirSync(own, { recursive: true });
      return startProgram(binary, argumentsOf({ port, recipe, own }), port);
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

const argumentsOf = ({ port, recipe, own }: { port: number; recipe: string; own: string }): string[] => [
  ...["-F", "-j", "none", "-n", own, "-f", recipe, "-a", `127.0.0.1:${port}`, "-T", "none"],
  ...["-s", "malloc,64m", "-p", "default_grace=0", "-p", "listen_depth=4096"],
];
