// One Redis database over a request-and-reply transport.

import type { Millis } from "../core/units.ts";

export type RedisArgument = string | number;

export type RedisReply = string | number | null | readonly RedisReply[];

/** A reply per command; a command that failed says how, without taking the others with it. */
export type CommandReply =
  | { readonly kind: "reply"; readonly reply: RedisReply }
  | { readonly kind: "error"; readonly message: string };

/** "unavailable" is never "absent": whether the commands ran is unknown, unless they are said to be `undone`. */
export type RedisOutcome =
  | { readonly kind: "replies"; readonly replies: readonly CommandReply[] }
  | { readonly kind: "unavailable"; readonly reason: string; readonly undone?: true };

/** Never rejects. Commands of one call travel in one HTTP request and run in order. */
export interface Redis {
  run(commands: readonly (readonly RedisArgument[])[], deadline: Millis): Promise<RedisOutcome>;
}
