// Everything that can go wrong in a world, one value each: a plan lists them, the world plays the list.

/** Whose messages: to Redis, from the control plane to edges, from edge to edge, or to the origin. */
export type LinkGroup = "redis" | "edges" | "peers" | "origin";

/** Which half of an exchange gets lost. */
export type Way = "both" | "requests" | "replies";

/** From the beginning until everything heals; shares are of messages. */
export type StandingFault =
  | { readonly kind: "lossy"; readonly on: LinkGroup; readonly requests: number; readonly replies: number }
  /** Taking hundreds of milliseconds rather than a few. */
  | { readonly kind: "sluggish"; readonly on: LinkGroup; readonly share: number; readonly slowest: number }
  /** What was sent once arrives twice. */
  | { readonly kind: "repeating"; readonly on: LinkGroup; readonly share: number }
  | { readonly kind: "origin"; readonly does: OriginFailure; readonly share: number }
  /** A host's wall clock is off. */
  | { readonly kind: "skewed"; readonly host: string; readonly by: number }
  /** Commands that are flagged as reads are answered by a replica that is behind by that much. */
  | { readonly kind: "replica"; readonly lag: number };

export type OriginFailure = "refuses" | "errs" | "breaks" | "dawdles";

export type TimedFault = { readonly at: number } & (
  | {
      readonly kind: "cut";
      readonly link: string;
      readonly way: Way;
      /** Refused at once, or swallowed. */
      readonly silent: boolean;
      readonly for: number;
    }
  | { readonly kind: "slow"; readonly link: string; readonly by: number; readonly for: number }
  | { readonly kind: "origin-down"; readonly for: number }
  | { readonly kind: "origin-slow"; readonly for: number }
  | { readonly kind: "crash"; readonly host: string; readonly for: number }
  | { readonly kind: "recycle"; readonly host: string }
  /** Nothing of the host runs for a while, and one of its clocks may sleep with it. */
  | {
      readonly kind: "freeze";
      readonly host: string;
      readonly for: number;
      readonly sleeps: "wall" | "monotonic" | "neither";
    }
  | { readonly kind: "clock-step"; readonly host: string; readonly by: number }
  | { readonly kind: "damage"; readonly what: Damage }
  /** One key of those that may be evicted, picked by its place among them. */
  | { readonly kind: "evict"; readonly pick: number }
  | { readonly kind: "log-loss" }
  /** All keys are gone, the configuration too. */
  | { readonly kind: "flush" }
  /** Away for a while; what was acknowledged is still there afterwards. */
  | { readonly kind: "redis-restart"; readonly silent: boolean; readonly for: number }
  /** It answers, and has no room for more. */
  | { readonly kind: "full"; readonly for: number }
  /** A database beside `control` is away for a while; what it held is still there afterwards. */
  | { readonly kind: "shard-restart"; readonly shard: string; readonly silent: boolean; readonly for: number }
  | { readonly kind: "shard-flush"; readonly shard: string }
  | { readonly kind: "shard-full"; readonly shard: string; readonly for: number }
  /** A replica that was behind by so much takes over: what had been acknowledged since is gone. */
  | { readonly kind: "failover"; readonly lag: number }
);

/** One stored answer or lease, picked by its place among all of them. */
export interface Damage {
  /** In [0, 1). */
  readonly pick: number;
  readonly how:
    | { readonly kind: "replaced"; readonly key: "answer" | "lease" }
    /** One character changed, at this part of the value's length. */
    | { readonly kind: "field"; readonly name: string; readonly place: number };
}

export type Fault = StandingFault | TimedFault;

export const isTimed = (fault: Fault): fault is TimedFault => "at" in fault;

/** One line, as a person reads it. */
export function describe(fault: Fault): string {
  const { kind, ...rest } = fault;
  const words = Object.entries(rest).flatMap(([name, value]) =>
    name === "at" ? [] : [`${name}=${typeof value === "object" ? JSON.stringify(value) : value}`],
  );
  return [isTimed(fault) ? `at ${fault.at}:` : "always:", kind, ...words].join(" ");
}
