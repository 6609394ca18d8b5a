// What a cache is made of: its ways to the outside, what it keeps, and what it was told to be.

import type { Millis } from "../../shared/core/units.ts";
import type { Background, Clock, Timers } from "../../shared/ports/clock.ts";
import type { Digest, Random } from "../../shared/ports/identity.ts";
import type { Log, MidTier } from "../../shared/ports/mid-tier.ts";
import type { OriginBudget } from "../../shared/ports/origin-budget.ts";
import type { ViewKeeper } from "../../shared/view/view-keeper.ts";
import type { Counters } from "./counters.ts";
import type { Failing } from "./failing.ts";
import type { Flight } from "./flown.ts";
import type { Namespace } from "./keys.ts";
import type { Near } from "./near.ts";
import type { Policies } from "./policies.ts";
import type { Signals } from "./signals.ts";
import type { Sources } from "./sources.ts";
import type { Telemetry } from "./telemetry.ts";
import type { Telling } from "./telling.ts";
import type { Tiers } from "./tiers.ts";
import type { Unsent } from "./unsent.ts";
import type { Untold } from "./untold.ts";
import type { Serializer } from "./values.ts";

/** The outside of a cache. */
export interface CachePorts {
  readonly clock: Clock;
  /** What goes on behind calls keeps no process alive. */
  readonly timers: Timers;
  /** A call that is waited for does. */
  readonly callTimers: Timers;
  readonly random: Random;
  readonly digest: Digest;
  readonly log: Log;
  readonly midTier: MidTier;
  readonly budget: OriginBudget;
}

export interface CacheCore extends CachePorts {
  readonly namespace: Namespace;
  readonly policies: Policies;
  readonly serializer: Serializer;
  readonly view: ViewKeeper;
  readonly near: Near;
  /** By key: those that may load, and those that only look. */
  readonly flights: Map<string, Flight>;
  readonly looks: Map<string, Flight>;
  readonly failing: Failing;
  readonly unsent: Unsent;
  readonly untold: Untold;
  readonly counters: Counters;
  readonly telling: Telling;
  readonly telemetry: Telemetry;
  readonly tiers: Tiers;
  /** Tasks that outlive their call. */
  readonly background: Background;
  /** Whether one may be lost with the request that it began in. */
  readonly losesTasks: boolean;
  readonly sources: Sources;
  readonly signals: Signals;
  readonly deadlines: { readonly call: Millis; readonly load: Millis; readonly soft: Millis };
}
