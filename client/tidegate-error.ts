// The one error that the client throws: what went wrong as a code, and what the control plane said of it.

import type { Problem } from "./schemas.ts";

/** The control plane's own codes, and what can happen on the way to it. */
export type TidegateErrorCode =
  | Problem["code"]
  /** No answer: the connection failed, each time it was tried. */
  | "unreachable"
  /** The call's deadline passed while it was waited for. */
  | "deadline"
  /** By the caller's signal. */
  | "aborted"
  /** An answer that is not the control plane's, or not one that this client knows. */
  | "unexpected-answer"
  | CacheErrorCode;

/** What a cache's calls can end with. */
export type CacheErrorCode =
  /** What the cache, or a call, was told. */
  | "invalid-option"
  | "invalid-argument"
  /** The runtime lacks what a cache can't do without. */
  | "unsupported-runtime"
  /** The loader failed; its own error is the cause. Or it took longer than it may. */
  | "load-failed"
  | "load-timeout"
  /** The loader was not run: its source has as much to do as it may have, or is not well. */
  | "overloaded"
  | "not-serializable"
  /** The value was invalidated each time while it was loaded. */
  | "contended"
  /** The log could not be told of an invalidation yet. */
  | "unacknowledged"
  | "disposed";

/** A field of what was sent, as a JSON pointer (RFC 6901), and what is wrong with it. */
export type FieldError = NonNullable<Problem["errors"]>[number];

export class TidegateError extends Error {
  readonly code: TidegateErrorCode;
  /** Null where there was no answer. */
  readonly status: number | null;
  readonly errors: readonly FieldError[];
  /** Finds the request in the control plane's log. */
  readonly requestId: string | null;

  constructor(
    code: TidegateErrorCode,
    message: string,
    more: {
      readonly status?: number;
      readonly errors?: readonly FieldError[];
      readonly requestId?: string | null;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.name = "TidegateError";
    this.code = code;
    this.status = more.status ?? null;
    this.errors = more.errors ?? [];
    this.requestId = more.requestId ?? null;
  }
}
