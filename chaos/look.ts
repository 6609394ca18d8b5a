// Looks at a cluster from outside: whether a database, a way between two places or an edge's clock is as it should be.

import { request } from "node:http";
import type { AgentConfiguration } from "../dev/chaos/lever.ts";
import type { Way } from "../dev/network.ts";
import { CLOCK_PATH } from "../shared/wire/clock.ts";
import { STATUS_PATH } from "../shared/wire/internal.ts";
import { parseJson } from "../shared/wire/json.ts";
import { LIMITS } from "./config.ts";
import { signature } from "./signed-call.ts";

export type Looked =
  /** At a database itself, past all proxies. */
  | { readonly kind: "database"; readonly place: string }
  /** Through the proxy that is on it. */
  | ({ readonly kind: "way" } & Way)
  /** An edge is asked how it is by a signature of this instant: what time it is it would tell whoever has the key. */
  | { readonly kind: "clock"; readonly place: string };

export type Seen =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly tookMs: number;
      /** Of a database: how many it has; null where it was not asked, or didn't say. */
      readonly keys: number | null;
    }
  | { readonly kind: "unanswered" };

/** Rejects where there is no such place: what does not answer has been seen not to. */
export type Look = (at: Looked) => Promise<Seen>;

export function looksAt(
  cluster: Pick<AgentConfiguration, "edges" | "databases" | "ways" | "clusterKey">,
): Look {
  const { edges, databases, ways, clusterKey } = cluster;
  const urlOf = <T extends { readonly url: string }>(found: T | undefined): T => {
    if (found === undefined) throw new RangeError("there is no such place to look at");
    return found;
  };
  return async (at) => {
    switch (at.kind) {
      case "database": {
        const { url, token } = urlOf(databases.find(({ id }) => id === at.place));
        return ask(url, { body: '["DBSIZE"]', headers: bearer(token) });
      }
      case "way": {
        const { url } = urlOf(ways.find(({ from, to }) => from === at.from && to === at.to));
        if (at.to.startsWith("edge-")) return ask(`${url}${CLOCK_PATH}`, { body: "", headers: {} });
        const id = at.to === "mid-tier" ? "control" : at.to;
        const { token } = urlOf(databases.find((one) => one.id === id));
        return ask(url, { body: '["PING"]', headers: bearer(token) });
      }
      case "clock": {
        const { url } = urlOf(edges.find(({ id }) => id === at.place));
        const signed = await signature({ method: "GET", path: STATUS_PATH, body: "" }, clusterKey);
        return ask(`${url}${STATUS_PATH}`, { method: "GET", body: "", headers: signed });
      }
    }
  };
}

const bearer = (token: string) => ({
  authorization: `Bearer ${token}`,
  "content-type": "application/json",
});

/** On a connection of its own: one that was kept may be gone for a reason of its own. */
function ask(
  url: string,
  {
    method = "POST",
    body,
    headers,
  }: { method?: "GET" | "POST"; body: string; headers: Readonly<Record<string, string>> },
): Promise<Seen> {
  const askedAt = performance.now();
  const { promise, resolve } = Promise.withResolvers<Seen>();
  const sent = request(url, { method, agent: false, headers });
  const giveUp = (): void => void sent.destroy(new Error("no answer"));
  // A turn later: where this process itself was held up, what has come meanwhile is read first.
  const timer = setTimeout(() => setImmediate(giveUp), LIMITS.glance);
  const end = (seen: Seen): void => {
    clearTimeout(timer);
    resolve(seen);
  };
  sent.on("error", () => end({ kind: "unanswered" }));
  sent.on("response", (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    answer.on("error", () => end({ kind: "unanswered" }));
    answer.on("end", () => {
      const { result } = (parseJson(text) ?? {}) as { result?: unknown };
      const keys = typeof result === "number" ? result : null;
      const tookMs = performance.now() - askedAt;
      end({ kind: "answered", status: answer.statusCode ?? 0, tookMs, keys });
    });
  });
  sent.end(body);
  return promise;
}
