// An alert as people see it.

export type Severity = "page" | "ticket";
export type Unit = "ratio" | "seconds" | "per-minute" | "count";

/** The class, site, shard or edge that it is of. */
export type Labels = Readonly<Record<string, string>>;

export interface ShownAlert {
  readonly id: string;
  readonly rule: string;
  readonly title: string;
  readonly severity: Severity;
  readonly state: "pending" | "firing" | "resolved";
  /** When that state began. */
  readonly since: string;
  readonly value: number | null;
  readonly threshold: number;
  readonly unit: Unit;
  readonly summary: string;
  readonly labels: Labels;
  readonly runbook: string;
  /** Whether the last evaluation could tell anything of it. */
  readonly measured: boolean;
  readonly acknowledged: { readonly by: string; readonly at: string; readonly note: string | null } | null;
}
