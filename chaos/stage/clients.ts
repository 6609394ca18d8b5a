// The clients of an experiment: load over all edges, judged from outside, each outcome noted in the history.

import { isShed, provenanceOf } from "../../bench/outside/cache-status.ts";
import { type CheckedLoad, createOutsideChecker, type OutsideChecker } from "../../bench/outside/checker.ts";
import type { Exchange } from "../../bench/outside/exchange.ts";
import type { Judgement } from "../../bench/outside/judge.ts";
import { zipfPicker, zipfRanks } from "../../bench/outside/pick.ts";
import { errorIn } from "../../bench/outside/tally.ts";
import { LIMITS } from "../config.ts";
import type { History, SeenRequest, Violations } from "../history.ts";
import { HOST, type StagePaths } from "./paths.ts";
import type { Purges } from "./purges.ts";

export interface Clients {
  readonly content: OutsideChecker["content"];
  violations(): Violations;
  begin(): void;
  /** Resolves when all that was sent has ended. */
  end(): Promise<{ readonly withheld: number }>;
  /** A purge of everything, judged as the others are. */
  purgeAll(): Promise<void>;
}

export interface ClientsOf {
  readonly edges: readonly { readonly id: string; readonly url: string }[];
  readonly paths: StagePaths;
  readonly seed: number;
  readonly purges: Purges;
  readonly history: History;
  /** Of the site's origin. */
  wellSince(instant: number): boolean;
}

export function createClients(of: ClientsOf): Clients {
  const { edges, paths, seed, purges, history } = of;
  const record = new Record(paths);
  const checker = createOutsideChecker({
    ...{ host: HOST, groups: paths.groups, epsilonMs: LIMITS.epsilon },
    mayStandIn: (exchange) => !of.wellSince(exchange.sentAt - AFTERWARDS_MS) || isShed(exchange),
    async invalidate(named, mode) {
      const urls = named.urls?.map((url) => new URL(url).pathname) ?? paths.paths;
      record.purging(urls, performance.now());
      const answer = await purges.send(named, mode);
      if (answer.status === 202) record.purged(urls);
      return answer;
    },
    onAsk(ask) {
      history.asks.push({ number: ask.ask, at: ask.askedAt });
      if (of.wellSince(ask.askedAt - HEEDED_MS)) record.said(ask.path, ask.askedAt);
    },
  });
  let load: CheckedLoad | null = null;
  return {
    content: checker.content,
    violations: () => load?.report().violations ?? { count: 0, byRule: {}, worstLateMs: 0 },
    begin() {
      const picked = zipfPicker(paths.paths, seed, 0.9);
      const purged = zipfRanks({ count: paths.paths.length, s: 0, seed: seed + 1 });
      load = checker.start({
        edges,
        ...{ perSecond: LIMITS.requestsPerSecond, deadlineMs: LIMITS.clientDeadline, failOver: true },
        pathOf(number) {
          history.sent += 1;
          const isRecent = number % LIMITS.recentEvery === 0;
          return (isRecent ? record.lastBinding(performance.now(), number) : null) ?? picked(number);
        },
        purges: {
          perSecond: LIMITS.purgesPerSecond,
          pathOf: (number) => paths.paths[purged(number)] ?? "/",
        },
        watch: (exchange, judgement) => note(exchange, judgement, { ...of, record }),
      });
    },
    async end() {
      purges.end();
      return { withheld: (await load?.stop())?.client.withheld ?? 0 };
    },
    async purgeAll() {
      for (const path of paths.paths) checker.write(path);
      await checker.purge({ everything: true });
    },
  };
}

