// For tests of tokens: a clock that the test moves, and requests in a token's name.
import { instant } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import type { Answer, TestPlane } from "./control-harness.ts";

/** Stands still between two calls of `pass`. */
export function handClock(): { readonly clock: Clock; pass(ms: number): void } {
  let now = 0;
  const began = Date.now();
  return {
    clock: {
      now: () => instant(now),
      surely: () => instant(now),
      backwardSteps: () => 0,
      wall: () => began + now,
    },
    pass(ms) {
      now += ms;
    },
  };
}

export interface Breakable {
  readonly redis: Redis;
  away: boolean;
  calls: number;
}

/** Goes by another Redis, which may be away. */
export function breakable(redis: Redis): Breakable {
  const state: Breakable = {
    away: false,
    calls: 0,
    redis: {
      run(commands, deadline) {
        state.calls += 1;
        return state.away
          ? Promise.resolve({ kind: "unavailable", reason: "timeout" } as const)
          : redis.run(commands, deadline);
      },
    },
  };
  return state;
}

export type As = (
  path: string,
  more?: { method?: string; body?: unknown; headers?: Record<string, string> },
) => Promise<Answer>;

/** Asks with that token; a body makes it a POST. */
export const as =
  (plane: TestPlane, token: string): As =>
  (path, { method, body, headers = {} } = {}) =>
    plane.ask(path, {
      ...(method === undefined ? {} : { method }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    });

export async function createToken(
  plane: TestPlane,
  body: object,
): Promise<{ id: string; as: As; token: string }> {
  const { status, json, text } = await plane.call("/tokens", body);
  if (status !== 201) throw new Error(text);
  return { id: json.id, token: json.token, as: as(plane, json.token) };
}
