// The other edges that this one may ask: as the control plane has named them, for as long as they answer.

import { elapsed, type Instant, type Millis } from "../core/units.ts";
import type { Random } from "../ports/identity.ts";
import type { Peer } from "../wire/internal.ts";
import { VIEW_LIMITS } from "./limits.ts";

interface Known {
  url: string;
  /** When it was last named, or last answered. */
  heardAt: Instant;
  /** Not asked before then: it did not answer. */
  pausedUntil: Instant | null;
  /** Age of its knowledge when it last told any. */
  lastAge: Millis | null;
}

export interface PeersConfig {
  readonly self: string;
  /** Instead of the URLs that the control plane tells, by id. */
  readonly urls: ReadonlyMap<string, string>;
}

export class Peers {
  private readonly known = new Map<string, Known>();
  private readonly config: PeersConfig;

  constructor(config: PeersConfig) {
    this.config = config;
  }

  /** Whoever is not named any more stays for as long as it answers. */
  named(peers: readonly Peer[], now: Instant): void {
    for (const { id, url } of peers) {
      if (id === this.config.self) continue;
      const at = this.config.urls.get(id) ?? url;
      const known = this.known.get(id);
      if (known !== undefined && known.url === at) known.heardAt = now;
      else this.known.set(id, { url: at, heardAt: now, pausedUntil: null, lastAge: null });
    }
    this.forgetSilent(now);
  }

  /** Whom to ask now: the one that knew most when it last told us, and others by chance. */
  choose(most: number, by: { readonly now: Instant; readonly random: Random }): Peer[] {
    this.forgetSilent(by.now);
    const able = [...this.known].filter(
      ([, { pausedUntil }]) => pausedUntil === null || pausedUntil <= by.now,
    );
    const ranked = able
      .map(([id, { url, lastAge }]) => ({ id, url, lastAge, chance: by.random.unit() }))
      .sort((a, b) => a.chance - b.chance);
    const best = ranked.reduce<(typeof ranked)[number] | null>(
      (so, peer) => (peer.lastAge !== null && peer.lastAge < (so?.lastAge ?? Infinity) ? peer : so),
      null,
    );
    const others = ranked.filter((peer) => peer !== best);
    return (best === null ? others : [best, ...others]).slice(0, most).map(({ id, url }) => ({ id, url }));
  }

  told(id: string, age: Millis | null, now: Instant): void {
    const known = this.known.get(id);
    if (known === undefined) return;
    known.heardAt = now;
    known.pausedUntil = null;
    known.lastAge = age;
  }

  /** It lives: it has asked us something. */
  heard(id: string, now: Instant): void {
    const known = this.known.get(id);
    if (known !== undefined) known.heardAt = now;
  }

  silent(id: string, now: Instant): void {
    const known = this.known.get(id);
    if (known === undefined) return;
    known.pausedUntil = (now + VIEW_LIMITS.peerPause) as Instant;
    known.lastAge = null;
  }

  get count(): number {
    return this.known.size;
  }

  private forgetSilent(now: Instant): void {
    for (const [id, { heardAt }] of this.known)
      if (elapsed(heardAt, now) > VIEW_LIMITS.peerForgotten) this.known.delete(id);
  }
}
