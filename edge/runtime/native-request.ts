// The runtime's request as the edge's logic reads it; what costs a word with the runtime is asked for once, and late.

import { type HeaderList, headerValue, hopByHopNamesBy, isOneOf } from "../../shared/core/headers.ts";
import type { Instant } from "../../shared/core/units.ts";
import { type Body, NO_BODY } from "../../shared/ports/body.ts";
import type { Background, Clock } from "../../shared/ports/clock.ts";
import { LIMITS } from "../config.ts";
import type { EdgeRequest } from "../request.ts";
import { bodyOf } from "./streams.ts";

/** Keeps its own tasks: most requests have none, and need no object for them. */
export class NativeRequest implements EdgeRequest, Background {
  readonly method: string;
  readonly url: string;
  readonly purpose = "client";
  readonly arrivedAt: Instant;
  /** As they came, those of this connection alone included. */
  readonly fields: Headers;
  readonly native: Request;
  private readonly context: ExecutionContext;
  private content: Body | null = null;
  /** Fields of this connection alone: looked up once somebody asks for a field. */
  private hopByHop: ReadonlySet<string> | null = null;
  private listed: HeaderList | null = null;

  constructor(native: Request, context: ExecutionContext, clock: Pick<Clock, "now">) {
    this.native = native;
    this.context = context;
    this.fields = native.headers;
    this.method = native.method;
    this.url = native.url;
    this.arrivedAt = clock.now();
  }

  get background(): Background {
    return this;
  }

  keep(task: Promise<unknown>): void {
    this.context.waitUntil(task);
  }

  get body(): Body {
    this.content ??= contentOf(this.native);
    return this.content;
  }

  /** Null too where `Connection` names the field: the origin will not be sent it, so nothing may be chosen by it. */
  header(name: string): string | null {
    const value = this.field(name);
    if (value === null) return null;
    this.hopByHop ??= namedBy(this.field("connection"));
    return this.hopByHop.size > 0 && isOneOf(this.hopByHop, name) ? null : value;
  }

  /** Where all of them have been listed, the runtime need not be asked for one any more. */
  private field(name: string): string | null {
    return this.listed === null ? this.fields.get(name) : headerValue(this.listed, name);
  }

  headers(): HeaderList {
    this.listed ??= [...this.fields];
    return this.listed;
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Nearly every `Connection` names no field. */
function namedBy(connection: string | null): ReadonlySet<string> {
  if (connection === null || connection === "keep-alive" || connection === "close") return NONE;
  return hopByHopNamesBy(connection);
}

/** A GET that announces a content of no length has a stream all the same, and can't be sent on with one. */
function contentOf(native: Request): Body {
  if (native.body === null) return NO_BODY;
  const reads = native.method === "GET" || native.method === "HEAD";
  if (reads && native.headers.get("content-length") === "0") return NO_BODY;
  return bodyOf(native.body, { length: null, idle: LIMITS.clientIdle, request: native });
}
