// A TCP proxy on loopback before one server, whose faults are switched at run time.

import { type AddressInfo, createServer, type Server } from "node:net";
import { Connection } from "./connection.ts";
import { reset } from "./lane.ts";
import { Link, type LinkCounts, PASS } from "./link.ts";
import type { LinkState } from "./link-state.ts";

export interface FaultProxy {
  /** `host:port` to connect to. */
  readonly address: string;
  state(): LinkState;
  /** For new and for existing connections. One that has lost octets is reset as soon as others could follow. */
  set(state: LinkState): void;
  heal(): void;
  counts(): LinkCounts;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/** `upstream` is `host:port`, the host a name or an IPv4 address. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const link = new Link();
  const [host = HOST, port] = upstream.split(":");
  const connections = new Set<Connection>();
  // Accepted and reset where the link is cut: a port that is given up for a while may be somebody else's afterwards.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (link.state.kind === "cut") {
      link.counts.refused += 1;
      client.on("error", () => undefined);
      reset(client);
      return;
    }
    link.counts.connections += 1;
    const connection = new Connection(link, { client, to: { host, port: Number(port) } });
    connections.add(connection);
    connection.whenClosed(() => connections.delete(connection));
    connection.apply();
  });
  link.changed = () => {
    for (const connection of connections) connection.apply();
  };
  await listen(server);
  return {
    address: `${HOST}:${(server.address() as AddressInfo).port}`,
    state: () => link.state,
    set: (state) => link.set(state),
    heal: () => link.set(PASS),
    counts: () => ({ ...link.counts }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of connections) connection.reset();
      await closed;
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, HOST, resolve);
  });
}
