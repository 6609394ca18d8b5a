// The site that an outside client asks for: what its origin says and takes, what was purged and written, and what is wrong with an answer.

import { isShed } from "./cache-status.ts";
import type { Exchange } from "./exchange.ts";
import {
  type JudgedPath,
  type Judgement,
  type Mode,
  OutsideJudge,
  type OutsideViolation,
  type PathRules,
  RIGHT,
  type SentPurge,
} from "./judge.ts";
import type { Named } from "./matching.ts";
import { type OriginAsk, VersionedContent } from "./versioned-content.ts";
import { type SentWrite, WrittenValues } from "./written-values.ts";

type Headers = Readonly<Record<string, string>>;

/** Paths of the origin, and what the policies in force make of them. */
export interface CheckedGroup extends PathRules {
  /** Every path that begins so; of several groups that fit the longest counts. */
  readonly below: string;
  readonly class: string;
  /** That the headers name as well. */
  readonly tags: readonly string[];
  readonly headers: Headers | ((path: string) => Headers);
  /** Of each body; what it states of itself is the least. */
  readonly octets?: number | ((path: string) => number);
  /** They hold what clients write there (write-back), and nothing before. */
  readonly values?: true;
}

/** Of paths that are in no group. */
export const NO_CLASS = "none";

export interface SiteOptions {
  readonly host: string;
  readonly groups: readonly CheckedGroup[];
  /** What measuring and transit may take. */
  readonly epsilonMs: number;
  readonly onAsk: (ask: OriginAsk) => void;
  /** As the judge has it; where it is left out, whoever says that the origin's budget was spent. */
  readonly mayStandIn?: (exchange: Exchange) => boolean;
  /** False where the origin is not this content: then only figures are had. */
  readonly judged?: false;
}

export class CheckedSite {
  readonly content: VersionedContent;
  private readonly options: SiteOptions;
  private readonly groupOf: (path: string) => CheckedGroup | null;
  private readonly judging: OutsideJudge;
  private readonly values = new WrittenValues();
  /** By the origin, of what clients write there. */
  private readonly taken = new Map<string, string>();

  constructor(options: SiteOptions) {
    const { host, groups, epsilonMs, onAsk, mayStandIn = isShed } = options;
    this.options = options;
    this.groupOf = longestFit(groups);
    this.content = new VersionedContent({
      headersOf: (path) => {
        const { headers = {} } = this.groupOf(path) ?? {};
        return typeof headers === "function" ? headers(path) : headers;
      },
      octetsOf: (path) => {
        const { octets = 0 } = this.groupOf(path) ?? {};
        return typeof octets === "function" ? octets(path) : octets;
      },
      onAsk,
    });
    const pathOf = (path: string): JudgedPath | null => {
      const group = this.groupOf(path);
      return group === null ? null : { ...group, path };
    };
    this.judging = new OutsideJudge({ host, pathOf, truth: this.content, epsilonMs, mayStandIn });
  }

  classOf(path: string): string {
    return this.groupOf(path)?.class ?? NO_CLASS;
  }

  judge(exchange: Exchange): Judgement {
    if (this.options.judged === false) return RIGHT;
    return this.holdsValues(exchange.path) ? judgeValue(this.values, exchange) : this.judging.judge(exchange);
  }

  /** To be called before it is sent. */
  purge(named: Named, mode: Mode): SentPurge {
    return this.judging.purge(named, mode);
  }

  /** To be called before it is sent. */
  write(path: string): SentWrite {
    if (this.holdsValues(path)) return this.values.write(path);
    // A write around the caches is, once it is answered, an acknowledged invalidation of its URL.
    const sent = this.purge({ urls: [`http://${this.options.host}${path}`] }, "hard");
    return { body: "written", acknowledged: () => sent.acknowledged(), unanswered: () => {} };
  }

  take(path: string, body: string): void {
    if (this.holdsValues(path)) this.taken.set(path, body);
    else this.content.write(path);
  }

  valueAt(path: string): string | null | undefined {
    return this.holdsValues(path) ? (this.taken.get(path) ?? null) : undefined;
  }

  private holdsValues(path: string): boolean {
    return this.groupOf(path)?.values === true;
  }
}

/** There is a violation where an acknowledged write, or another than what was written, shows. */
function judgeValue(values: WrittenValues, exchange: Exchange): Judgement {
  const { outcome, path, sentAt, method } = exchange;
  // A refusal shows nothing, but that there is nothing is a statement too.
  if (method === "PUT" || outcome.kind !== "answered") return RIGHT;
  if (outcome.status !== 200 && outcome.status !== 404) return RIGHT;
  const shown = outcome.written ?? null;
  if (outcome.status === 200 && shown === null) return wrong("invented");
  const verdict = values.judge(path, shown, sentAt);
  return verdict === "right" ? RIGHT : wrong(verdict);

  function wrong(rule: OutsideViolation["rule"]): Judgement {
    return { ...RIGHT, violations: [{ rule, exchange, lateMs: Number.POSITIVE_INFINITY }] };
  }
}

function longestFit(groups: readonly CheckedGroup[]): (path: string) => CheckedGroup | null {
  const longestFirst = [...groups].sort((a, b) => b.below.length - a.below.length);
  return (path) => longestFirst.find(({ below }) => path.startsWith(below)) ?? null;
}
