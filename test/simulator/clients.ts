// Clients: requests of every kind, what came back of them, and who reads it how far.

import { handleRequest } from "../../edge/handle-request.ts";
import type { EdgeRequest, Reply } from "../../edge/request.ts";
import { type HeaderPair, headerValue } from "../../shared/core/headers.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Chance } from "./chance.ts";
import { HOST } from "./control-plane.ts";
import { type EdgeHost, type Life, type Surroundings, viewOf } from "./edge-host.ts";
import type { Exchange } from "./history.ts";
import type { Resource } from "./plan.ts";

export class Clients {
  private readonly around: Surroundings;
  private readonly chance: Chance;
  private readonly etags = new Map<string, string>();

  constructor(around: Surroundings) {
    this.around = around;
    this.chance = around.chance.fork("clients");
  }

  /** One ordinary or less ordinary request; `plain` = a GET without any conditions. */
  ask(host: EdgeHost, resource: Resource, plain: boolean): void {
    const { life } = host;
    if (life === null) return;
    const roll = plain ? 1 : this.chance.unit();
    const headers: HeaderPair[] = [];
    const variant = resource.varies ? this.chance.pick(["", "en", "de"]) : "";
    if (variant !== "") headers.push(["accept-language", variant]);
    const etag = this.etags.get(`${resource.path} ${variant}`);
    if (roll < 0.05 && etag !== undefined) headers.push(["if-none-match", etag]);
    if (roll > 0.05 && roll < 0.08) headers.push(["authorization", "Basic eA=="]);
    const method = roll > 0.08 && roll < 0.12 ? "POST" : roll > 0.12 && roll < 0.15 ? "HEAD" : "GET";
    const exchange: Exchange = {
      number: this.around.history.exchanges.length,
      edge: host.id,
      life: life.number,
      method,
      path: resource.path,
      variant,
      arrivedAt: this.around.time.now,
      viewAtArrival: viewOf(life),
      outcome: { kind: "under-way" },
    };
    this.around.history.exchanges.push(exchange);
    void this.exchange(life, exchange, headers);
  }

  private async exchange(life: Life, exchange: Exchange, headers: HeaderPair[]): Promise<void> {
    const { history, time } = this.around;
    try {
      await this.answerOf(life, exchange, headers);
    } catch (error) {
      if (!life.alive) return;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      history.violations.push({ invariant: "never rejects", at: time.now, text });
    }
  }

  private async answerOf(life: Life, exchange: Exchange, headers: HeaderPair[]): Promise<void> {
    const { time } = this.around;
    const request: EdgeRequest = {
      method: exchange.method,
      url: `https://${HOST}${exchange.path}`,
      header: (name) => headerValue(headers, name),
      headers: () => headers,
      body: NO_BODY,
      purpose: "client",
      arrivedAt: life.edge.clock.now(),
      background: life.background,
    };
    const replied = handleRequest(life.edge, request);
    const reply = replied instanceof Promise ? await replied : replied;
    const at = time.now;
    const body = await this.read(reply);
    // What a dead edge's code still does reaches nobody.
    if (!life.alive) return;
    if (body === "broken" || body === "left") exchange.outcome = { kind: body, at: time.now };
    else {
      const etag = headerValue(reply.headers, "etag");
      if (etag !== null) this.etags.set(`${exchange.path} ${exchange.variant}`, etag);
      const { status, age, cacheStatus } = reply;
      exchange.outcome = { kind: "answered", at, status, age, etag, cacheStatus, body };
    }
    this.trace(exchange);
  }

  /** Null without a body; a length that differs from the announced one tells the client that it broke off. */
  private async read(reply: Reply): Promise<string | null> {
    const { body } = reply;
    if (body.kind === "none") return null;
    if (body.kind === "bytes") return new TextDecoder().decode(body.bytes);
    const { source } = body;
    const pieces: Uint8Array[] = [];
    try {
      for (let piece = await source.read(); piece !== null; piece = await source.read()) {
        pieces.push(piece);
        if (this.chance.hit(0.01)) {
          source.cancel("client gone");
          return "left";
        }
      }
    } catch {
      return "broken";
    }
    const bytes = Buffer.concat(pieces);
    return source.length !== null && source.length !== bytes.length ? "broken" : bytes.toString();
  }

  private trace(exchange: Exchange): void {
    const { number, edge, method, path, variant, arrivedAt, outcome } = exchange;
    const what =
      outcome.kind === "answered"
        ? `${outcome.status} age=${outcome.age} [${outcome.body?.slice(0, 60)}] ${outcome.cacheStatus}`
        : outcome.kind;
    this.around.history.trace.push(
      `${this.around.time.now} ${edge} #${number} ${method} ${path} ${variant} arrived ${arrivedAt}: ${what}`,
    );
  }
}
