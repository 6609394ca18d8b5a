// A fault proxy on every way between the processes of a cluster.

import type { Network, Place, Way } from "../network.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

export interface Links {
  /** To be handed to the cluster. */
  readonly network: Network;
  /** Throws where nobody was led that way. */
  get(from: Place, to: Place): FaultProxy;
  readonly all: () => readonly FaultProxy[];
  close(): Promise<void>;
}

export function createLinks(): Links {
  const proxies = new Map<string, FaultProxy>();
  const name = ({ from, to }: Way): string => `${from} → ${to}`;
  return {
    async network(way, url) {
      const { protocol, host } = new URL(url);
      // Behind TLS a certificate would have to name the proxy.
      if (protocol !== "http:")
        throw new Error(`only plain HTTP can be led through a proxy, not ${protocol}`);
      const proxy = await startFaultProxy(host);
      proxies.set(name(way), proxy);
      return `http://${proxy.address}`;
    },
    get(from, to) {
      const proxy = proxies.get(name({ from, to }));
      if (proxy === undefined) throw new Error(`there is no link ${name({ from, to })}`);
      return proxy;
    },
    all: () => [...proxies.values()],
    async close() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
    },
  };
}
