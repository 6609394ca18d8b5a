// A worker whose requests read together, each as the edge's do: in a task that outlives its client.

import { seconds } from "../../shared/core/units.ts";
import { gatheredRedis } from "../../shared/mid-tier/gathered.ts";
import { systemClock, systemTimers } from "../../shared/runtime/system.ts";

interface Env {
  readonly ORIGIN: { fetch(url: string): Promise<Response> };
}

/** Who asks, sends, and joins twice. */
const CALLERS = 4;
let asking: Env["ORIGIN"] | null = null;
let come = 0;
let turn: PromiseWithResolvers<void> | null = null;
const reads = gatheredRedis(
  {
    async run(commands) {
      const texts = commands.map(([text]) => String(text));
      const answer = await asking?.fetch(`http://origin/${texts.join()}`);
      const told = (await answer?.text()) ?? "";
      return { kind: "replies", replies: texts.map((text) => ({ kind: "reply", reply: `${told} ${text}` })) };
    },
  },
  {
    clock: systemClock(),
    timers: {
      ...systemTimers,
      // A turn in which all come that are to be together.
      sleep() {
        turn = Promise.withResolvers<void>();
        // Without anything under way of its own, the runtime would think that it hangs.
        const cancel = systemTimers.after(seconds(10), () => undefined);
        return turn.promise.then(cancel);
      },
    },
    ...{ most: 8, characters: 1000, turnAtMost: seconds(5) },
  },
);

export default {
  async fetch(
    request: Request,
    env: Env,
    context: { waitUntil(task: Promise<unknown>): void },
  ): Promise<Response> {
    asking = env.ORIGIN;
    const name = new URL(request.url).pathname.slice(1);
    if (name === "come") return new Response(String(come));
    const call = reads.run([[name]], seconds(10));
    context.waitUntil(call);
    come += 1;
    if (come === CALLERS) turn?.resolve();
    const outcome = await call;
    if (outcome.kind === "unavailable") return new Response(outcome.reason, { status: 503 });
    const [reply] = outcome.replies;
    return new Response(reply?.kind === "reply" ? String(reply.reply) : "no reply");
  },
};
