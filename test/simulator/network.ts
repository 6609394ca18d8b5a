// Links between places: how long messages take, which are lost or come twice, and when nothing gets through at all.

import type { Chance } from "./chance.ts";
import type { LinkGroup, Way } from "./plan/faults.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Shares of messages, while nothing has healed. */
export interface Quality {
  lostRequests: number;
  lostReplies: number;
  /** Taking hundreds of milliseconds rather than a few. */
  slow: number;
  slowest: number;
  /** Arriving twice. */
  repeated: number;
}

export const PERFECT: Readonly<Quality> = {
  lostRequests: 0,
  lostReplies: 0,
  slow: 0,
  slowest: 0,
  repeated: 0,
};

/** A request and its reply, from the one end; the other end is what `arrive` makes of it. */
export interface Message<T> {
  /** At the other end; the reply may come at once, later or never. */
  arrive(reply: (value: T) => void): void;
  answered(value: T): void;
  /** Nobody is there to take it, or the way is shut: the sender is told. */
  refused(): void;
}

interface Cut {
  readonly until: number;
  readonly way: Way;
  readonly silent: boolean;
}

/** A message's own luck, drawn whole, so that one fault less changes no other's draws. */
interface Luck {
  readonly request: number;
  readonly reply: number;
  readonly repeat: number;
  readonly there: readonly [number, number];
  readonly back: readonly [number, number];
}

export class Link {
  readonly name: string;
  private readonly quality: Readonly<Quality>;
  private readonly time: VirtualTime;
  private readonly chance: Chance;
  private cuts: Cut[] = [];
  private slowed: { until: number; by: number }[] = [];

  constructor(name: string, quality: Readonly<Quality>, world: { time: VirtualTime; chance: Chance }) {
    this.name = name;
    this.quality = quality;
    this.time = world.time;
    this.chance = world.chance.fork(`link ${name}`);
  }

  cut(fault: { readonly way: Way; readonly silent: boolean; readonly for: number }): void {
    this.cuts.push({ ...fault, until: this.time.now + fault.for });
  }

  slow(fault: { readonly by: number; readonly for: number }): void {
    this.slowed.push({ by: fault.by, until: this.time.now + fault.for });
  }

  heal(): void {
    this.cuts = [];
    this.slowed = [];
  }

  /** Whether what is said at the far end would not arrive here. */
  get isMute(): boolean {
    return this.cutOff("replies") !== null;
  }

  carry<T>(message: Message<T>): void {
    const luck = this.luck();
    const cut = this.cutOff("requests");
    if (cut !== null && !cut.silent) return void this.time.after(1, () => message.refused());
    if (cut !== null || luck.request < this.quality.lostRequests) return;
    this.time.after(this.transit(luck.there), () => {
      message.arrive((value) => {
        if (this.isMute || luck.reply < this.quality.lostReplies) return;
        this.time.after(this.transit(luck.back), () => message.answered(value));
      });
    });
    // The second one finds nobody who waits for its reply.
    if (luck.repeat < this.quality.repeated)
      this.time.after(this.transit(luck.back), () => message.arrive(() => undefined));
  }

  private luck(): Luck {
    const unit = (): number => this.chance.unit();
    return {
      request: unit(),
      reply: unit(),
      repeat: unit(),
      there: [unit(), unit()],
      back: [unit(), unit()],
    };
  }

  private cutOff(way: "requests" | "replies"): Cut | null {
    if (this.cuts.length === 0) return null;
    this.cuts = this.cuts.filter(({ until }) => until > this.time.now);
    return this.cuts.find((cut) => cut.way === "both" || cut.way === way) ?? null;
  }

  /** One way. */
  private transit([kind, place]: readonly [number, number]): number {
    const { slow, slowest } = this.quality;
    const [least, most] = kind < slow ? [20, slowest] : [1, 4];
    const more = this.slowed.reduce((sum, { until, by }) => sum + (until > this.time.now ? by : 0), 0);
    return least + Math.floor(place * (most - least + 1)) + more;
  }
}

export class Network {
  private readonly links = new Map<string, Link>();
  private readonly qualities = new Map<LinkGroup, Quality>();
  private readonly world: { time: VirtualTime; chance: Chance };

  constructor(world: { time: VirtualTime; chance: Chance }) {
    this.world = world;
  }

  quality(group: LinkGroup): Quality {
    const quality = this.qualities.get(group) ?? { ...PERFECT };
    this.qualities.set(group, quality);
    return quality;
  }

  /** `from>to`. */
  link(name: string): Link {
    let link = this.links.get(name);
    if (link === undefined) {
      link = new Link(name, this.quality(groupOf(name)), this.world);
      this.links.set(name, link);
    }
    return link;
  }

  heal(): void {
    for (const quality of this.qualities.values()) Object.assign(quality, PERFECT);
    for (const link of this.links.values()) link.heal();
  }
}

function groupOf(name: string): LinkGroup {
  const [from = "", to = ""] = name.split(">");
  if (to === "redis" || to === "origin") return to;
  if (to.startsWith("shard-")) return "redis";
  return from === "control" ? "edges" : "peers";
}
