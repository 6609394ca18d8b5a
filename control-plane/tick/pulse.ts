// One alarm's worth of work: a whole beat, and quick looks behind it while receipts are open or edges lag behind.

import { elapsed, type Instant, later, type Millis } from "../../shared/core/units.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { Attention } from "../edges/attention.ts";
import type { Turns } from "../edges/few-at-once.ts";
import { Newcomers } from "../hot/newcomers.ts";
import { Refill } from "../hot/refill.ts";
import { Outstanding } from "../invalidate/outstanding.ts";
import { ShardWatch } from "../shards/watch.ts";
import { type Beat, type BeatFailures, beat, type Looking, look, type Seen } from "./beat.ts";

/** What the beat's owner keeps from one pulse to the next. */
export class Pulse {
  private readonly attention: Attention;
  private readonly newcomers = new Newcomers();
  private readonly outstanding = new Outstanding();
  private readonly refill = new Refill();
  private readonly shards = new ShardWatch(this.refill);
  private open = 0;
  private bootCheckedAt: Instant | null = null;
  private figuresNotedAt: Instant | null = null;
  /** Since when there has been the same to look after; null where there is nothing. */
  private busy: { readonly with: string; readonly since: Instant } | null = null;

  /** `slow`: where other calls of its owner may hang too, what all of them take turns by. */
  constructor(slow?: Turns) {
    this.attention = new Attention(slow);
  }

  /** What failed in the beat. Resolves before the next one is due. */
  async run(
    plane: ControlPlane,
    { agenda, ...witnesses }: Pick<Beat, "witness" | "journalWitness" | "agenda">,
  ): Promise<BeatFailures> {
    const { clock, timers } = plane;
    const begun = clock.now();
    const { bootCheckedAt } = this;
    const boot = bootCheckedAt === null || elapsed(bootCheckedAt, begun) >= LIMITS.bootCheckEvery;
    const figures =
      this.figuresNotedAt === null || elapsed(this.figuresNotedAt, begun) >= LIMITS.figuresEvery;
    if (figures) this.figuresNotedAt = begun;
    let pause: Millis | null = null;
    const looking = (whole: boolean): Looking => ({
      outstanding: this.outstanding,
      round: {
        ...{ attention: this.attention, newcomers: this.newcomers },
        ...{ grace: LIMITS.statusGrace, background: UNKEPT, whole },
      },
      saw: (seen) => {
        pause = this.pauseAfter(seen, clock.now());
      },
    });
    const failures = await beat(plane, {
      ...{ boot, figures, ...witnesses, shards: this.shards, refill: this.refill },
      ...(agenda !== undefined && { agenda }),
      looking: looking(true),
    });
    if (boot && !failures.has("boot")) this.bootCheckedAt = begun;
    let lookedAt = begun;
    while (pause !== null) {
      const next = later(lookedAt, pause);
      if (elapsed(begun, next) >= LIMITS.beat) break;
      await timers.sleep(elapsed(clock.now(), next));
      lookedAt = clock.now();
      await look(plane, looking(false));
    }
    return failures;
  }

  /** Null where the next beat will do. */
  private pauseAfter({ open, lagging }: Seen, now: Instant): Millis | null {
    this.open = open ?? this.open;
    const to = this.open === 0 && lagging.length === 0 ? null : `${this.open > 0} ${lagging.join(" ")}`;
    if (to === null) this.busy = null;
    else if (this.busy?.with !== to) this.busy = { with: to, since: now };
    if (this.busy === null) return null;
    const span = elapsed(this.busy.since, now);
    if (span >= LIMITS.busyAtMost) return null;
    return span < LIMITS.busyAtFirst ? LIMITS.beatBusy : LIMITS.beatBusyLater;
  }
}
