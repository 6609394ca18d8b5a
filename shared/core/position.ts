// Positions in the invalidation log: the order on which every claim about staleness rests.

/** A place in the log. `seq` 0 is the beginning of an epoch, before its first entry. */
export interface Position {
  /** Milliseconds of Redis TIME at which the epoch began, or one more than the highest epoch known. */
  readonly epoch: number;
  readonly seq: number;
}

/** -1, 0 or 1: epochs first, then sequence numbers. */
export function comparePositions(a: Position, b: Position): -1 | 0 | 1 {
  if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1;
  if (a.seq !== b.seq) return a.seq < b.seq ? -1 : 1;
  return 0;
}

export const leastPosition = (a: Position, b: Position): Position => (comparePositions(a, b) <= 0 ? a : b);
export const greatestPosition = (a: Position, b: Position): Position => (comparePositions(a, b) >= 0 ? a : b);

/** `"<epoch>-<seq>"`, the form of every position on the wire. */
export const formatPosition = (position: Position): string => `${position.epoch}-${position.seq}`;

const POSITION = /^(\d{1,16})-(\d{1,15})$/;

/** The position a text names, or null if it names none. */
export function parsePosition(text: string): Position | null {
  const match = POSITION.exec(text);
  if (match === null) return null;
  const epoch = Number(match[1]);
  return Number.isSafeInteger(epoch) ? { epoch, seq: Number(match[2]) } : null;
}
