// Which origin a request to the gateway is for, and whether it may be asked: by its address too, once that is known.

import { timingSafeEqual } from "node:crypto";
import { type LookupAddress, lookup as systemLookup } from "node:dns";
import type { IncomingHttpHeaders } from "node:http";
import type { LookupFunction } from "node:net";
import { isWithin, type Reach, realmOfAddress } from "../shared/core/address.ts";
import { isOriginUrl } from "../shared/core/site-origin.ts";
import { ORIGIN_HEADER, ORIGIN_KEY_HEADER } from "../shared/wire/origin-gateway.ts";

/** What sites may have as their own origins, beside the one that the gateway stands before. */
export interface NamedOrigins {
  /** Edges show it; null: nobody may name any. */
  readonly key: string | null;
  readonly reach: Reach;
  readonly lookup: Resolve;
}

export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

const resolveBySystem: Resolve = (hostname, done) => systemLookup(hostname, { all: true }, done);

export const NOBODY: NamedOrigins = { key: null, reach: "none", lookup: resolveBySystem };

export const namedOrigins = (key: string, reach: Reach): NamedOrigins => ({
  ...{ key, reach, lookup: resolveBySystem },
});

export interface Target {
  readonly origin: URL;
  /** Null: as the system does. */
  readonly lookup: LookupFunction | null;
}

/** Hosts whose origin is remembered: the oldest are forgotten first. */
const REMEMBERED = 10_000;

/** Tells the origin of each request, and remembers whose host led where for edges that know no site yet. */
export class Targets {
  private readonly own: URL;
  private readonly named: NamedOrigins;
  private readonly remembered = new Map<string, Target>();

  constructor(own: URL, named: NamedOrigins) {
    this.own = own;
    this.named = named;
  }

  /** Null where the request names an origin and may not. */
  of(headers: IncomingHttpHeaders): Target | null {
    const name = headers[ORIGIN_HEADER];
    const host = headers.host?.toLowerCase() ?? "";
    if (name === undefined) return this.remembered.get(host) ?? { origin: this.own, lookup: null };
    if (typeof name !== "string" || !isKey(headers[ORIGIN_KEY_HEADER], this.named.key)) return null;
    const target = targetNamed(name, this.own, this.named);
    if (target !== null) this.remember(host, target);
    return target;
  }

  private remember(host: string, target: Target): void {
    this.remembered.delete(host);
    // What leads where everything leads needs no place.
    if (target.origin === this.own) return;
    this.remembered.set(host, target);
    const [oldest] = this.remembered.keys();
    if (this.remembered.size > REMEMBERED && oldest !== undefined) this.remembered.delete(oldest);
  }
}

function targetNamed(name: string, own: URL, named: NamedOrigins): Target | null {
  if (name === "zone" || name === own.origin) return { origin: own, lookup: null };
  const origin = isOriginUrl(name) ? URL.parse(name) : null;
  if (origin === null) return null;
  // An address in the URL is never looked up.
  const realm = realmOfAddress(origin.hostname);
  if (realm !== null && !isWithin(named.reach, realm)) return null;
  return { origin, lookup: guardedLookup(named) };
}

function isKey(shown: string | string[] | undefined, key: string | null): boolean {
  if (key === null || typeof shown !== "string") return false;
  const [a, b] = [Buffer.from(shown), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Judges the very addresses that are connected to: a name that means another one the next time gains nothing by it. */
function guardedLookup({ reach, lookup }: NamedOrigins): LookupFunction {
  return (hostname, options, done) =>
    lookup(hostname, (error, addresses) => {
      if (error !== null) return done(error, "", 0);
      const good = addresses.filter(({ address }) => {
        const realm = realmOfAddress(address);
        return realm !== null && isWithin(reach, realm);
      });
      const [first] = good;
      if (first === undefined)
        return done(new Error(`${hostname} leads to no address that may be asked`), "", 0);
      return options.all === true ? done(null, [...good]) : done(null, first.address, first.family);
    });
}
