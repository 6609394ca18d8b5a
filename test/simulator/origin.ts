// The origin: what is true of every resource at every instant, and all the ways of saying it late, wrongly or not at all.

import type { HeaderPair } from "../../shared/core/headers.ts";
import { type Body, type ByteSource, NO_BODY } from "../../shared/ports/body.ts";
import type { Origin, OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import type { Chance } from "./chance.ts";
import type { Generation, History, OriginCall, ViewAt } from "./history.ts";
import { currentExchange, type Isolate } from "./isolate.ts";
import type { Link } from "./network.ts";
import type { OriginFailure } from "./plan/faults.ts";
import type { Resource } from "./plan/resources.ts";
import { CELL, CELLS, inOrder } from "./plan/work.ts";
import { TIME_ZERO } from "./time-zero.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** One life of an edge, as the origin's side of the world sees it. */
interface Asker {
  readonly edge: string;
  readonly life: number;
  readonly link: Link;
  readonly isolate: Isolate;
  view(): ViewAt | null;
  /** How many of its requests it says it has passed, this one included. */
  passed(): number;
}

/** How long an edge waits for the next piece of a body, in milliseconds. */
const IDLE = 1000;

/** One request at the origin, with its own luck. */
interface Called {
  readonly call: OriginCall;
  readonly resource: Resource;
  readonly by: Asker;
  readonly chance: Chance;
}

export class SimulatedOrigin {
  private readonly failures: Record<OriginFailure, number> = { refuses: 0, errs: 0, breaks: 0, dawdles: 0 };
  private readonly resources: ReadonlyMap<string, Resource>;
  private readonly versions = new Map<string, number>();
  private readonly time: VirtualTime;
  private readonly chance: Chance;
  private readonly history: History;
  private calls = 0;
  private generations = 0;
  private downUntil = 0;
  private slowUntil = 0;

  constructor(
    resources: readonly Resource[],
    world: { time: VirtualTime; chance: Chance; history: History },
  ) {
    // It makes no difference between orders of a query.
    this.resources = new Map(resources.map((resource) => [inOrder(resource.path), resource]));
    this.time = world.time;
    this.chance = world.chance.fork("origin");
    this.history = world.history;
  }

  /** That share of its answers is bad in that way. */
  fails(does: OriginFailure, share: number): void {
    this.failures[does] = share;
  }

  write(path: string): number {
    const version = this.version(path) + 1;
    this.versions.set(path, version);
    this.history.trace.push(`${this.time.now} origin ${path} is now version ${version}`);
    return version;
  }

  down(span: number): void {
    this.downUntil = this.time.now + span;
  }

  slow(span: number): void {
    this.slowUntil = this.time.now + span;
  }

  heal(): void {
    this.downUntil = 0;
    this.slowUntil = 0;
    Object.assign(this.failures, { refuses: 0, errs: 0, breaks: 0, dawdles: 0 });
  }

  seenFrom(by: Asker): Origin {
    let passed = 0;
    return {
      fetch: (request) => {
        const isPassed = by.passed() > passed;
        passed = by.passed();
        return this.fetch(request, { by, isPassed });
      },
    };
  }

  private version(path: string): number {
    return this.versions.get(path) ?? 1;
  }

  private fetch(
    request: OriginRequest,
    { by, isPassed }: { readonly by: Asker; readonly isPassed: boolean },
  ): Promise<OriginOutcome> {
    const { path, variant, resource } = this.resourceOf(request);
    const { time } = this;
    const call: OriginCall = {
      edge: by.edge,
      exchange: currentExchange(),
      method: request.method,
      path,
      variant,
      life: by.life,
      // Who asks for himself alone sends what he was sent, and no client here names codings. What L2 says is for nobody
      // else is passed in the form in which it would be everybody's.
      costs: !isPassed && request.headers.some(([name]) => name === "accept-encoding"),
      alone: request.headers.some(([name]) => name === "authorization" || name === "range"),
      view: by.view(),
      askedAt: time.now,
      endedAt: null,
      failedAt: null,
      refusedAt: null,
    };
    this.history.originCalls.push(call);
    this.calls += 1;
    const called = { call, resource, by, chance: this.chance.fork(`call ${this.calls}`) };
    return new Promise((resolve) => {
      const back = by.isolate.wayBack();
      let settled = false;
      const settle = (outcome: OriginOutcome): void => {
        if (settled) return;
        settled = true;
        if (outcome.kind === "unreachable") {
          failed(call, time.now);
          if (outcome.reason === "refused") call.refusedAt = time.now;
        } else {
          if (outcome.status >= 500) call.failedAt = time.now;
          if (outcome.body.kind === "none") call.endedAt = time.now;
        }
        resolve(outcome);
      };
      by.isolate.after(request.deadline, () => settle(unreachable("timeout")));
      by.link.carry<OriginOutcome>({
        arrive: (reply) => this.arrive(request, called, reply),
        answered: (outcome) => back(() => settle(outcome)),
        refused: () => back(() => settle(unreachable("refused"))),
      });
    });
  }

  private arrive(request: OriginRequest, called: Called, reply: (outcome: OriginOutcome) => void): void {
    const { failures, time } = this;
    const [refused, there, back] = [called.chance.unit(), this.work(called), this.work(called)];
    if (time.now < this.downUntil || refused < failures.refuses) {
      reply(unreachable("refused"));
      return;
    }
    time.after(there, () => {
      const outcome = this.answer(request, called);
      time.after(back, () => reply(outcome));
    });
  }

  /** Mostly a few milliseconds; the slow tail reaches beyond the edges' deadline. */
  private work({ chance }: Called): number {
    const [slow, place] = [chance.unit(), chance.unit()];
    const dawdles = slow < this.failures.dawdles || this.time.now < this.slowUntil;
    const [least, most] = dawdles ? [100, 1300] : [2, 20];
    return least + Math.floor(place * (most - least + 1));
  }

  private resourceOf(request: OriginRequest): {
    path: string;
    variant: string | null;
    resource: Resource;
  } {
    const asked = request.url.slice(request.url.indexOf("/", "https://".length));
    const resource = this.resources.get(inOrder(asked));
    if (resource === undefined) throw new Error(`no such resource: ${asked}`);
    const { path } = resource;
    const language = request.headers.find(([name]) => name === "accept-language")?.[1] ?? "";
    return { path, variant: resource.varies ? language : null, resource };
  }

  /** What is true at this instant, which lies somewhere between the request and its answer. */
  private answer(request: OriginRequest, called: Called): OriginOutcome {
    const { call, resource, chance } = called;
    if (request.method !== "GET" && request.method !== "HEAD") return this.takeWrite(request, called);
    if (chance.hit(this.failures.errs)) return this.contentOf(503, request, called);
    const etag = this.etagOf(resource);
    const asked = request.headers.find(([name]) => name === "if-none-match")?.[1];
    if (etag !== null && asked === etag) {
      this.history.confirmations.push({
        path: call.path,
        variant: call.variant,
        etag,
        askedAt: call.askedAt,
      });
      return { kind: "answer", status: 304, headers: this.headersOf(resource), body: NO_BODY };
    }
    return this.contentOf(200, request, called);
  }

  /** Of some resources the answer is the new content, under its own name. */
  private takeWrite(request: OriginRequest, called: Called): OriginOutcome {
    const { call, resource } = called;
    this.write(call.path);
    this.history.writes.push({ call, at: this.time.now });
    if (!resource.echoes) return { kind: "answer", status: 204, headers: [], body: NO_BODY };
    const outcome = this.contentOf(200, request, called);
    if (outcome.kind !== "answer") return outcome;
    return { ...outcome, headers: [...outcome.headers, ["content-location", call.path]] };
  }

  private contentOf(status: number, request: OriginRequest, called: Called): OriginOutcome {
    const { call, resource, chance } = called;
    this.generations += 1;
    const version = this.version(resource.path);
    const varies = resource.varies && (status === 200 || chance.hit(0.5));
    const body = resource.parted && status === 200 ? cells(this.generations) : this.textOf(status, called);
    const generation: Generation = {
      id: this.generations,
      path: call.path,
      variant: varies ? call.variant : null,
      version,
      etag: status === 200 ? this.etagOf(resource) : null,
      tags: this.tagsOf(resource),
      status,
      body,
      method: request.method,
      exchange: call.exchange,
      askedAt: call.askedAt,
      fresh: resource.maxAge * 1000,
      staleWhileRevalidate: resource.staleWhileRevalidate * 1000,
      staleIfError: resource.staleIfError * 1000,
    };
    this.history.generations.set(generation.id, generation);
    const headers: HeaderPair[] =
      status === 200
        ? this.headersOf(resource)
        : [
            ["content-type", "text/plain"],
            ["cache-control", "no-store"],
            ...(varies ? ([["vary", "accept-language"]] as const) : []),
          ];
    if (request.method === "HEAD") return { kind: "answer", status, headers, body: NO_BODY };
    const range = status === 200 ? rangeOf(request, resource, generation.etag) : null;
    if (range === null) return { kind: "answer", status, headers, body: this.bodyOf(body, called) };
    const [from, to] = range;
    const partial: HeaderPair[] = [...headers, ["content-range", `bytes ${from}-${to}/${body.length}`]];
    return {
      kind: "answer",
      status: 206,
      headers: partial,
      body: this.bodyOf(body.slice(from, to + 1), called),
    };
  }

  private textOf(status: number, { call, resource }: Called): string {
    const version = this.version(resource.path);
    return `${status} ${this.generations} ${call.path} ${call.variant || "-"} v${version} ${"x".repeat(version % 7)}`;
  }

  private headersOf(resource: Resource): HeaderPair[] {
    const headers: HeaderPair[] = [["content-type", "text/plain"]];
    const etag = this.etagOf(resource);
    if (etag !== null) headers.push(["etag", etag]);
    if (resource.dated) headers.push(["date", new Date(TIME_ZERO + this.time.now).toUTCString()]);
    if (resource.varies) headers.push(["vary", "accept-language"]);
    const tags = this.tagsOf(resource);
    if (tags.length > 0) headers.push(["cache-tag", tags.join(", ")]);
    const { maxAge, staleWhileRevalidate, staleIfError } = resource;
    const life = `max-age=${maxAge}, stale-while-revalidate=${staleWhileRevalidate}, stale-if-error=${staleIfError}`;
    headers.push(["cache-control", this.isShared(resource) ? life : "no-store"]);
    return headers;
  }

  /** Some resources are storable only now and then. */
  private isShared(resource: Resource): boolean {
    return (
      resource.sharing === "always" ||
      (resource.sharing === "sometimes" && this.version(resource.path) % 3 !== 2)
    );
  }

  /** A careless origin's validators change too rarely: that is why people purge hard. */
  private etagOf(resource: Resource): string | null {
    const version = this.version(resource.path);
    if (resource.validators === "none") return null;
    return resource.validators === "exact" ? `"${version}"` : `"careless-${Math.floor(version / 4)}"`;
  }

  private tagsOf(resource: Resource): string[] {
    if (!resource.movingTag) return [...resource.tags];
    return [...resource.tags, `moving${this.version(resource.path) % 2}`];
  }

  private bodyOf(text: string, { call, by, chance }: Called): Body {
    const bytes = new TextEncoder().encode(text);
    const pieces = chance.between(1, 3);
    const size = Math.ceil(bytes.length / pieces);
    const pauses = Array.from({ length: pieces + 1 }, () => chance.between(0, 3));
    const [breaks, at, ends, announced] = [chance.unit(), chance.unit(), chance.unit(), chance.unit()];
    const breaksAt = breaks < this.failures.breaks ? Math.floor(at * pieces) : null;
    const short = breaksAt !== null && ends < 0.3;
    let next = 0;
    let cancelled = false;
    const source: ByteSource = {
      length: announced < 0.7 || short ? bytes.length : null,
      read: async () => {
        const stalls = by.link.isMute;
        await by.isolate.pass(stalls ? IDLE : (pauses[next] ?? 0));
        if (cancelled) return null;
        if (stalls || next === breaksAt) {
          failed(call, this.time.now);
          // Ending early below the announced length, or with an error: both must be noticed.
          if (short && !stalls) return null;
          throw new Error("the origin broke off");
        }
        const piece = bytes.slice(next * size, (next + 1) * size);
        next += 1;
        if (piece.length > 0) return piece;
        call.endedAt ??= this.time.now;
        return null;
      },
      cancel: () => {
        cancelled = true;
        call.endedAt ??= this.time.now;
      },
    };
    return { kind: "source", source };
  }
}

/** Every part of it says where it came from. */
const cells = (generation: number): string =>
  Array.from({ length: CELLS }, (_, index) => `200 ${generation} cell ${index} `.padEnd(CELL, ".")).join("");

/** Octets, both ends included; null where the whole is to be sent (RFC 9110 §14.2, §13.1.5). */
function rangeOf(
  { headers }: OriginRequest,
  { parted }: Resource,
  etag: string | null,
): [number, number] | null {
  const field = (name: string): string | undefined => headers.find(([key]) => key === name)?.[1];
  const asked = /^bytes=(\d+)-(\d*)$/.exec(field("range") ?? "");
  const condition = field("if-range");
  if (!parted || asked === null || (condition !== undefined && condition !== etag)) return null;
  const last = CELL * CELLS - 1;
  const from = Number(asked[1]);
  const to = asked[2] === "" ? last : Math.min(last, Number(asked[2]));
  return from <= to ? [from, to] : null;
}

const unreachable = (reason: "refused" | "timeout"): OriginOutcome => ({
  kind: "unreachable",
  reason,
  detail: "simulated",
});

function failed(call: OriginCall, at: number): void {
  call.endedAt ??= at;
  call.failedAt ??= at;
}
