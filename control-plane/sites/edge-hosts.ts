// The servers that are edges themselves: no origin may be one of them.

import { realmOfAddress, realmOfName } from "../../shared/core/address.ts";
import type { ControlPlane } from "../control-plane.ts";

/** By host and port, whatever this machine is called. Null where the text is no URL. */
export function serverOf(text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return null;
  const realm = realmOfAddress(url.hostname) ?? realmOfName(url.hostname);
  const port = url.port === "" ? url.protocol : url.port;
  return `${realm === "loopback" ? "localhost" : url.hostname} ${port}`;
}

/** None where nobody can say. */
export async function edgeHosts({ edges }: Pick<ControlPlane, "edges">): Promise<ReadonlySet<string>> {
  const outcome = await edges.read();
  if (outcome.kind === "unavailable") return new Set();
  const urls = outcome.directory.edges.flatMap(({ url, clientUrl = url }) => [url, clientUrl]);
  return new Set(urls.flatMap((url) => serverOf(url) ?? []));
}
