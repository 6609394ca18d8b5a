// Clients: requests of every kind, what came back of them, and who reads it how far.

import { handleRequest } from "../../edge/handle-request.ts";
import { MIN_POSITION } from "../../edge/min-position.ts";
import type { EdgeRequest, Reply } from "../../edge/request.ts";
import { type HeaderPair, headerValue } from "../../shared/core/headers.ts";
import { formatPosition, type Position } from "../../shared/core/position.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import { type EdgeHost, type Life, type Surroundings, viewOf } from "./edge-host.ts";
import type { Exchange, ExchangeOutcome } from "./history.ts";
import type { RequestLife } from "./isolate.ts";
import { type Ask, CELL, HOST } from "./plan/work.ts";

/** One request on its way through one isolate. */
interface UnderWay {
  readonly exchange: Exchange;
  readonly ask: Ask;
  readonly life: Life;
  readonly request: RequestLife;
}

export class Clients {
  private readonly around: Surroundings;
  /** The validator seen last, by path and variant. */
  private readonly etags = new Map<string, string>();

  constructor(around: Surroundings) {
    this.around = around;
  }

  /** `least`: the position that it names, where it does. */
  ask(host: EdgeHost, ask: Ask, least: Position | null = null): void {
    host.reach((life) => {
      if (life !== null) this.arrive({ host, life, ask, least });
    });
  }

  private arrive(of: { host: EdgeHost; life: Life; ask: Ask; least: Position | null }): void {
    const { host, life, ask, least } = of;
    life.isolate.serve((request) => {
      const { exchanges } = this.around.history;
      const { method, path, variant } = ask;
      const exchange: Exchange = {
        number: exchanges.length,
        edge: host.id,
        life: life.number,
        method,
        path,
        variant,
        arrivedAt: this.around.time.now,
        range: ask.range,
        authorized: ask.authorized,
        least,
        viewAtArrival: viewOf(life),
        outcome: { kind: "under-way" },
      };
      exchanges.push(exchange);
      request.exchange = exchange.number;
      return this.exchange({ exchange, ask, life, request });
    });
  }

  private async exchange(underWay: UnderWay): Promise<void> {
    const { exchange, ask, life } = underWay;
    const { time } = this.around;
    let stop: (() => void) | null = null;
    if (ask.leaves?.kind === "time")
      time.after(ask.leaves.after, () => {
        if (exchange.outcome.kind === "under-way") this.ends(underWay, { kind: "left", at: time.now });
        stop?.();
      });
    const replied = handleRequest(life.edge, this.requestOf(underWay));
    const reply = replied instanceof Promise ? await replied : replied;
    // Nobody reads what comes after its client has gone, and nobody tells the one who sends it.
    if (exchange.outcome.kind !== "under-way") return;
    const at = time.now;
    if (reply.body.kind === "source") {
      const { source } = reply.body;
      stop = () => source.cancel("client gone");
    }
    const body = await readBody(reply, ask.leaves?.kind === "pieces" ? ask.leaves.count : null);
    stop = null;
    if (exchange.outcome.kind !== "under-way") return;
    if (body === "broken" || body === "left") return this.ends(underWay, { kind: body, at: time.now });
    const etag = headerValue(reply.headers, "etag");
    if (etag !== null) this.etags.set(`${ask.path} ${ask.variant}`, etag);
    const { status, age, cacheStatus } = reply;
    this.ends(underWay, { kind: "answered", at, status, age, etag, cacheStatus, body });
  }

  private ends({ exchange, request }: UnderWay, outcome: ExchangeOutcome): void {
    request.leave();
    exchange.outcome = outcome;
    this.trace(exchange);
  }

  private requestOf({ ask, exchange, life, request }: UnderWay): EdgeRequest {
    const headers = this.headersOf(ask);
    if (exchange.least !== null) headers.push([MIN_POSITION, formatPosition(exchange.least)]);
    return {
      method: ask.method,
      url: `https://${HOST}${ask.path}`,
      header: (name) => headerValue(headers, name),
      headers: () => headers,
      body: NO_BODY,
      purpose: "client",
      arrivedAt: life.edge.clock.now(),
      background: life.isolate.background(request),
    };
  }

  private headersOf({ path, variant, conditional, authorized, range }: Ask): HeaderPair[] {
    const headers: HeaderPair[] = [];
    if (variant !== "") headers.push(["accept-language", variant]);
    const etag = this.etags.get(`${path} ${variant}`);
    if (conditional && etag !== undefined) headers.push(["if-none-match", etag]);
    if (range !== null) headers.push(["range", `bytes=${range[0] * CELL}-${(range[1] + 1) * CELL - 1}`]);
    if (authorized) headers.push(["authorization", "Basic eA=="]);
    return headers;
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

/** Null without a body; a length that differs from the announced one tells the client that it broke off. */
async function readBody(
  { body }: Reply,
  leavesAfter: number | null,
): Promise<string | "broken" | "left" | null> {
  if (body.kind === "none") return null;
  if (body.kind === "bytes") return new TextDecoder().decode(body.bytes);
  const { source } = body;
  const pieces: Uint8Array[] = [];
  try {
    for (let piece = await source.read(); piece !== null; piece = await source.read()) {
      pieces.push(piece);
      if (pieces.length === leavesAfter) {
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
