// One state of a scenario: what the store holds, where everybody stands, and what has truly happened.

import type { Position } from "../../shared/core/position.ts";
import type { FillOutcome, LeaseMarker } from "../../shared/ports/mid-tier.ts";
import type { Copy, Fetched } from "./copy.ts";
import type { Content, Database } from "./database.ts";
import type { Budget, Scenario } from "./scenario.ts";
import type { Truth } from "./truth.ts";
import type { View, Views } from "./views.ts";

/** What stays the same through all schedules of a scenario. */
export interface World {
  readonly scenario: Scenario;
  readonly database: Database;
  readonly views: Views;
  /** The content that all began with, and the view that warm readers have of it. */
  readonly beginning: Content;
  readonly firstView: View;
}

export interface State {
  readonly now: number;
  readonly content: Content;
  readonly readers: readonly Reader[];
  readonly writers: readonly Writer[];
  readonly left: Budget;
  readonly truth: Truth;
}

export interface Reader {
  readonly step: ReaderStep;
  readonly view: View | null;
  /** Of the resource, or of the variant that it has been sent to. */
  readonly key: string;
  /** The id of an answer found unusable. */
  readonly not: string | null;
  /** Softly invalidated, good enough for one who would have to wait. */
  readonly stale: Copy | null;
  /** Sent before, and perhaps granted, without a reply. */
  readonly token: string | null;
  readonly readsLeft: number;
}

export type ReaderStep =
  | { readonly kind: "look" }
  | { readonly kind: "snapshot" }
  | { readonly kind: "ask" }
  /** Until what it saw when it asked has changed. */
  | { readonly kind: "wait"; readonly saw: string }
  | { readonly kind: "check"; readonly copy: Copy }
  | { readonly kind: "record"; readonly id: string; readonly position: Position }
  | { readonly kind: "fetch"; readonly right: Right }
  | { readonly kind: "fill"; readonly right: Right; readonly fetched: Fetched; readonly first: First }
  | { readonly kind: "release"; readonly right: Right; readonly marker: LeaseMarker | null }
  | { readonly kind: "done" };

/** How the first of two equal fills ended; null before it. */
export type First = FillOutcome["kind"] | null;

export interface Right {
  readonly token: string;
  readonly leaseKey: string;
  readonly asOf: Position;
  readonly grantedAt: number;
}

export interface Writer {
  readonly step: "write" | "append" | "again" | "done";
  /** What it appended without a reply. */
  readonly operation: string | null;
}
