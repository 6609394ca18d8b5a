// Draws a seed's faults: which kinds it has at all, how often they come, and every one of them with its arguments.

import type { Chance } from "../chance.ts";
import type { Damage, Fault, LinkGroup, StandingFault, TimedFault, Way } from "./faults.ts";

export type Profile = "quiet" | "lossy" | "harsh";

/** What faults are drawn for. */
export interface Setting {
  readonly profile: Profile;
  readonly edges: readonly string[];
  readonly shards: readonly string[];
  /** Milliseconds. */
  readonly duration: number;
}

export function drawFaults(chance: Chance, setting: Setting): Fault[] {
  const standing = standingFaults(chance.fork("standing"), setting);
  const timed = setting.profile === "harsh" ? withOneClock(timedFaults(chance, setting)) : [];
  return [...standing, ...timed.sort((a, b) => a.at - b.at)];
}

function standingFaults(chance: Chance, { profile, edges }: Setting): StandingFault[] {
  if (profile === "quiet")
    return [
      { kind: "lossy", on: "edges", requests: 0.2, replies: 0 },
      { kind: "origin", does: "dawdles", share: 0.05 },
    ];
  const harsh = profile === "harsh";
  const [lost, slow, slowest] = harsh ? [0.06, 0.3, 700] : [0.03, 0.15, 350];
  const on = (group: LinkGroup): StandingFault[] => [
    { kind: "lossy", on: group, requests: lost, replies: lost },
    { kind: "sluggish", on: group, share: slow, slowest },
  ];
  const origin = (
    [
      ["refuses", 0.02, 0.04],
      ["errs", 0.03, 0.05],
      ["breaks", 0.03, 0.05],
      ["dawdles", 0.2, 0.3],
    ] as const
  ).map(([does, little, much]): StandingFault => ({ kind: "origin", does, share: harsh ? much : little }));
  return [
    ...on("redis"),
    { kind: "lossy", on: "edges", requests: harsh ? 0.4 : 0.3, replies: lost },
    { kind: "sluggish", on: "edges", share: 0.3, slowest: 1500 },
    { kind: "repeating", on: "edges", share: 0.1 },
    { kind: "lossy", on: "peers", requests: lost, replies: lost },
    { kind: "sluggish", on: "peers", share: 0.5, slowest },
    { kind: "repeating", on: "peers", share: 0.05 },
    ...origin,
    ...edges.map((host): StandingFault => ({ kind: "skewed", host, by: chance.between(-1500, 1500) })),
    ...(harsh && chance.hit(0.3) ? [{ kind: "replica", lag: chance.between(50, 3000) } as const] : []),
  ];
}

/** A host whose monotonic clock slept keeps its wall clock: where neither shows what has passed, nobody can tell (docs/protocol.md). */
function withOneClock(faults: readonly TimedFault[]): TimedFault[] {
  const slept = new Set(
    faults.flatMap((fault) => (fault.kind === "freeze" && fault.sleeps === "monotonic" ? [fault.host] : [])),
  );
  return faults.filter((fault) => !takesFromWall(fault) || !slept.has(fault.host));
}

const takesFromWall = (fault: TimedFault): fault is TimedFault & { host: string } =>
  (fault.kind === "freeze" && fault.sleeps === "wall") || (fault.kind === "clock-step" && fault.by < 0);

/**
 * A seed has some kinds and not others, or every world would be the same average storm. Each kind has its own chance,
 * so that one coming more often leaves the others as they were.
 */
function timedFaults(chance: Chance, setting: Setting): TimedFault[] {
  const faults: TimedFault[] = [];
  for (const { name, share, mean, make } of KINDS) {
    const one = chance.fork(name);
    if (!one.hit(share) || (name.startsWith("shard") && setting.shards.length === 0)) continue;
    for (let at = one.wait(mean); at < setting.duration; at += one.wait(mean))
      faults.push(...make(one, at, setting));
  }
  return faults;
}

interface Kind {
  readonly name: string;
  /** Of the seeds. */
  readonly share: number;
  /** Milliseconds between two. */
  readonly mean: number;
  readonly make: (chance: Chance, at: number, setting: Setting) => TimedFault[];
}

