// Random schedules of readers, loaders and deletes in one process, and the rule that no read may break.
//
// A source has one number, which only grows. A loader reads it when it is called and gives it when the schedule says so.
// Whoever has changed it deletes the key, and waits until that is acknowledged. A read that begins later and gives a lower
// number has given a deleted value.

/** A cache of one process, as a schedule drives it. */
export interface Subject {
  read(key: string, loader: () => Promise<number>): Promise<number>;
  delete(key: string): Promise<unknown>;
  /** By a name that the values of both keys have, where the cache knows such. */
  deleteTagged?(): Promise<unknown>;
  /** Lets all that can happen happen. */
  settle(): Promise<void>;
}

export type Step =
  | { readonly kind: "read"; readonly key: number }
  /** The oldest load that is still under way ends; `newest` the youngest. */
  | { readonly kind: "answer"; readonly which: "oldest" | "newest" }
  | { readonly kind: "fail" }
  | { readonly kind: "change"; readonly key: number; readonly by: "key" | "tag" };

export interface Verdict {
  /** Reads that gave what had been deleted before they began. */
  readonly stale: number;
  readonly reads: number;
}

/** Uniform in [0, 1). */
export type Chance = () => number;

const KEYS = 2;

export function randomSchedule(chance: Chance, length: number): Step[] {
  return Array.from({ length }, () => {
    const drawn = chance();
    const key = chance() < 0.8 ? 0 : 1;
    if (drawn < 0.4) return { kind: "read", key };
    if (drawn < 0.72) return { kind: "answer", which: chance() < 0.6 ? "oldest" : "newest" };
    if (drawn < 0.76) return { kind: "fail" };
    return { kind: "change", key, by: chance() < 0.75 ? "key" : "tag" };
  });
}

interface Load {
  readonly seen: number;
  readonly ended: PromiseWithResolvers<number>;
}

export async function play(subject: Subject, steps: readonly Step[]): Promise<Verdict> {
  const truth = Array.from({ length: KEYS }, () => 1);
  /** What a read that begins now may give at the least. */
  const owed = Array.from({ length: KEYS }, () => 1);
  const loads: Load[] = [];
  const pending: Promise<unknown>[] = [];
  let [stale, reads] = [0, 0];
  const read = (key: number): void => {
    const least = owed[key] ?? 0;
    const loader = (): Promise<number> => {
      const load = { seen: truth[key] ?? 0, ended: Promise.withResolvers<number>() };
      loads.push(load);
      return load.ended.promise;
    };
    const reading = subject.read(`key-${key}`, loader).then(
      (value) => {
        reads += 1;
        if (value < least) stale += 1;
      },
      () => undefined,
    );
    pending.push(reading);
  };
  const change = async (key: number, by: "key" | "tag"): Promise<void> => {
    const tagged = by === "tag" && subject.deleteTagged !== undefined;
    const keys = tagged ? [0, 1] : [key];
    for (const one of keys) truth[one] = (truth[one] ?? 0) + 1;
    const now = truth.slice();
    const acknowledged = tagged ? subject.deleteTagged?.() : subject.delete(`key-${key}`);
    await acknowledged?.then(() => {
      for (const one of keys) owed[one] = now[one] ?? 0;
    });
  };
  const end = (which: "oldest" | "newest", well: boolean): void => {
    const load = which === "oldest" ? loads.shift() : loads.pop();
    if (well) load?.ended.resolve(load.seen);
    else load?.ended.reject(new Error("the source failed"));
  };
  const run = async (step: Step): Promise<void> => {
    if (step.kind === "read") read(step.key);
    else if (step.kind === "answer") end(step.which, true);
    else if (step.kind === "fail") end("oldest", false);
    else await change(step.key, step.by);
    await subject.settle();
  };
  for (const step of steps) await run(step);
  // What was put back late is seen by whoever comes last.
  while (loads.length > 0) await run({ kind: "answer", which: "oldest" });
  for (let key = 0; key < KEYS; key++) {
    await run({ kind: "read", key });
    while (loads.length > 0) await run({ kind: "answer", which: "oldest" });
  }
  await Promise.race([Promise.all(pending), subject.settle()]);
  return { stale, reads };
}
