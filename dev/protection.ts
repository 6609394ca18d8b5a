// The origin's limits of a run: for all edges together, and each edge's part of them while the mid-tier is away.

import type { StartOptions } from "./options.ts";

export interface Share {
  readonly rate: number;
  readonly burst: number;
}

type Asked = Pick<StartOptions, "edges" | "protection">;

/** As a site says it of its origin; nothing where there is nothing to say. */
export function protectionOf(options: Asked): { readonly limits?: Record<string, unknown> } {
  const { rate = null, burst = null, concurrency = null } = options.protection ?? {};
  if (rate === null && concurrency === null) return {};
  const limits = {
    ...(rate !== null && { rate, share: shareOf(options) }),
    ...(burst !== null && { burst }),
    ...(concurrency !== null && { concurrency }),
  };
  return { limits };
}

/** Equal parts, of which the sum is the whole; a part holds one token at least, or nothing could be asked for. */
export function shareOf({ edges, protection }: Asked): Share | null {
  const { rate = null, burst = null } = protection ?? {};
  if (rate === null) return null;
  return { rate: rate / edges, burst: Math.max(1, Math.floor((burst ?? rate) / edges)) };
}
