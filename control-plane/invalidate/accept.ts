// Turns a request into what the log takes: selectors exactly as edges make them, or every fault with its place.

import { keyedPath } from "../../shared/core/cache-key.ts";
import { DEFAULT_CLASSES } from "../../shared/core/classes.ts";
import type { InvalidationMode } from "../../shared/core/log-entry.ts";
import { type Routing, rulesFor, type Site } from "../../shared/core/routing.ts";
import {
  formatSelector,
  prefixFault,
  type SelectorSpec,
  searchName,
  whateverQuery,
} from "../../shared/core/selector.ts";
import { spellingsOf } from "../../shared/core/spelling.ts";
import type { Selector } from "../../shared/core/units.ts";
import { CLASS_NAME, parseValueUrl, placeOfKey, VALUE_SCHEME } from "../../shared/core/value-key.ts";
import type { Expected } from "../../shared/ports/mid-tier.ts";
import type { ParseUrl } from "../../shared/ports/url.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { LIMITS } from "../config.ts";
import { liesWithin, type TokenPattern } from "../tokens/patterns.ts";
import {
  type Reference,
  type ReferenceContext,
  readHost,
  readPrefix,
  readUrls,
  textFault,
} from "./reference.ts";
import type { InvalidateBody } from "./request.ts";
import { invalidationWarnings } from "./warnings.ts";

export interface Invalidation {
  readonly site: string;
  readonly mode: InvalidationMode;
  readonly selectors: readonly Selector[];
  /** As many of each kind as were sent. */
  readonly counts: SelectorCounts;
  /** What it leaves out that may be meant. */
  readonly warnings: readonly Fault[];
  /** What of the configuration decided on the selectors: the recipes of keys decide on queries alone. */
  readonly by: Expected["of"];
}

export type SelectorCounts = Record<
  "urls" | "tags" | "prefixes" | "hosts" | "classes" | "everything",
  number
>;

export type Acceptance =
  | { readonly kind: "accepted"; readonly invalidation: Invalidation }
  | { readonly kind: "refused"; readonly faults: readonly Fault[] }
  /** Each is well named, and lies beyond what whoever asks may invalidate. */
  | { readonly kind: "forbidden"; readonly faults: readonly Fault[] };

/** What one text means: mostly one thing. */
type Read = (text: string) => readonly SelectorSpec[] | { readonly kind: "fault"; readonly message: string };

const KINDS = ["urls", "tags", "prefixes", "hosts", "classes"] as const;

/** `wide`: names URLs without their queries, so that no policy is needed for it. */
export function acceptInvalidation(
  body: InvalidateBody,
  given: {
    readonly routing: Routing;
    readonly parse: ParseUrl;
    readonly wide?: boolean;
    readonly within?: readonly TokenPattern[] | null;
  },
): Acceptance {
  const { within = null } = given;
  const site = siteNamed(given.routing, body.site ?? "default");
  if (site === null) return refused("/site", `there is no site ${JSON.stringify(body.site ?? "default")}`);
  const counts = countSelectors(body);
  const excess = excessFault(counts);
  if (excess !== null) return refused(excess.pointer, excess.message);
  const readers = readersOf({ ...given, site, scheme: "http" });
  const faults = idleFaults(body);
  const beyond: Fault[] = [];
  const selectors = new Set<Selector>();
  for (const kind of KINDS) {
    for (const [index, text] of (body[kind] ?? []).entries()) {
      const read = readers[kind](text);
      const pointer = `/${kind}/${index}`;
      if ("kind" in read) {
        faults.push({ pointer, message: read.message });
        continue;
      }
      for (const spec of read) selectors.add(formatSelector(site.name, spec));
      if (within !== null && !read.every((spec) => liesWithin(within, spec)))
        beyond.push({ pointer, message: BEYOND });
    }
  }
  if (body.everything === true) {
    if (body.confirm === site.name) selectors.add(formatSelector(site.name, { kind: "everything" }));
    else faults.push({ pointer: "/confirm", message: `must be ${JSON.stringify(site.name)} for everything` });
  }
  if (body.everything === true && within !== null) beyond.push({ pointer: "/everything", message: BEYOND });
  if (faults.length > 0) return { kind: "refused", faults };
  if (beyond.length > 0) return { kind: "forbidden", faults: beyond };
  if (selectors.size === 0) return refused("", "must name at least one selector");
  const octets = [...selectors].reduce((sum, selector) => sum + textEncoder.encode(selector).length, 0);
  if (octets > LIMITS.selectorOctets)
    return refused(
      "",
      `names ${octets} octets, as the log keeps them, and may name ${LIMITS.selectorOctets}`,
    );
  const invalidation: Invalidation = {
    site: site.name,
    mode: body.mode ?? "hard",
    selectors: [...selectors],
    counts,
    warnings: invalidationWarnings(body, site),
    by: given.wide !== true && body.urls?.some((url) => url.includes("?")) ? "configuration" : "sites",
  };
  return { kind: "accepted", invalidation };
}

const textEncoder = new TextEncoder();

const BEYOND = "lies within none of the token's patterns";

const refused = (pointer: string, message: string): Acceptance => ({
  kind: "refused",
  faults: [{ pointer, message }],
});

