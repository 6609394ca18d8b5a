// The sources of a cache by name: what each may cost, whose budget that is, and what the control plane says of the site's.

import { type OriginLimits, UNLIMITED } from "../../shared/core/origin-limits.ts";
import type { Millis } from "../../shared/core/units.ts";
import { siteField } from "../../shared/wire/configuration.ts";
import { decodeOrigin, originField } from "../../shared/wire/origin-limits.ts";
import type { Namespace } from "./keys.ts";
import { invalid } from "./rules.ts";
import { Source, type SourceOptions, type SourcePorts } from "./source.ts";
import { NO_SUCH_OPTION, unknownOption } from "./unknown-option.ts";

export class Sources {
  private readonly made = new Map<string, Source>();
  /** Those that the site's budget limits. */
  private readonly bySite: Source[] = [];
  private readonly site: string;

  /** Throws `invalid-option`. */
  constructor(
    ports: SourcePorts,
    sources: Readonly<Record<string, SourceOptions>>,
    of: { readonly namespace: Namespace; readonly longestHeld: Millis },
  ) {
    const { longestHeld } = of;
    this.site = of.namespace.site;
    for (const [name, options] of Object.entries({ default: {}, ...sources })) {
      checkSource(`sources.${name}`, options);
      const bucket = bucketOf(of.namespace, name, options);
      const source = new Source(ports, options, { bucket, longestHeld });
      this.made.set(name, source);
      if ("budget" in options) this.bySite.push(source);
    }
  }

  named(name: string): Source {
    const source = this.made.get(name);
    if (source === undefined) throw invalid("source", `there is no source ${JSON.stringify(name)}`);
    return source;
  }

  configure(fields: ReadonlyMap<string, string>): void {
    const limits = this.limitsIn(fields);
    for (const source of this.bySite) source.configure(limits);
  }

  private limitsIn(fields: ReadonlyMap<string, string>): OriginLimits | "unknown" {
    const text = fields.get(originField(this.site));
    if (text !== undefined) return decodeOrigin(text) ?? "unknown";
    // A database that has lost all configuration has lost the limits with it: that is no word of there being none.
    return fields.has(siteField(this.site)) ? UNLIMITED : "unknown";
  }
}

/** No site has a tilde in its name: an edge's bucket is only ever shared where that is asked for. */
function bucketOf({ site, name: namespace }: Namespace, name: string, options: SourceOptions): string {
  if ("budget" in options) return site;
  const { shared } = options;
  return typeof shared === "string" ? `${site}~/${shared}` : `${site}~${namespace}/${name}`;
}

const KNOWN: ReadonlySet<string> = new Set([
  ...["concurrency", "retryShare", "ratePerSecond", "burst", "shared", "share", "budget"],
]);

/** Throws `invalid-option`, by the name under which the program has given it. */
export function checkSource(where: string, options: SourceOptions): void {
  const other = unknownOption(options, KNOWN);
  if (other !== undefined) throw invalid(`${where}.${other}`, NO_SUCH_OPTION);
  const { concurrency, retryShare, ratePerSecond, burst, shared, share, budget } = options as Given;
  const must = (holds: boolean, option: string, message: string): void => {
    if (!holds) throw invalid(`${where}.${option}`, message);
  };
  must(isWhole(concurrency), "concurrency", "a whole number from 1 on is needed");
  must(isWithin(retryShare, 0, 1), "retryShare", "a number from 0 to 1 is needed");
  must(budget === undefined || budget === "site", "budget", "there is none but the site's");
  const alone = budget === undefined;
  const hasRate = typeof ratePerSecond === "number" && ratePerSecond > 0 && ratePerSecond < Infinity;
  must(
    ratePerSecond === undefined || (alone && hasRate),
    "ratePerSecond",
    "a number above 0 is needed, and no budget beside it",
  );
  must(
    burst === undefined || (hasRate && isWithin(burst, 1, 1e6)),
    "burst",
    "a number from 1 on, beside a ratePerSecond, is needed",
  );
  const named = typeof shared === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(shared);
  must(
    shared === undefined || shared === false || (hasRate && (shared === true || named)),
    "shared",
    "true or a name, beside a ratePerSecond, is needed",
  );
  must(
    share === undefined || (Boolean(shared) && isWithin(share, 0, 1) && share !== 0),
    "share",
    "a part above 0, beside what is shared, is needed",
  );
}

type Given = Readonly<Record<string, unknown>>;

const isWhole = (value: unknown): boolean =>
  value === undefined || (Number.isSafeInteger(value) && (value as number) >= 1);

const isWithin = (value: unknown, least: number, most: number): boolean =>
  value === undefined || (typeof value === "number" && value >= least && value <= most);
