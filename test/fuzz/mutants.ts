// One fault each in the library's source, which schedules have to notice.

import type { Fragment } from "../simulator/mutants.ts";

export interface ClientMutant extends Fragment {
  readonly by: "schedules" | "fleets";
  /** Where a search may begin to save time. */
  readonly from: number;
}

export const MUTANTS: Readonly<Record<string, ClientMutant>> = {
  "an-acknowledgement-teaches-nothing": {
    by: "schedules",
    from: 0,
    file: "client/cache/invalidate.ts",
    find: "  if (entry !== null) core.view.receive([...preceding, entry], core.background);\n",
    put: "",
  },
  "as-of-after-the-load": {
    by: "schedules",
    from: 0,
    file: "client/cache/flight.ts",
    find: "    asOf: right.asOf,\n    verifiedTo: right.asOf,",
    put: "    asOf: core.view.asOf() ?? right.asOf,\n    verifiedTo: core.view.asOf() ?? right.asOf,",
  },
  "near-without-window": {
    by: "fleets",
    from: 0,
    file: "client/cache/read.ts",
    find: "near === undefined || knownAge(view, arrivedAt) > rules.window",
    put: "near === undefined",
  },
  "near-without-view": {
    by: "schedules",
    from: 0,
    file: "client/cache/read.ts",
    find: "  if (near.currentAt !== view.generation) {",
    put: "  if (near.currentAt < 0) {",
  },
  "followers-unchecked": {
    by: "fleets",
    from: 140,
    file: "client/cache/read.ts",
    find: '  if (usable(verdict) === null && !(waited && known)) return "again";',
    put: "",
  },
  "stands-in-beyond-the-window": {
    by: "fleets",
    from: 320,
    file: "client/cache/held.ts",
    find: "  return usable(verdict) !== null || (",
    put: '  if (verdict.freshness.kind === "stale-while-revalidate") return true;\n  return usable(verdict) !== null || (',
  },
  "what-is-below-the-floor-passes": {
    by: "fleets",
    from: 0,
    file: "client/cache/acquire.ts",
    find: "  const outcome = await core.log.check(held.selectors, held.verifiedTo);",
    put: '  const outcome = { kind: "ok", position: askedFrom } as const;',
  },
  "deadlines-unkept": {
    by: "fleets",
    from: 0,
    file: "client/cache/call.ts",
    find: "core.callTimers.after(deadline, () => this.end())",
    put: "core.callTimers.after((deadline * 4) as Millis, () => this.end())",
  },
  "what-was-deleted-untold-is-found-again": {
    by: "fleets",
    from: 0,
    file: "client/cache/acquire.ts",
    find: "core.untold.hitsBorn(held.bornAt, held.selectors)",
    put: "false",
  },
  "what-was-deleted-untold-is-kept-again": {
    by: "fleets",
    from: 40,
    file: "client/cache/flight.ts",
    find: " || core.untold.hitsSince(drops, held.selectors)) return;",
    put: ") return;",
  },
  "what-was-deleted-untold-is-delivered": {
    by: "fleets",
    from: 400,
    file: "client/cache/read.ts",
    find: '  if (core.untold.hitsSince(flight.drops, selectorsIn(outcome))) return "again";\n',
    put: "",
  },
};
