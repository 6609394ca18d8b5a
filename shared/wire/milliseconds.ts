// A span of time in a body: whole milliseconds, and both bounds named where it is beyond one of them.

import * as z from "zod";

export function milliseconds(least: number, most: number): z.ZodInt {
  const words = `must be from ${least} to ${most} milliseconds`;
  return z.int().min(least, words).max(most, words);
}
