// The origin: what is true of every resource at every instant, and all the ways of saying it late, wrongly or not at all.

import type { HeaderPair } from "../../shared/core/headers.ts";
import { type Body, type ByteSource, NO_BODY } from "../../shared/ports/body.ts";
import type { Origin, OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import type { Chance } from "./chance.ts";
import type { Generation, History, OriginCall, ViewAt } from "./history.ts";
import type { OriginFaults, Resource } from "./plan.ts";
import { TIME_ZERO } from "./time-zero.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** One life of an edge, as the origin's side of the world sees it. */
interface Asker {
  readonly edge: string;
  alive(): boolean;
  view(): ViewAt | null;
}

export class SimulatedOrigin {
  faults: OriginFaults;
  private readonly resources: ReadonlyMap<string, Resource>;
  private readonly versions = new Map<string, number>();
  private readonly time: VirtualTime;
  private readonly chance: Chance;
  private readonly history: History;
  private generations = 0;
  private downUntil = 0;

  constructor(
    resources: readonly Resource[],
    faults: OriginFaults,
    world: { time: VirtualTime; chance: Chance; history: History },
  ) {
    this.resources = new Map(resources.map((resource) => [resource.path, resource]));
    this.faults = faults;
    this.time = world.time;
    this.chance = world.chance.fork("origin");
    this.history = world.history;
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

  heal(): void {
    this.downUntil = 0;
    this.faults = { ...this.faults, refused: 0, serverError: 0, broken: 0, slow: 0 };
  }

  seenFrom(by: Asker): Origin {
    return { fetch: (request) => this.fetch(request, by) };
  }

  private version(path: string): number {
    return this.versions.get(path) ?? 1;
  }

  private fetch(request: OriginRequest, by: Asker): Promise<OriginOutcome> {
    const { path, variant, resource } = this.resourceOf(request);
    const { time, chance } = this;
    const call: OriginCall = {
      edge: by.edge,
      method: request.method,
      path,
      variant,
      alone: request.headers.some(([name]) => name === "authorization"),
      view: by.view(),
      askedAt: time.now,
      endedAt: null,
      failedAt: null,
    };
    return new Promise((resolve) => {
      if (!by.alive()) return;
      this.history.originCalls.push(call);
      let settled = false;
      const settle = (outcome: OriginOutcome): void => {
        if (settled || !by.alive()) return;
        settled = true;
        if (outcome.kind === "unreachable") failed(call, time.now);
        else {
          if (outcome.status >= 500) call.failedAt = time.now;
          if (outcome.body.kind === "none") call.endedAt = time.now;
        }
        resolve(outcome);
      };
      time.after(request.deadline, () => settle(unreachable("timeout")));
      if (time.now < this.downUntil || chance.hit(this.faults.refused)) {
        time.after(chance.between(1, 5), () => settle(unreachable("refused")));
        return;
      }
      const [there, back] = [this.transit(), this.transit()];
      time.after(there, () => {
        const outcome = this.answer(request, { call, resource });
        time.after(back, () => settle(outcome));
      });
    });
  }

  /** Mostly a few milliseconds; the slow tail reaches beyond the edges' deadline. */
  private transit(): number {
    const { chance, faults } = this;
    if (chance.hit(faults.slow)) return chance.between(100, 1300);
    return chance.between(2, 20);
  }

  private resourceOf(request: OriginRequest): {
    path: string;
    variant: string | null;
    resource: Resource;
  } {
    const path = request.url.slice(request.url.indexOf("/", "https://".length));
    const resource = this.resources.get(path);
    if (resource === undefined) throw new Error(`no such resource: ${path}`);
    const language = request.headers.find(([name]) => name === "accept-language")?.[1] ?? "";
    return { path, variant: resource.varies ? language : null, resource };
  }

  /** What is true at this instant, which lies somewhere between the request and its answer. */
  private answer(request: OriginRequest, about: { call: OriginCall; resource: Resource }): OriginOutcome {
    const { call, resource } = about;
    if (request.method !== "GET" && request.method !== "HEAD") {
      this.write(call.path);
      return { kind: "answer", status: 204, headers: [], body: { kind: "none" } };
    }
    if (this.chance.hit(this.faults.serverError)) return this.contentOf(503, request, about);
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
    return this.contentOf(200, request, about);
  }

  private contentOf(
    status: number,
    request: OriginRequest,
    { call, resource }: { call: OriginCall; resource: Resource },
  ): OriginOutcome {
    this.generations += 1;
    const version = this.version(resource.path);
    const varies = resource.varies && (status === 200 || this.chance.hit(0.5));
    const body = `${status} ${this.generations} ${call.path} ${call.variant || "-"} v${version} ${"x".repeat(version % 7)}`;
    const generation: Generation = {
      id: this.generations,
      path: call.path,
      variant: varies ? call.variant : null,
      version,
      etag: status === 200 ? this.etagOf(resource) : null,
      tags: this.tagsOf(resource),
      status,
      body,
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
    const content = request.method === "HEAD" ? NO_BODY : this.bodyOf(body, call);
    return { kind: "answer", status, headers, body: content };
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

  private bodyOf(text: string, call: OriginCall): Body {
    const bytes = new TextEncoder().encode(text);
    const pieces = this.chance.between(1, 3);
    const size = Math.ceil(bytes.length / pieces);
    const breaksAt = this.chance.hit(this.faults.broken) ? this.chance.between(0, pieces - 1) : null;
    const short = breaksAt !== null && this.chance.hit(0.3);
    let next = 0;
    let cancelled = false;
    const source: ByteSource = {
      length: this.chance.hit(0.7) || short ? bytes.length : null,
      read: async () => {
        await this.time.pass(this.chance.between(0, 3));
        if (cancelled) return null;
        if (next === breaksAt) {
          failed(call, this.time.now);
          // Ending early below the announced length, or with an error: both must be noticed.
          if (short) return null;
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

const unreachable = (reason: "refused" | "timeout"): OriginOutcome => ({
  kind: "unreachable",
  reason,
  detail: "simulated",
});

function failed(call: OriginCall, at: number): void {
  call.endedAt ??= at;
  call.failedAt ??= at;
}
