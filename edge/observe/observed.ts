// What an isolate has seen of its traffic, by site and path pattern: sums, bounded, told to the control plane now and then.

import { mix } from "../../shared/core/mix.ts";
import { PathTree } from "../../shared/core/path-shape.ts";
import { addFigure, addSize, type Figures, figureOf, noFigures } from "../../shared/core/traffic-figures.ts";
import { elapsed, type Instant, later, type Millis } from "../../shared/core/units.ts";
import { OBSERVED_LIMITS, type ObservedBatch, type ObservedRow } from "../../shared/wire/observed.ts";

export interface ObservedLimits {
  readonly observedPatterns: number;
  readonly observedChildren: number;
  readonly observedNodes: number;
  readonly observedVersions: number;
  readonly observedTold: number;
  readonly observedEvery: Millis;
}

/** One request that stands for several. */
export interface SeenRequest {
  readonly weight: number;
  readonly hit: boolean;
  readonly cookie: boolean;
  readonly authorized: boolean;
  /** Of the answer, in octets. */
  readonly size: number;
}

/** A whole answer of the origin. */
export interface SeenAnswer {
  readonly setCookie: boolean;
  readonly private: boolean;
  readonly noStore: boolean;
  readonly immutable: boolean;
  /** Null where the origin states none. */
  readonly life: Millis | null;
  readonly error: boolean;
}

/** A representation as the origin just had it. */
export interface SeenVersion {
  /** The URL, and what its variant was chosen by. */
  readonly of: string;
  /** Null: as it was the last time, by a 304. */
  readonly validator: string | null;
  readonly at: Instant;
}

interface Row {
  readonly site: string;
  readonly pattern: string;
  readonly hashed: boolean;
  readonly figures: Figures;
}

interface ObservedSite {
  readonly tree: PathTree;
  readonly rows: Map<string, Row>;
}

const SHORT = 300_000;
const LONG = 30 * 86_400_000;

export class Observed {
  private readonly limits: ObservedLimits;
  private readonly sites = new Map<string, ObservedSite>();
  /** Of all sites. */
  private rows = 0;
  private readonly versions = new Map<number, { readonly validator: number; readonly at: Instant }>();
  private sent: ObservedBatch | null = null;
  private numbers = 0;
  private due: Instant | null = null;

  constructor(limits: ObservedLimits) {
    this.limits = limits;
  }

  requested(site: string, path: string, seen: SeenRequest): void {
    const row = this.row(site, path);
    if (row === null) return;
    const { figures } = row;
    const { weight } = seen;
    addFigure(figures, "requests", weight);
    if (seen.hit) addFigure(figures, "hits", weight);
    if (seen.cookie) addFigure(figures, "withCookie", weight);
    if (seen.authorized) addFigure(figures, "authorized", weight);
    if (row.hashed) addFigure(figures, "hashed", weight);
    addSize(figures, seen.size, weight);
  }

  answered(site: string, path: string, seen: SeenAnswer): void {
    const figures = this.row(site, path)?.figures;
    if (figures === undefined) return;
    addFigure(figures, "answers", 1);
    for (const name of ["setCookie", "private", "noStore", "immutable"] as const)
      if (seen[name]) addFigure(figures, name, 1);
    if (seen.error) addFigure(figures, "errors", 1);
    const { life } = seen;
    if (life === null) addFigure(figures, "lifeNone", 1);
    else if (life <= SHORT) addFigure(figures, "lifeShort", 1);
    else if (life >= LONG) addFigure(figures, "lifeLong", 1);
  }

  wrote(site: string, path: string): void {
    const figures = this.row(site, path)?.figures;
    if (figures !== undefined) addFigure(figures, "writes", 1);
  }

  /** Compared with the one before of the same, as long as that is remembered. */
  version(site: string, path: string, { of, validator, at }: SeenVersion): void {
    // Clients choose URLs, and some are long: as much of two hashes as a number holds tells them apart.
    const name = mix(of, 1) * 0x20_0000 + (mix(of, 2) >>> 11);
    const before = this.versions.get(name);
    const now = validator === null ? (before?.validator ?? null) : mix(validator);
    if (now === null) return;
    this.versions.delete(name);
    this.versions.set(name, { validator: now, at });
    if (this.versions.size > this.limits.observedVersions)
      for (const oldest of this.versions.keys()) {
        this.versions.delete(oldest);
        break;
      }
    const figures = before === undefined ? undefined : this.row(site, path)?.figures;
    if (before === undefined || figures === undefined) return;
    addFigure(figures, "compared", 1);
    addFigure(figures, "comparedMs", Math.max(0, elapsed(before.at, at)));
    if (before.validator !== now) addFigure(figures, "changed", 1);
  }

  /** What has not been acknowledged comes again, under the same number; what has is followed by the next, in its time. */
  report(counted: number | null, now: Instant): ObservedBatch | null {
    if (this.sent !== null && counted !== null && counted >= this.sent.number) this.sent = null;
    if (this.sent === null && this.rows > 0 && (this.due === null || now >= this.due)) {
      this.numbers += 1;
      this.sent = { number: this.numbers, rows: this.told() };
      this.due = later(now, this.limits.observedEvery);
    }
    return this.sent;
  }

  /** Those asked for most; the others wait. */
  private told(): ObservedRow[] {
    const heaviest = [...this.sites.values()]
      .flatMap(({ rows }) => [...rows.values()])
      .sort((a, b) => figureOf(b.figures, "requests") - figureOf(a.figures, "requests"));
    return heaviest.slice(0, this.limits.observedTold).map(({ site, pattern, figures }) => {
      if (this.sites.get(site)?.rows.delete(pattern) === true) this.rows -= 1;
      return { site, pattern, figures };
    });
  }

  /** Null while all places are taken: what is told makes room. */
  private row(name: string, path: string): Row | null {
    const site = this.site(name);
    const { pattern, hashed } = site.tree.shape(path);
    const known = site.rows.get(pattern);
    if (known !== undefined) return known;
    if (this.rows >= this.limits.observedPatterns || pattern.length > OBSERVED_LIMITS.pattern) return null;
    const row: Row = { site: name, pattern, hashed, figures: noFigures() };
    site.rows.set(pattern, row);
    this.rows += 1;
    return row;
  }

  private site(name: string): ObservedSite {
    let site = this.sites.get(name);
    if (site === undefined) {
      const tree = new PathTree({ children: this.limits.observedChildren, nodes: this.limits.observedNodes });
      site = { tree, rows: new Map() };
      this.sites.set(name, site);
    }
    return site;
  }
}
