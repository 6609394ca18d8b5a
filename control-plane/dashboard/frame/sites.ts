// The sites that somebody may choose from.

import type { Ask } from "./inside.ts";

/** Empty where they can't be told. */
export async function siteNames(ask: Ask): Promise<readonly string[]> {
  const asked = await ask("GET /sites");
  return asked.kind === "known" ? asked.value.items.map(({ site }) => site.name) : [];
}