/**
 * Fields that mean nothing beside the others: whoever sends them expects something that would not happen. What a dry run
 * merely leaves aside (`mode`, `reason`) is taken, so that any request can be tried dry by one field more.
 */
function idleFaults({
  wait,
  timeoutMs,
  dryRun,
  repeatAfterMs,
  everything,
  confirm,
}: InvalidateBody): Fault[] {
  const faults: Fault[] = [];
  const refuse = (pointer: string, message: string): void => void faults.push({ pointer, message });
  if (timeoutMs !== undefined && wait !== true) refuse("/timeoutMs", "says nothing without `wait: true`");
  if (confirm !== undefined && everything !== true)
    refuse("/confirm", "says nothing without `everything: true`");
  if (dryRun === true && wait === true) refuse("/wait", "does not go with `dryRun`: there is no receipt");
  if (dryRun === true && repeatAfterMs !== undefined)
    refuse("/repeatAfterMs", "does not go with `dryRun`: nothing is appended");
  return faults;
}

export const siteNamed = (routing: Routing, name: string): Site | null =>
  routing.sites.find((site) => site.name === name) ?? null;

const countSelectors = (body: InvalidateBody): SelectorCounts => ({
  urls: body.urls?.length ?? 0,
  tags: body.tags?.length ?? 0,
  prefixes: body.prefixes?.length ?? 0,
  hosts: body.hosts?.length ?? 0,
  classes: body.classes?.length ?? 0,
  everything: body.everything === true ? 1 : 0,
});

/** At the kind with which there are too many. */
function excessFault(counts: SelectorCounts): Fault | null {
  let sum = 0;
  for (const [kind, count] of Object.entries(counts)) {
    sum += count;
    if (sum > LIMITS.selectors)
      return { pointer: `/${kind}`, message: `there may be ${LIMITS.selectors} selectors in all` };
  }
  return null;
}

function readersOf(
  context: ReferenceContext & { readonly wide?: boolean },
): Record<(typeof KINDS)[number], Read> {
  const { routing, wide } = context;
  return {
    urls: (text) =>
      valueSpec(text, (place) => [{ kind: "url", ...place }]) ??
      specsOf(readUrls(text, context), ({ place }) => {
        const { host, path } = place.url;
        if (wide === true) return spellingsOf(path).map((one) => whateverQuery(host, one));
        // The recipe decides which parts of a query are part of the name.
        const named = keyedPath(place.url, rulesFor(routing, place).key);
        const spellings = spellingsOf(named);
        const search = searchName(spellings[0]);
        const names = search === null ? spellings : [...spellings, search];
        return names.map((pathAndQuery) => ({ kind: "url", host, pathAndQuery }));
      }),
    prefixes: (text) =>
      valueSpec(text, prefixOfKeys) ??
      specsOf(readPrefix(text, context), ({ place: { url } }) =>
        spellingsOf(url.path).map((path) => ({ kind: "prefix", host: url.host, path })),
      ),
    hosts: (text) =>
      specsOf(readHost(text, context), ({ place }) => [{ kind: "host", host: place.url.host }]),
    tags: (tag) => {
      const message = textFault(tag, LIMITS.tag);
      return message === null ? [{ kind: "tag", tag }] : { kind: "fault", message };
    },
    classes: readClass,
  };
}

/** Programs make classes of their own: whoever names one says that he means it, since a slip would name nothing. */
function readClass(text: string): ReturnType<Read> {
  if (DEFAULT_CLASSES.has(text)) return [{ kind: "class", class: text }];
  const own = text.startsWith(VALUE_SCHEME) ? text.slice(VALUE_SCHEME.length) : "";
  if (CLASS_NAME.test(own)) return [{ kind: "class", class: own }];
  const message = `must be one of ${[...DEFAULT_CLASSES.keys()].join(", ")}, or a program's own as ${VALUE_SCHEME}<class>`;
  return { kind: "fault", message };
}

/** A key of a program's own values; null where the text is something else. */
function valueSpec(
  text: string,
  toSpecs: (place: ReturnType<typeof placeOfKey>) => ReturnType<Read>,
): ReturnType<Read> | null {
  if (!text.startsWith(VALUE_SCHEME)) return null;
  const named = textFault(text, LIMITS.url) === null ? parseValueUrl(text) : null;
  if (named === null)
    return { kind: "fault", message: "must be tidegate://<namespace>/<key>, percent-encoded" };
  return toSpecs(placeOfKey(named.namespace, named.key));
}

function prefixOfKeys({ host, pathAndQuery: path }: ReturnType<typeof placeOfKey>): ReturnType<Read> {
  const message = prefixFault(path);
  return message === null ? [{ kind: "prefix", host, path }] : { kind: "fault", message };
}

function specsOf(
  references: readonly Reference[],
  toSpecs: (found: Reference & { kind: "place" }) => readonly SelectorSpec[],
): ReturnType<Read> {
  const specs: SelectorSpec[] = [];
  for (const reference of references) {
    if (reference.kind === "invalid") return { kind: "fault", message: reference.message };
    specs.push(...toSpecs(reference));
  }
  return specs;
}