const KINDS: readonly Kind[] = [
  { name: "cut", share: 0.7, mean: 2500, make: cutOff },
  {
    name: "control cut",
    share: 0.5,
    mean: 5000,
    make: (chance, at) => [cut(chance, at, { link: "control>redis", longest: 1500 })],
  },
  {
    name: "push cut",
    share: 0.3,
    mean: 3000,
    make: (chance, at, { edges }) => [
      cut(chance, at, { link: `control>${chance.pick(edges)}`, longest: 4000 }),
    ],
  },
  {
    name: "origin cut",
    share: 0.2,
    mean: 4000,
    make: (chance, at, { edges }) => [
      cut(chance, at, { link: `${chance.pick(edges)}>origin`, longest: 1500 }),
    ],
  },
  {
    name: "peer cut",
    share: 0.3,
    mean: 2000,
    make: (chance, at, { edges }) => {
      const [one = "", other = ""] = two(chance, edges);
      return [cut(chance, at, { link: `${one}>${other}`, longest: 4000 })];
    },
  },
  { name: "partition", share: 0.4, mean: 3000, make: partition },
  { name: "slow", share: 0.3, mean: 2500, make: slowPhase },
  {
    name: "origin-down",
    share: 0.5,
    mean: 4000,
    make: (chance, at) => [{ at, kind: "origin-down", for: chance.between(200, 2000) }],
  },
  {
    name: "origin-slow",
    share: 0.3,
    mean: 4000,
    make: (chance, at) => [{ at, kind: "origin-slow", for: chance.between(200, 2000) }],
  },
  {
    name: "crash",
    share: 0.5,
    mean: 2500,
    make: (chance, at, { edges }) => [
      { at, kind: "crash", host: chance.pick(edges), for: chance.between(0, 400) },
    ],
  },
  {
    name: "recycle",
    share: 0.5,
    mean: 3000,
    make: (chance, at, { edges }) => [{ at, kind: "recycle", host: chance.pick(edges) }],
  },
  {
    name: "control crash",
    share: 0.3,
    mean: 3000,
    make: (chance, at) => [{ at, kind: "crash", host: "control", for: chance.between(0, 1500) }],
  },
  { name: "freeze", share: 0.25, mean: 3000, make: freeze },
  {
    name: "clock-step",
    share: 0.2,
    mean: 3000,
    make: (chance, at, { edges }) => [
      { at, kind: "clock-step", host: chance.pick(edges), by: chance.between(-3000, 3000) },
    ],
  },
  {
    name: "damage",
    share: 0.5,
    mean: 1500,
    make: (chance, at) => [{ at, kind: "damage", what: damage(chance) }],
  },
  {
    name: "evict",
    share: 0.3,
    mean: 800,
    make: (chance, at) => [{ at, kind: "evict", pick: chance.unit() }],
  },
  { name: "log-loss", share: 0.15, mean: 4000, make: (_, at) => [{ at, kind: "log-loss" }] },
  { name: "flush", share: 0.1, mean: 6000, make: (_, at) => [{ at, kind: "flush" }] },
  {
    name: "redis-restart",
    share: 0.2,
    mean: 5000,
    make: (chance, at) => [
      { at, kind: "redis-restart", silent: chance.hit(0.5), for: chance.between(100, 2500) },
    ],
  },
  {
    name: "failover",
    share: 0.12,
    mean: 5000,
    make: (chance, at) => [{ at, kind: "failover", lag: chance.between(1, 1500) }],
  },
  {
    name: "full",
    share: 0.2,
    mean: 3000,
    make: (chance, at) => [{ at, kind: "full", for: chance.between(100, 3000) }],
  },
  {
    name: "shard cut",
    share: 0.6,
    mean: 2500,
    make: (chance, at, { edges, shards }) => [
      cut(chance, at, {
        link: `${chance.pick([...edges, "control"])}>${chance.pick(shards)}`,
        longest: 2500,
      }),
    ],
  },
  {
    name: "shard-restart",
    share: 0.6,
    mean: 2500,
    make: (chance, at, { shards }) => [
      {
        ...{ at, kind: "shard-restart", shard: chance.pick(shards) },
        ...{ silent: chance.hit(0.5), for: chance.between(100, 3000) },
      },
    ],
  },
  {
    name: "shard-flush",
    share: 0.5,
    mean: 2500,
    make: (chance, at, { shards }) => [{ at, kind: "shard-flush", shard: chance.pick(shards) }],
  },
  {
    name: "shard full",
    share: 0.3,
    mean: 3000,
    make: (chance, at, { shards }) => [
      { at, kind: "shard-full", shard: chance.pick(shards), for: chance.between(100, 3000) },
    ],
  },
];

/** Redis and the control plane are cut off from all edges but one, or from all of them, for seconds. */
function partition(chance: Chance, at: number, { edges }: Setting): TimedFault[] {
  const spared = chance.hit(0.7) ? chance.pick(edges) : null;
  const span = chance.between(1000, 5000);
  const silent = chance.hit(0.5);
  return edges.flatMap((edge) =>
    edge === spared
      ? []
      : [`${edge}>redis`, `control>${edge}`].map((link) => {
          return { at, kind: "cut", link, way: "both", silent, for: span } as const;
        }),
  );
}

const two = (chance: Chance, edges: readonly string[]): string[] => {
  const one = chance.pick(edges);
  return [one, chance.pick(edges.filter((edge) => edge !== one))];
};

function slowPhase(chance: Chance, at: number, { edges }: Setting): TimedFault[] {
  const edge = chance.pick(edges);
  const [one, other] = two(chance, edges);
  const link = chance.pick([
    `${edge}>redis`,
    `${edge}>redis`,
    `${edge}>origin`,
    `control>${edge}`,
    `${one}>${other}`,
  ]);
  return [{ at, kind: "slow", link, by: chance.between(20, 400), for: chance.between(300, 3000) }];
}

function freeze(chance: Chance, at: number, { edges }: Setting): TimedFault[] {
  const sleeps = chance.pick(["wall", "monotonic", "neither"] as const);
  return [
    { at, kind: "freeze", host: chance.pick([...edges, "control"]), for: chance.between(50, 4000), sleeps },
  ];
}

/** One edge or all of them lose Redis. */
function cutOff(chance: Chance, at: number, { edges }: Setting): TimedFault[] {
  const all = chance.hit(0.2);
  const one = chance.pick(edges);
  const drawn = cut(chance, at, { link: "", longest: 3000 });
  return edges.filter((edge) => all || edge === one).map((edge) => ({ ...drawn, link: `${edge}>redis` }));
}

function cut(
  chance: Chance,
  at: number,
  of: { link: string; longest: number },
): TimedFault & { kind: "cut" } {
  const way = chance.pick<Way>(["both", "both", "requests", "replies"]);
  const silent = way !== "both" || chance.hit(0.5);
  return { at, kind: "cut", link: of.link, way, silent, for: chance.between(200, of.longest) };
}

function damage(chance: Chance): Damage {
  const pick = chance.unit();
  if (chance.hit(0.15)) return { pick, how: { kind: "replaced", key: chance.hit(0.5) ? "answer" : "lease" } };
  const name = chance.pick(["id", "ve", "vs", "at", "m", "b", "d", "b", "m"]);
  return { pick, how: { kind: "field", name, place: chance.unit() } };
}