function note(
  exchange: Exchange,
  { boundBy }: Judgement,
  of: Pick<ClientsOf, "edges" | "history" | "wellSince"> & { record: Record },
): void {
  const { outcome, path } = exchange;
  const { history } = of;
  const { source, hit } = provenanceOf(outcome.kind === "answered" ? outcome.cacheStatus : "");
  const error = errorIn(exchange);
  if (outcome.kind === "answered" && source === "passed" && outcome.stated !== null)
    history.passed.add(outcome.stated.ask);
  const seen: SeenRequest = {
    ...{ dueAt: exchange.scheduledAt, endedAt: exchange.endedAt, path, source },
    edge: of.edges[exchange.edge]?.id ?? "",
    ...{ hit: hit && error === null, error, boundBy },
    refusedBy: exchange.refusedBy === null ? null : (of.edges[exchange.refusedBy]?.id ?? ""),
    forgivable: error === null ? null : forgivable(exchange, of),
  };
  history.requests.push(seen);
}

/**
 * How long edges heed that a key's origin has failed, and what was sent before: by what it says meanwhile L2 is not filled, and
 * one edge alone can serve it.
 */
const HEEDED_MS = 1200;

/** A pause of the breaker, and what was sent before the origin was well again. */
const AFTERWARDS_MS = 2500;

function forgivable(
  exchange: Exchange,
  { record, wellSince }: Pick<ClientsOf, "wellSince"> & { record: Record },
): SeenRequest["forgivable"] {
  const { outcome, path, sentAt } = exchange;
  if (outcome.kind !== "answered" || outcome.status < 500) return null;
  if (!wellSince(sentAt - AFTERWARDS_MS)) return record.mayHaveAnswer(path, sentAt) ? null : "no-answer";
  return outcome.status === 503 && isShed(exchange) ? "turned-away" : null;
}

/** The longest bound that passes within a fault. */
const SOON_MS = 3000;

/** What is true of each path: when the origin spoke of it the last two times, and when it was purged. */
class Record {
  private readonly rules: StagePaths["groups"];
  /** Newest first. */
  private readonly lastSaid = new Map<string, readonly number[]>();
  /** When the last one was sent: from then on it may hold, acknowledged or not. */
  private readonly lastPurged = new Map<string, number>();
  /** Oldest first, of what is bound soon enough to show while an experiment lasts; with when they were acknowledged. */
  private readonly purges: { readonly paths: readonly string[]; readonly at: number }[] = [];

  constructor({ groups }: StagePaths) {
    this.rules = groups;
  }

  said(path: string, at: number): void {
    const [last] = this.lastSaid.get(path) ?? [];
    this.lastSaid.set(path, last === undefined ? [at] : [at, last]);
  }

  purging(paths: readonly string[], sentAt: number): void {
    for (const path of paths) this.lastPurged.set(path, sentAt);
  }

  purged(paths: readonly string[]): void {
    const soon = paths.filter((path) => this.boundOf(path) <= SOON_MS);
    if (soon.length > 0) this.purges.push({ paths: soon, at: performance.now() });
  }

  /** What the newest purge names that nobody may disregard any more: what is asked for by it shows whether anybody does. */
  lastBinding(now: number, number: number): string | null {
    const since = now - SOON_MS - LIMITS.epsilon;
    const paths = this.purges.findLast(({ at }) => at < since)?.paths ?? [];
    return paths[number % paths.length] ?? null;
  }

  private boundOf(path: string): number {
    return this.rules.find(({ below }) => path.startsWith(below))?.boundMs ?? Number.POSITIVE_INFINITY;
  }

  /** Whether anything that the origin said of it may still be served: by then it is stored, and has not been purged. */
  mayHaveAnswer(path: string, at: number): boolean {
    // What the origin says soon after may have been asked for by an edge that had yet to hear of it: then it is hit too.
    const purged = this.lastPurged.get(path) ?? Number.NEGATIVE_INFINITY;
    const from = purged + Math.min(this.boundOf(path), SOON_MS);
    const rules = this.rules.find(({ below }) => path.startsWith(below));
    const { freshMs = 0, staleMs = 0, staleIfErrorMs = 0 } = rules ?? {};
    // Lives are counted in whole seconds.
    const life = freshMs + Math.max(staleMs, staleIfErrorMs) - 1000;
    const said = this.lastSaid.get(path) ?? [];
    return said.some((one) => one >= from && at - one >= LIMITS.epsilon && at - one < life);
  }
}
