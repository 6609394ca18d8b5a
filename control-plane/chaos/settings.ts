// What the environment says of chaos: where the agent is that breaks things, where one may.

import { readUrl } from "../configuration/url-variable.ts";

export interface ChaosEnvironment {
  /** The URL of the agent that breaks things on purpose; without it nobody does. */
  readonly CHAOS_AGENT?: string;
}

/** Null where nothing may be broken. */
export function readChaosAgent(env: ChaosEnvironment, faults: string[]): string | null {
  const url = readUrl(env, "CHAOS_AGENT", faults);
  return url === "" ? null : url.replace(/\/+$/, "");
}
