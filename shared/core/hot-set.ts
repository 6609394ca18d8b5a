// Which keys are hot: a share of the traffic lets them in, half of it keeps them in.

export interface Warmth {
  readonly id: string;
  /** Of all requests, 0 to 1. */
  readonly share: number;
  /** Requests that this rests on. */
  readonly score: number;
}

export interface HotSetLimits {
  /** The share from which on a key is hot; it stays so above half of it. */
  readonly share: number;
  /** Requests without which a share says nothing. */
  readonly least: number;
  /** Keys at most. */
  readonly most: number;
}

/** `ranking` comes hottest first. What wavers about the share neither comes nor goes, since every change is work. */
export function nextHotSet<Key extends Warmth>(
  before: ReadonlySet<string>,
  ranking: readonly Key[],
  { share, least, most }: HotSetLimits,
): Key[] {
  const entersAt = (key: Key): boolean => key.share >= share && key.score >= least;
  const stays = (key: Key): boolean => before.has(key.id) && key.share >= share / 2;
  return ranking.filter((key) => entersAt(key) || stays(key)).slice(0, most);
}
