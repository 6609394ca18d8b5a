// Workloads as data: what is asked for, how often, and what is written; the same requests for the same seed.

import { mixUnit } from "../../shared/core/mix.ts";
import { zipfRanks } from "../outside/pick.ts";
import type { PartName } from "./site.ts";

export type Workload =
  /** Keys by popularity: the rank r, from 1, in proportion to 1 / r^s. */
  | { readonly kind: "zipf"; readonly part: PartName; readonly keys: number; readonly s: number }
  /** As before, but whoever is popular changes: every so often the ranks begin so many keys further on. */
  | {
      readonly kind: "moving";
      readonly part: PartName;
      readonly keys: number;
      readonly s: number;
      readonly everyMs: number;
      readonly by: number;
    }
  /** One key after the other, and from the first again. */
  | { readonly kind: "scan"; readonly part: PartName; readonly keys: number }
  /** For a while everybody comes for one key, in so many times the number beside what comes anyway. */
  | {
      readonly kind: "crowd";
      readonly of: Workload;
      readonly fromMs: number;
      readonly forMs: number;
      readonly times: number;
    }
  /** So many viewers, each in turn: some read their session, the others write where they are. */
  | { readonly kind: "heartbeats"; readonly sessions: number; readonly reads: number }
  /** A share of what another one asks for is written instead. */
  | { readonly kind: "writes"; readonly of: Workload; readonly share: number }
  /** What was asked for once, in its order, and from the first again; sizes where they are known. */
  | { readonly kind: "replay"; readonly accesses: readonly ReplayedAccess[] }
  | {
      readonly kind: "mix";
      readonly parts: readonly { readonly share: number; readonly of: Workload }[];
    };

export interface ReplayedAccess {
  readonly key: string;
  readonly size: number | null;
}

export interface Wanted {
  readonly path: string;
  readonly write: boolean;
}

/** What the request of this number, due so long after the beginning, is for. */
export type Ask = (number: number, afterMs: number) => Wanted;

export function askOf(workload: Workload, seed: number): Ask {
  switch (workload.kind) {
    case "zipf": {
      const rankOf = zipfRanks({ count: workload.keys, s: workload.s, seed });
      return (number) => read(`/${workload.part}/${rankOf(number)}`);
    }
    case "moving":
      return moving(workload, seed);
    case "scan":
      return (number) => read(`/${workload.part}/scan-${number % workload.keys}`);
    case "crowd":
      return crowd(workload, seed);
    case "heartbeats":
      return heartbeats(workload, seed);
    case "writes": {
      const of = askOf(workload.of, seed);
      const share = unitOf(seed, "writes");
      return (number, afterMs) => ({ ...of(number, afterMs), write: share(number) < workload.share });
    }
    case "replay":
      return replay(workload.accesses);
    case "mix":
      return mixed(workload.parts, seed);
  }
}

/** How many times its ordinary rate a workload is asked for at an instant. */
export function rateFactor(workload: Workload, afterMs: number): number {
  if (workload.kind !== "crowd") return 1;
  const of = rateFactor(workload.of, afterMs);
  return isOn(workload, afterMs) ? of + workload.times : of;
}

/** The most that it ever is. */
export const mostFactor = (workload: Workload): number =>
  workload.kind === "crowd" ? mostFactor(workload.of) + workload.times : 1;

/** What comes anyway: a crowd that was there before it counts would find nothing cold. */
export const usualOf = (workload: Workload): Workload => (workload.kind === "crowd" ? workload.of : workload);

export const partsOf = (workload: Workload): ReadonlySet<PartName> => {
  switch (workload.kind) {
    case "heartbeats":
      return new Set(["session"]);
    case "replay":
      return new Set(["replay"]);
    case "writes":
      return partsOf(workload.of);
    case "crowd":
      return new Set([...partsOf(workload.of), CROWD_PART]);
    case "mix":
      return new Set(workload.parts.flatMap(({ of }) => [...partsOf(of)]));
    default:
      return new Set([workload.part]);
  }
};

const CROWD_PART = "hot";
export const CROWD_PATH = `/${CROWD_PART}/crowd`;

const read = (path: string): Wanted => ({ path, write: false });

/** Independent of what else is drawn for the same number. */
const unitOf =
  (seed: number, purpose: string) =>
  (number: number): number =>
    mixUnit(`${purpose} ${number}`, seed);

function moving(workload: Extract<Workload, { kind: "moving" }>, seed: number): Ask {
  const { part, keys, s, everyMs, by } = workload;
  const rankOf = zipfRanks({ count: keys, s, seed });
  return (number, afterMs) => {
    const start = Math.floor(afterMs / everyMs) * by;
    return read(`/${part}/${(start + rankOf(number)) % keys}`);
  };
}

const isOn = (
  { fromMs, forMs }: { readonly fromMs: number; readonly forMs: number },
  afterMs: number,
): boolean => afterMs >= fromMs && afterMs < fromMs + forMs;

function crowd(workload: Extract<Workload, { kind: "crowd" }>, seed: number): Ask {
  const of = askOf(workload.of, seed);
  const drawn = unitOf(seed, "crowd");
  return (number, afterMs) => {
    const usual = rateFactor(workload.of, afterMs);
    const comes = isOn(workload, afterMs) && drawn(number) * (usual + workload.times) >= usual;
    return comes ? read(CROWD_PATH) : of(number, afterMs);
  };
}

function heartbeats({ sessions, reads }: Extract<Workload, { kind: "heartbeats" }>, seed: number): Ask {
  const drawn = unitOf(seed, "heartbeats");
  // Nobody reads what was never written.
  return (number) => ({
    path: `/session/${number % sessions}`,
    write: number < sessions || drawn(number) >= reads,
  });
}

/** Above what the runtimes of this machine could take at a rate worth asking for. */
const MOST_OCTETS = 4 * 1024 * 1024;

function replay(accesses: readonly ReplayedAccess[]): Ask {
  if (accesses.length === 0) throw new RangeError("nothing to replay");
  return (number) => {
    const { key, size } = accesses[number % accesses.length] as ReplayedAccess;
    // The size is in the path, so that nobody has to look it up: a key that comes with two sizes is two.
    return read(`/replay/${Math.min(MOST_OCTETS, size ?? 0)}/${encodeURIComponent(key)}`);
  };
}

function mixed(parts: Extract<Workload, { kind: "mix" }>["parts"], seed: number): Ask {
  const upTo: number[] = [];
  for (const { share } of parts) upTo.push((upTo.at(-1) ?? 0) + share);
  const asks = parts.map(({ of }, at) => askOf(of, seed + at + 1));
  const whole = upTo.at(-1) ?? 0;
  const drawn = unitOf(seed, "mix");
  // Each part counts its own requests, so that a scan in a mix leaves out no key.
  const numbers = parts.map(() => 0);
  return (number, afterMs) => {
    const wanted = drawn(number) * whole;
    const at = Math.max(
      0,
      upTo.findIndex((sum) => wanted < sum),
    );
    const own = numbers[at] ?? 0;
    numbers[at] = own + 1;
    const ask = asks[at];
    if (ask === undefined) throw new RangeError("a mix of nothing");
    return ask(own, afterMs);
  };
}
