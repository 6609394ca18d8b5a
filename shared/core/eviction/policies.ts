// The replacement policies that the metadata table can name.

import type { EvictionPolicy } from "../rules.ts";
import { Gdsf } from "./gdsf.ts";
import { Lru } from "./lru.ts";
import type { Replacement } from "./replacement.ts";
import type { Residents } from "./residents.ts";
import { S3Fifo } from "./s3-fifo.ts";
import { Sieve } from "./sieve.ts";
import { SoonestExpiry } from "./ttl.ts";

/** `expiryOf` says when a value expires, on whichever scale; only `ttl` asks. */
export function replacementOf<V>(
  policy: EvictionPolicy,
  expiryOf: (value: V) => number,
): (residents: Residents<V>) => Replacement {
  return (residents) => {
    switch (policy) {
      case "sieve":
        return new Sieve();
      case "s3-fifo":
        return new S3Fifo(residents);
      case "lru":
        return new Lru();
      case "gdsf":
        return new Gdsf(residents);
      case "ttl":
        return new SoonestExpiry(residents, expiryOf);
    }
  };
}
