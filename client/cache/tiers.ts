// Switches that a running program may turn: which tiers are used, and how many of their values are compared with the source.

export interface TierSwitch {
  /** Off, the tier is neither read nor written. */
  enabled: boolean;
  /** The share of this tier's hits that are loaded once more behind their reader and compared, 0 to 1. */
  shadow: number;
}

export interface Tiers {
  readonly near: TierSwitch;
  readonly shared: TierSwitch;
}

export const allTiers = (): Tiers => ({
  near: { enabled: true, shadow: 0 },
  shared: { enabled: true, shadow: 0 },
});
