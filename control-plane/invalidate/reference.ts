// How people name URLs, prefixes and hosts of a site, read into the parts from which edges make their selectors.

import { type Place, placeOf, type Routing, type Site } from "../../shared/core/routing.ts";
import { prefixFault, withoutPort } from "../../shared/core/selector.ts";
import type { ParseUrl } from "../../shared/ports/url.ts";
import { tagFault } from "../../shared/wire/text.ts";
import { LIMITS } from "../config.ts";

export type Reference =
  | { readonly kind: "place"; readonly place: Place; readonly href: string }
  | { readonly kind: "invalid"; readonly message: string };

export interface ReferenceContext {
  readonly site: Site;
  readonly routing: Routing;
  readonly parse: ParseUrl;
  /** Of URLs that name none. */
  readonly scheme: "http" | "https";
}

const invalid = (message: string) => ({ kind: "invalid", message }) as const;

/** An absolute http(s) URL, or a path of the site. */
export function readUrl(text: string, context: ReferenceContext): Reference {
  const fault = textFault(text, LIMITS.url);
  if (fault !== null) return invalid(fault);
  if (text.startsWith("/")) return readPath(text, context);
  if (!/^https?:\/\//i.test(text)) return invalid("must be an http(s) URL, or a path that begins with '/'");
  return placed(text, context);
}

/** What is purged may be a program's, too. All places that the text may mean: `//a/b` is a path of two slashes to some, and of the host `a` to others. */
export function readUrls(text: string, context: ReferenceContext): readonly Reference[] {
  const fault = textFault(text, LIMITS.url);
  if (fault !== null) return [invalid(fault)];
  const [path = ""] = text.split(/[?#]/, 1);
  if (path.endsWith("/*"))
    return [invalid("must be one URL: `prefixes` name all below a path, without a '*'")];
  if (!/^(?:\/|https?:\/\/)/i.test(text))
    return [
      invalid("must be an http(s) URL, a path that begins with '/', or tidegate:// with a program's key"),
    ];
  return orOnHost(text, readUrl(text, context), context);
}

function orOnHost(text: string, asPath: Reference, context: ReferenceContext): readonly Reference[] {
  const hosted = /^\/\/[^/]/.test(text) ? placed(`http:${text}`, context) : null;
  if (hosted?.kind !== "place") return [asPath];
  return asPath.kind === "place" ? [asPath, hosted] : [hosted];
}

/** `host/path`, an absolute URL, or a path of the site; it ends at a segment's end. All places that it means, or one fault. */
export function readPrefix(text: string, context: ReferenceContext): readonly Reference[] {
  const fault = textFault(text, LIMITS.url);
  if (fault !== null) return [invalid(fault)];
  if (/[?#]/.test(text)) return [invalid("must not hold a query or fragment: a prefix is of paths")];
  return readPrefixText(text, context).map((reference) => {
    const wrong = reference.kind === "place" ? prefixFault(reference.place.url.path) : null;
    return wrong === null ? reference : invalid(wrong);
  });
}

function readPrefixText(text: string, context: ReferenceContext): readonly Reference[] {
  if (text.startsWith("/")) return orOnHost(text, readPath(text, context), context);
  if (/^https?:\/\//i.test(text)) return [placed(text, context)];
  const host = text.split("/", 1)[0] ?? "";
  return isHostLike(host, context)
    ? placesOf(host, text.slice(host.length), context)
    : [invalid("must be a path that begins with '/', host/path, or an http(s) URL")];
}

/** A bare word is more likely a forgotten slash than a host, unless it is one of ours; `ftp:` is none. */
const isHostLike = (host: string, { routing }: ReferenceContext): boolean =>
  !/:(?!\d+$)/.test(host.replace(/^\[[^\]]*\]/, "")) &&
  (/[.:]/.test(host) ||
    host === "localhost" ||
    routing.aliases.has(host.toLowerCase()) ||
    routing.sites.some(({ hosts, canonicalHost }) => [...hosts, canonicalHost].includes(host.toLowerCase())));

export function readHost(text: string, context: ReferenceContext): readonly Reference[] {
  const fault = textFault(text, 255);
  if (fault !== null) return [invalid(fault)];
  if (text.includes("*")) return [invalid("must be one host: `everything` names all of them")];
  if (/[/?#@\\\s]/.test(text)) return [invalid("must be a host, with its port where it has one")];
  return placesOf(text, "/", context);
}

/**
 * Either scheme's default port is the same as none. The edges' own names have a port each: without one, the host that
 * they all stand for is meant, and the host itself where the site serves it.
 */
function placesOf(host: string, path: string, context: ReferenceContext): readonly Reference[] {
  const named = placed(`http://${host.replace(/:443$/, "")}${path}`, context);
  const { canonicalHost, aliases } = context.site;
  if (!aliases.some((alias) => withoutPort(alias) === host.toLowerCase())) return [named];
  const canonical = placed(`http://${canonicalHost}${path}`, context);
  return named.kind === "place" ? [canonical, named] : [canonical];
}

function placed(text: string, { site, routing, parse }: ReferenceContext): Reference {
  const parsed = parse(text);
  if (parsed === null) return invalid("is not a valid http(s) URL");
  if (parsed.parts.host.includes("*")) return invalid("must name one host, without a '*'");
  const place = placeOf(routing, parsed.parts);
  return place === null || place.site.name !== site.name
    ? invalid(`names the host ${parsed.parts.host}, which the site ${site.name} does not serve`)
    : { kind: "place", place, href: parsed.href };
}

function readPath(text: string, context: ReferenceContext): Reference {
  const { site, parse, scheme } = context;
  const host = hostOfPaths(site);
  if (host === null) return invalid(`must name its host: the site ${site.name} has several`);
  const parsed = parse(`${scheme}://${host}${text}`);
  if (parsed === null) return invalid("is not a valid path");
  return { kind: "place", place: { site, url: parsed.parts }, href: parsed.href };
}

/** A path means the canonical host, unless the site serves others too that a path would silently leave out. */
function hostOfPaths({ hosts, canonicalHost }: Site): string | null {
  const anyHost = hosts.length === 0 || hosts.includes("*");
  return anyHost || hosts.every((host) => host === canonicalHost) ? canonicalHost : null;
}

/** The runtime's parser drops tabs and line ends without a word: what it would drop is refused instead. */
export function textFault(text: string, most: number): string | null {
  if (text === "") return "must not be empty";
  if (text.length > most) return `must not be longer than ${most} characters`;
  return tagFault(text);
}
