// What the origin of a simulated world serves, and by which policies.

import type { Chance } from "../chance.ts";

export interface Resource {
  /** Path and query. */
  readonly path: string;
  readonly varies: boolean;
  readonly sharing: "always" | "sometimes" | "never";
  readonly validators: "exact" | "careless" | "none";
  readonly tags: readonly string[];
  /** Has one more tag, which changes with every version. */
  readonly movingTag: boolean;
  /** Sends `Date`. */
  readonly dated: boolean;
  /** Seconds. */
  readonly maxAge: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  /** Takes writes of which the answer is the new content. */
  readonly echoes: boolean;
  /** Answers ranges, of content that names its origin in each of its cells. */
  readonly parted: boolean;
  readonly governedBy: PolicyPlan;
}

export interface PolicyPlan {
  readonly id: string;
  readonly pattern: string;
  readonly class: "hot" | "standard" | "session";
  /** Milliseconds. */
  readonly window: number;
  readonly fence: "revalidate" | "serve-stale" | "refuse";
}

export function policiesOf(chance: Chance): PolicyPlan[] {
  const window = (): number => chance.pick([200, 400, 800, 1500]);
  const row = (id: string, more: Omit<PolicyPlan, "id" | "pattern">): PolicyPlan => ({
    id,
    pattern: `/${id}/*`,
    ...more,
  });
  return [
    row("hot", { class: "hot", window: window(), fence: "revalidate" }),
    row("standard", { class: "standard", window: window(), fence: "revalidate" }),
    row("zero", { class: "hot", window: 0, fence: "revalidate" }),
    row("session", { class: "session", window: 0, fence: "revalidate" }),
    row("fenced", { class: "hot", window: window(), fence: "serve-stale" }),
    row("refused", { class: "standard", window: window(), fence: "refuse" }),
  ];
}

/** The most asked for first. */
export function resourcesOf(chance: Chance, policies: readonly PolicyPlan[]): Resource[] {
  const under = (id: string): PolicyPlan => {
    const policy = policies.find((one) => one.id === id);
    if (policy === undefined) throw new Error(`no such policy: ${id}`);
    return policy;
  };
  const resource = (path: string, more: Partial<Resource> = {}): Resource => ({
    path,
    varies: false,
    sharing: "always",
    validators: chance.pick(["exact", "exact", "careless", "none"] as const),
    tags: [`tag${chance.between(0, 2)}`],
    movingTag: chance.hit(0.3),
    dated: chance.hit(0.3),
    maxAge: chance.pick([1, 3, 3, 60, 60]),
    staleWhileRevalidate: chance.pick([0, 2, 20, 20]),
    staleIfError: chance.pick([0, 3, 20]),
    echoes: false,
    parted: false,
    governedBy: under(path.split("/")[1] ?? ""),
    ...more,
  });
  const all = [
    resource("/hot/a"),
    resource("/hot/careless", { validators: "careless", maxAge: chance.pick([1, 60]) }),
    resource("/standard/deep/a"),
    resource("/standard/deep/a?q=1&p=2"),
    resource("/standard/languages", { varies: true }),
    resource("/standard/odd", { sharing: "sometimes" }),
    resource("/zero/a"),
    resource("/session/a"),
    resource("/fenced/a"),
    resource("/refused/a"),
    resource("/standard/parted", {
      parted: true,
      validators: chance.pick(["exact", "careless"]),
      maxAge: 60,
    }),
    resource("/hot/echo", { echoes: true, maxAge: 60 }),
    resource("/standard/echo", { echoes: true, maxAge: 60 }),
    resource("/standard/private", { sharing: "never" }),
  ];
  return (
    all
      // Parts take several requests to show anything: they are among the most asked for.
      .map((one) => ({ one, rank: chance.unit() * (one.parted ? 0.1 : 1) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ one }) => one)
  );
}
