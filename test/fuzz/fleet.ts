// Several programs that share a mid-tier, in virtual time and through outages: what each may read, and how soon each call ends.

import type { Cache } from "../../client/cache/cache.ts";
import type { LoadContext } from "../../client/cache/job.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";
import type { Condition } from "../../client/testing/reachable.ts";
import type { Chance } from "../simulator/chance.ts";

/** Of class `hot`: what was acknowledged this long before a read began, anywhere, is known to it. */
const WINDOW = 5000;
const DEADLINE = 3000;
const KEYS = 3;

export interface FleetVerdict {
  readonly reads: number;
  readonly failed: number;
  readonly loads: number;
  /** What went wrong, in words; empty where nothing did. */
  readonly faults: readonly string[];
}

interface Change {
  readonly key: number;
  readonly version: number;
  /** The program itself: one that has taken its place has told nobody anything. */
  readonly by: Cache | undefined;
  /** `Infinity` where its caller was told that it was not: then it binds that program alone. */
  readonly acknowledgedAt: number;
}

class Fleet {
  readonly fake: FakeTidegate;
  readonly caches: Cache[];
  readonly faults: string[] = [];
  reads = 0;
  failed = 0;
  loads = 0;
  private readonly truth = Array.from({ length: KEYS }, () => 1);
  private readonly changes: Change[] = [];
  private readonly chance: Chance;
  private readonly pending: Promise<unknown>[] = [];

  constructor(chance: Chance, seed: number) {
    this.chance = chance;
    this.fake = fakeTidegate(seed);
    this.fake.shared.takes(chance.between(0, 20));
    this.fake.log.takes(chance.between(0, 20));
    this.caches = Array.from({ length: 3 }, () => this.program());
  }

  /** A program ends, and another one that knows nothing yet takes its place. */
  restart(): void {
    this.caches[this.chance.between(0, this.caches.length - 1)] = this.program();
  }

  private program(): Cache {
    const deadlines = { call: DEADLINE, load: 2000, soft: 500 };
    return this.fake.cache({ namespace: "app", class: "hot", deadlines });
  }

  read(): void {
    const by = this.chance.between(0, this.caches.length - 1);
    const key = this.chance.between(0, KEYS - 1);
    const began = this.fake.clock.elapsed;
    const cache = this.caches[by];
    const least = this.leastFor({ key, by: cache, at: began });
    // Half of the programs learn the tag from their loader, with the value.
    const options = by === 0 ? { tags: [`tag-${key}`] } : {};
    const loader = ({ tag }: LoadContext<number>): Promise<number> => {
      tag(`tag-${key}`);
      return this.load(key);
    };
    const reading = cache?.getOrFetch(`key-${key}`, loader, options).then(
      (version) => {
        this.reads += 1;
        if (version < least)
          this.faults.push(`at ${began} program ${by} read ${version} of key ${key}, and ${least} was owed`);
      },
      () => {
        this.failed += 1;
      },
    );
    this.pending.push(this.inTime(reading, began, `the read of key ${key} by ${by}`));
  }

  change(): void {
    const by = this.chance.between(0, this.caches.length - 1);
    const key = this.chance.between(0, KEYS - 1);
    const version = (this.truth[key] ?? 0) + 1;
    this.truth[key] = version;
    const cache = this.caches[by];
    const told = this.chance.hit(0.6)
      ? cache?.delete(`key-${key}`)
      : cache?.invalidate({ tags: [`tag-${key}`], mode: "hard" });
    const changed = (acknowledgedAt: number): void =>
      void this.changes.push({ key, version, by: cache, acknowledgedAt });
    this.pending.push(
      (told ?? Promise.resolve()).then(
        () => changed(this.fake.clock.elapsed),
        ({ code }: { code?: string }) => {
          if (code === "unacknowledged") changed(Infinity);
        },
      ),
    );
  }

  breakSomething(): void {
    const conditions: readonly Condition[] = ["up", "up", "up", "down", "silent", "lossy"];
    const pick = (): Condition => this.chance.pick(conditions);
    if (this.chance.hit(0.5)) this.fake.shared.condition = pick();
    else this.fake.log.condition = pick();
    if (this.chance.hit(0.1)) this.fake.shared.flush();
  }

  async end(): Promise<void> {
    this.fake.shared.condition = "up";
    this.fake.log.condition = "up";
    await this.fake.clock.advance("1m");
    for (let key = 0; key < KEYS; key++) this.read();
    await this.fake.clock.advance("1m");
    await this.fake.clock.until(Promise.all(this.pending));
  }

  /** The highest version of a key that a read may not fall behind. */
  private leastFor({ key, by, at }: Pick<Change, "key" | "by"> & { at: number }): number {
    const binding = this.changes.filter(
      (change) => change.key === key && (change.by === by || change.acknowledgedAt < at - WINDOW),
    );
    return binding.reduce((most, { version }) => Math.max(most, version), 0);
  }

  private async load(key: number): Promise<number> {
    this.loads += 1;
    const seen = this.truth[key] ?? 0;
    if (this.chance.hit(0.8)) await this.fake.clock.delay(this.chance.between(0, 900));
    if (this.chance.hit(0.05)) throw new Error("the source failed");
    return seen;
  }

  private async inTime(reading: Promise<unknown> | undefined, began: number, what: string): Promise<void> {
    await reading;
    const took = this.fake.clock.elapsed - began;
    if (took > DEADLINE + 10) this.faults.push(`${what} took ${took} ms`);
  }
}

export async function playFleet(chance: Chance, seed: number): Promise<FleetVerdict> {
  const fleet = new Fleet(chance, seed);
  for (let step = 0; step < 120; step++) {
    const drawn = chance.unit();
    if (drawn < 0.7) fleet.read();
    else if (drawn < 0.9) fleet.change();
    else if (drawn < 0.95) fleet.breakSomething();
    else if (drawn < 0.98) fleet.restart();
    await fleet.fake.clock.advance(chance.hit(0.1) ? chance.between(1000, 9000) : chance.between(0, 200));
  }
  await fleet.end();
  const { reads, failed, loads, faults } = fleet;
  return { reads, failed, loads, faults };
}
