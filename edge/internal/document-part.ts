// What is wanted of a document: one page of a sitemap's locations, or all of a text.

import { SitemapScanner } from "../../shared/core/sitemap.ts";
import type { DocumentReply } from "../../shared/wire/document.ts";
import { LIMITS } from "../config.ts";

export interface DocumentPart {
  /** Octets of the whole document, uncompressed. */
  readonly most: number;
  readonly isFull: boolean;
  push(text: string): void;
  /** What is wrong with it now that there is no more to come; null where nothing is. */
  end(): string | null;
  told(fault: string | null): DocumentReply;
}

export class SitemapPage implements DocumentPart {
  readonly most = LIMITS.sitemapOctets;
  private readonly from: number;
  private readonly scanner: SitemapScanner;
  private readonly locations: string[] = [];
  private seen = 0;
  private characters = 0;
  private more = false;

  constructor(from: number) {
    this.from = from;
    const limits = { location: LIMITS.sitemapLocation, name: LIMITS.sitemapName };
    this.scanner = new SitemapScanner(limits, (location) => this.take(location));
  }

  private take(location: string): void {
    this.seen += 1;
    if (this.more || this.seen <= this.from) return;
    const isFull =
      this.locations.length >= LIMITS.documentLocations ||
      (this.locations.length > 0 && this.characters + location.length > LIMITS.documentCharacters);
    if (isFull) {
      this.more = true;
      return;
    }
    this.locations.push(location);
    this.characters += location.length;
  }

  get isFull(): boolean {
    return this.more || this.scanner.fault !== null;
  }

  push(text: string): void {
    this.scanner.push(text);
  }

  end(): string | null {
    this.scanner.end();
    return this.scanner.fault;
  }

  /** What was found before a fault is worth as much as without. */
  told(fault: string | null): DocumentReply {
    const reason = this.more ? null : (this.scanner.fault ?? fault);
    const { kind } = this.scanner;
    if (kind === null) return { kind: "unreadable", reason: reason ?? "is no sitemap", passing: false };
    const next = this.more ? this.from + this.locations.length : null;
    return { kind: "sitemap", of: kind, locations: this.locations, next, fault: reason };
  }
}

export class WholeText implements DocumentPart {
  readonly most = LIMITS.textOctets;
  readonly isFull = false;
  private text = "";

  push(text: string): void {
    this.text += text;
  }

  end(): null {
    return null;
  }

  told(fault: string | null): DocumentReply {
    return fault === null
      ? { kind: "text", text: this.text }
      : { kind: "unreadable", reason: fault, passing: false };
  }
}
