// A warm-up's progress as it happens: its server-sent events, and looks at the job itself where no stream gets through.

import { ask } from "./ask.ts";
import type { Warmup } from "./schemas.ts";
import type { CallOptions, Connection } from "./send.ts";
import { isPassing, pauseBetween, streamed } from "./stream.ts";

/** Every change of it, the first state at once; ends when the job has ended. Leaving the loop leaves the job running. */
export async function* warmupEvents(
  connection: Connection,
  id: string,
  options: Pick<CallOptions, "signal"> = {},
): AsyncGenerator<Warmup> {
  let told = "";
  const isNews = (shown: Warmup): boolean => {
    const before = told;
    told = JSON.stringify(shown);
    return told !== before;
  };
  for (;;) {
    try {
      const path = `/warmups/${encodeURIComponent(id)}/events`;
      for await (const { data } of streamed(connection, path, options)) {
        const shown = data as Warmup;
        if (isNews(shown)) yield shown;
        if (shown.finishedAt !== null) return;
      }
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    await pauseBetween(connection, options);
    const { json: shown } = await ask(connection, "GET /warmups/{id}", { id, options });
    if (isNews(shown)) yield shown;
    if (shown.finishedAt !== null) return;
  }
}
