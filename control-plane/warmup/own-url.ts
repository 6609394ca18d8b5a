// Which URLs a warm-up may ask for: those of the site's own hosts, since an edge must not be sent to fetch from anywhere.

import { hostPatterns } from "../../shared/core/routing.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { type ReferenceContext, readUrl } from "../invalidate/reference.ts";

export type OwnUrl =
  | { readonly kind: "own"; readonly href: string }
  | { readonly kind: "fault"; readonly message: string };

/** A site that serves any host owns none but those it names. */
export function readOwnUrl(text: string, context: ReferenceContext): OwnUrl {
  const reference = readUrl(text, context);
  if (reference.kind === "invalid") return { kind: "fault", message: reference.message };
  const { host } = reference.place.url;
  const { hosts, canonicalHost, name } = context.site;
  const named = hostPatterns(host).some((pattern) => pattern !== "*" && hosts.includes(pattern));
  return named || host === canonicalHost
    ? { kind: "own", href: reference.href }
    : { kind: "fault", message: `names the host ${host}, which is not one of the site ${name}'s own` };
}

/** URLs of the site, each once, and what is wrong with the others. */
export class OwnUrls {
  readonly urls = new Set<string>();
  readonly faults: Fault[] = [];
  private readonly reference: ReferenceContext;

  constructor(reference: ReferenceContext) {
    this.reference = reference;
  }

  /** Null where it is not the site's; told by then. */
  check(text: string, pointer: string): string | null {
    const read = readOwnUrl(text, this.reference);
    if (read.kind === "own") return read.href;
    this.faults.push({ pointer, message: read.message });
    return null;
  }

  add(text: string, pointer: string): void {
    const href = this.check(text, pointer);
    if (href !== null) this.urls.add(href);
  }
}
